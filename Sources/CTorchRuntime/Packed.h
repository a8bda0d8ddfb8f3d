#pragma once
#include <CTorch.h>

/// Fills in the functions for packed convolutions.
void add_packed(ct_functions &table) noexcept;
