#pragma once
#include <CTorch.h>

/// Fills in the function for group normalisation.
void add_normalisation(ct_functions &table) noexcept;
