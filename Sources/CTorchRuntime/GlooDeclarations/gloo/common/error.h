#pragma once
// See algorithm.h. Nothing of this header is named; gloo's exceptions are caught as `std::exception`.
