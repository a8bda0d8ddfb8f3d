// Group normalisation over images that lie channels-last, with what stands around it in a residual block: an offset
// before, gain and shift after, and SiLU. LibTorch runs these as four operators, each of which reads and writes the
// whole map; here the map is read twice and written once.
#include "Normalisation.h"
#include "Guard.h"
#include "Processors.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

void fold(const double *sums, const float *pivot, int64_t positions, int64_t channels, int64_t groups, double epsilon,
          const Affine &affine, float *gain, float *shift, double *means, double *scales) {
  const double *squares = sums + channels;
  const int64_t width = channels / groups;
  const double count = static_cast<double>(positions * width);
  for (int64_t group = 0; group < groups; group++) {
    const auto centre = [&](int64_t c) { return pivot[c] + (affine.offset ? double(affine.offset[c]) : 0.0); };
    double sum = 0, square = 0;
    for (int64_t c = group * width; c < (group + 1) * width; c++) sum += sums[c] + positions * centre(c);
    const double mean = sum / count;
    for (int64_t c = group * width; c < (group + 1) * width; c++) {
      const double distance = centre(c) - mean;
      square += squares[c] + 2 * distance * sums[c] + positions * distance * distance;
    }
    const double deviation = 1 / std::sqrt(std::max(square / count, 0.0) + epsilon);
    if (means) means[group] = mean;
    if (scales) scales[group] = deviation;
    for (int64_t c = group * width; c < (group + 1) * width; c++) {
      const double offset = affine.offset ? affine.offset[c] : 0;
      const double weight = deviation * affine.weight[c];
      const double outer = affine.gain ? affine.gain[c] : 1;
      gain[c] = static_cast<float>(weight * outer);
      shift[c] = static_cast<float>(
          ((offset - mean) * weight + affine.bias[c]) * outer + (affine.shift ? affine.shift[c] : 0));
    }
  }
}

namespace {

// Positions that are added up in float32 before a sum goes into float64.
constexpr int64_t positions_a_sum = 64;
// A fixed number, so that no result depends on the number of threads.
constexpr int64_t parts_an_image = 4;
// Fewer values are not worth waking a second thread.
constexpr int64_t values_a_thread = 16384;

/// Adds each channel's differences from `pivot` and their squares, over `positions` rows of `channels` values, to `sums`
/// and `squares`. A pivot among the values keeps a variance exact that is small beside the mean.
FOR_EACH_PROCESSOR void add_up(const float *__restrict x, const float *__restrict pivot, int64_t positions,
                               int64_t channels, float *__restrict sums, float *__restrict squares) {
  for (int64_t position = 0; position < positions; position++, x += channels) {
    for (int64_t c = 0; c < channels; c++) {
      const float difference = x[c] - pivot[c];
      sums[c] += difference;
      squares[c] += difference * difference;
    }
  }
}

/// y = gain x + shift, channel by channel.
FOR_EACH_PROCESSOR void scale(const float *__restrict x, int64_t positions, int64_t channels,
                              const float *__restrict gain, const float *__restrict shift, float *__restrict y) {
  for (int64_t position = 0; position < positions; position++, x += channels, y += channels) {
    for (int64_t c = 0; c < channels; c++) y[c] = x[c] * gain[c] + shift[c];
  }
}

/// y = silu(gain x + shift), channel by channel.
FOR_EACH_PROCESSOR void scale_silu(const float *__restrict x, int64_t positions, int64_t channels,
                                   const float *__restrict gain, const float *__restrict shift, float *__restrict y) {
  for (int64_t position = 0; position < positions; position++, x += channels, y += channels) {
    for (int64_t c = 0; c < channels; c++) {
      const float value = x[c] * gain[c] + shift[c];
      y[c] = value / (1.0f + exponential_of_minus(value));
    }
  }
}

/// What `add_up` gives for a part of an image: `[channels]` sums, then `[channels]` sums of squares.
void part_sums(const float *x, const float *pivot, int64_t positions, int64_t channels, double *out) {
  std::vector<float> partial(2 * channels);
  std::fill(out, out + 2 * channels, 0.0);
  for (int64_t start = 0; start < positions; start += positions_a_sum) {
    std::fill(partial.begin(), partial.end(), 0.0f);
    add_up(x + start * channels, pivot, std::min(positions_a_sum, positions - start), channels, partial.data(),
           partial.data() + channels);
    for (int64_t i = 0; i < 2 * channels; i++) out[i] += partial[i];
  }
}

/// `[B, C, 1, 1]` or `[1, C, 1, 1]` as rows of C values; null if there is none.
class Rows {
 public:
  Rows(ct_tensor handle, int64_t batch, int64_t channels) {
    if (!handle) return;
    values = tensor(handle).reshape({-1, channels}).contiguous();
    TORCH_CHECK(values.scalar_type() == at::kFloat, "a value of each channel has to be float32");
    TORCH_CHECK(values.size(0) == batch || values.size(0) == 1, "one row, or one for each image, is expected");
  }
  const float *row(int64_t image) const {
    if (!values.defined()) return nullptr;
    return static_cast<const float *>(values.const_data_ptr()) + (values.size(0) == 1 ? 0 : image * values.size(1));
  }

 private:
  at::Tensor values;
};

int32_t group_norm_pointwise(ct_tensor input, ptrdiff_t groups, ct_tensor weight, ct_tensor bias, double epsilon,
                             ct_tensor offset, ct_tensor gain, ct_tensor shift, bool silu, ct_tensor *out,
                             ct_error *error) {
  return guarded(error, [&] {
    at::NoGradGuard guard;
    const at::Tensor &x = tensor(input);
    TORCH_CHECK(x.dim() == 4 && x.scalar_type() == at::kFloat && x.device().is_cpu() &&
                    x.is_contiguous(at::MemoryFormat::ChannelsLast),
                "a float32 image, channels-last, is expected");
    const int64_t batch = x.size(0), channels = x.size(1), positions = x.size(2) * x.size(3);
    TORCH_CHECK(groups > 0 && channels % groups == 0 && positions > 0, "channels do not divide into groups");
    const Rows weights(weight, batch, channels), biases(bias, batch, channels), offsets(offset, batch, channels),
        gains(gain, batch, channels), shifts(shift, batch, channels);
    const at::Tensor y = at::empty_like(x);
    const float *from = static_cast<const float *>(x.const_data_ptr());
    float *to = static_cast<float *>(y.mutable_data_ptr());

    const int64_t part = (positions + parts_an_image - 1) / parts_an_image;
    const int64_t part_values = std::max<int64_t>(part * channels, 1);
    const int64_t grain = std::max<int64_t>(1, values_a_thread / part_values);
    const int64_t parts = batch * parts_an_image;
    std::vector<double> sums(parts * 2 * channels);
    const auto first = [&](int64_t index) { return std::min(index % parts_an_image * part, positions); };
    const auto length = [&](int64_t index) { return std::min(first(index) + part, positions) - first(index); };
    const auto place = [&](int64_t index) {
      return (index / parts_an_image * positions + first(index)) * channels;
    };
    at::parallel_for(0, parts, grain, [&](int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; index++) {
        part_sums(from + place(index), from + index / parts_an_image * positions * channels, length(index), channels,
                  sums.data() + index * 2 * channels);
      }
    });

    std::vector<float> folded(batch * 2 * channels);
    for (int64_t image = 0; image < batch; image++) {
      double *total = sums.data() + image * parts_an_image * 2 * channels;
      for (int64_t other = 1; other < parts_an_image; other++) {
        for (int64_t i = 0; i < 2 * channels; i++) total[i] += total[other * 2 * channels + i];
      }
      const Affine affine{offsets.row(image), weights.row(image), biases.row(image), gains.row(image),
                          shifts.row(image)};
      float *row = folded.data() + image * 2 * channels;
      fold(total, from + image * positions * channels, positions, channels, groups, epsilon, affine, row,
           row + channels);
    }

    at::parallel_for(0, parts, grain, [&](int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; index++) {
        const float *row = folded.data() + index / parts_an_image * 2 * channels;
        (silu ? scale_silu : scale)(from + place(index), length(index), channels, row, row + channels,
                                    to + place(index));
      }
    });
    *out = own(y);
  });
}

}  // namespace

void add_normalisation(ct_functions &table) noexcept { table.group_norm_pointwise = group_norm_pointwise; }
