#pragma once
#include <CTorch.h>

/// Makes LibTorch take the memory of tensors from an allocator that counts. Call it before the first tensor is made:
/// what the former allocator has given must not come back to this one.
void count_memory();

/// Fills in the functions that read the counts.
void add_memory(ct_functions &table) noexcept;
