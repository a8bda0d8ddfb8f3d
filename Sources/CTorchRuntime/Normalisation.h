#pragma once
#include <CTorch.h>

/// Fills in the function for group normalisation without gradients.
void add_normalisation(ct_functions &table) noexcept;

/// Fills in the function for group normalisation in training.
void add_training_normalisation(ct_functions &table) noexcept;

/// What stands around the normalisation of an image: one value a channel each, or null.
struct Affine {
  const float *offset, *weight, *bias, *gain, *shift;
};

/// From the sums over an image to one gain and one shift a channel, everything in one: offset, normalisation, weight
/// and bias, gain and shift.
///
/// `sums` are those of each channel's differences from `pivot`, `[channels]`, and of their squares. `means` and `scales`
/// take the mean of each group and one over its deviation, if they are not null.
void fold(const double *sums, const float *pivot, int64_t positions, int64_t channels, int64_t groups, double epsilon,
          const Affine &affine, float *gain, float *shift, double *means = nullptr, double *scales = nullptr);
