#pragma once
#include <CTorch.h>

/// Fills in gradients, autocast and activation checkpointing.
void add_autograd(ct_functions &table) noexcept;
