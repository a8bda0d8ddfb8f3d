#pragma once
// LibTorch's wheel exports gloo's symbols and leaves out its headers, which `ProcessGroupGloo.hpp` includes. The files
// in this folder declare what that header names, and no more. They must match gloo (as PyTorch 2.11 builds it) in this:
// the names, that the classes are classes of these namespaces, and the signatures of the functions that are declared.
// Their sizes and tables of virtual functions differ from gloo's. So no code of ours makes, derives from, or calls one
// of them: objects of gloo are made by LibTorch, and go back to it behind shared pointers.
