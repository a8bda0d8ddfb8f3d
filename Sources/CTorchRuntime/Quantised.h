#pragma once
#include <CTorch.h>

/// Fills in the functions for convolutions in 8-bit integers.
void add_quantised(ct_functions &table) noexcept;
