// Group normalisation of bfloat16 images that lie channels-last, with what stands around it in a residual block, for
// training: an offset before, gain and shift after, and SiLU. LibTorch runs these as up to five operators forward and as
// many backward, each of which reads and writes the whole map, and keeps every map between them for the backward pass.
// Here a pass forward reads the map twice and writes it once, one backward reads map and gradient twice and writes once,
// and the map that comes in is all that is kept. All arithmetic is in float32, sums in float64.
#include "Normalisation.h"
#include "Guard.h"
#include "Processors.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace {

constexpr int64_t positions_a_sum = 64;
// A fixed number, so that no result depends on the number of threads.
constexpr int64_t parts_an_image = 4;

/// bfloat16 is the upper half of float32.
PART_OF_LOOP float widened(uint16_t value) {
  const uint32_t bits = static_cast<uint32_t>(value) << 16;
  float result;
  __builtin_memcpy(&result, &bits, sizeof result);
  return result;
}

/// Rounded to the nearest, to even between two, as LibTorch rounds. Not for NaN with a short payload.
PART_OF_LOOP uint16_t narrowed(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return static_cast<uint16_t>(value != value ? 0x7fc0 : rounded);
}

/// 1 / (1 + e^-x).
PART_OF_LOOP float logistic(float x) { return 1.0f / (1.0f + exponential_of_minus(x)); }

/// Adds each channel's differences from `pivot` and their squares to `sums` and `squares`. A pivot among the values keeps
/// a variance exact that is small beside the mean.
FOR_EACH_PROCESSOR void add_up(const uint16_t *__restrict x, const float *__restrict pivot, int64_t positions,
                               int64_t channels, float *__restrict sums, float *__restrict squares) {
  for (int64_t position = 0; position < positions; position++, x += channels) {
    for (int64_t c = 0; c < channels; c++) {
      const float difference = widened(x[c]) - pivot[c];
      sums[c] += difference;
      squares[c] += difference * difference;
    }
  }
}

/// y = gain x + shift, channel by channel.
FOR_EACH_PROCESSOR void scale(const uint16_t *__restrict x, int64_t positions, int64_t channels,
                              const float *__restrict gain, const float *__restrict shift, uint16_t *__restrict y) {
  for (int64_t position = 0; position < positions; position++, x += channels, y += channels) {
    for (int64_t c = 0; c < channels; c++) y[c] = narrowed(widened(x[c]) * gain[c] + shift[c]);
  }
}

/// y = silu(gain x + shift), channel by channel.
FOR_EACH_PROCESSOR void scale_silu(const uint16_t *__restrict x, int64_t positions, int64_t channels,
                                   const float *__restrict gain, const float *__restrict shift,
                                   uint16_t *__restrict y) {
  for (int64_t position = 0; position < positions; position++, x += channels, y += channels) {
    for (int64_t c = 0; c < channels; c++) {
      const float z = widened(x[c]) * gain[c] + shift[c];
      y[c] = narrowed(z * logistic(z));
    }
  }
}

/// The gradient before SiLU, from that after it; z is what SiLU was given.
PART_OF_LOOP float before_silu(float gradient, float z) {
  const float s = logistic(z);
  return gradient * s * (1.0f + z * (1.0f - s));
}

/// Adds up each channel's gradients before SiLU, and their products with x - pivot.
template <bool silu>
PART_OF_LOOP void add_up_gradients(const uint16_t *__restrict x, const uint16_t *__restrict gradient,
                             const float *__restrict pivot, int64_t positions, int64_t channels,
                             const float *__restrict gain, const float *__restrict shift, float *__restrict sums,
                             float *__restrict products) {
  for (int64_t position = 0; position < positions; position++, x += channels, gradient += channels) {
    for (int64_t c = 0; c < channels; c++) {
      const float value = widened(x[c]);
      float dz = widened(gradient[c]);
      if (silu) dz = before_silu(dz, value * gain[c] + shift[c]);
      sums[c] += dz;
      products[c] += dz * (value - pivot[c]);
    }
  }
}
FOR_EACH_PROCESSOR void add_up_plain(const uint16_t *x, const uint16_t *gradient, const float *pivot, int64_t positions,
                                     int64_t channels, const float *gain, const float *shift, float *sums,
                                     float *products) {
  add_up_gradients<false>(x, gradient, pivot, positions, channels, gain, shift, sums, products);
}
FOR_EACH_PROCESSOR void add_up_silu(const uint16_t *x, const uint16_t *gradient, const float *pivot, int64_t positions,
                                    int64_t channels, const float *gain, const float *shift, float *sums,
                                    float *products) {
  add_up_gradients<true>(x, gradient, pivot, positions, channels, gain, shift, sums, products);
}

/// The gradient of x: `factor` times that before SiLU, `slope` times x, and `constant`, channel by channel.
template <bool silu>
PART_OF_LOOP void spread_gradients(const uint16_t *__restrict x, const uint16_t *__restrict gradient, int64_t positions,
                             int64_t channels, const float *__restrict gain, const float *__restrict shift,
                             const float *__restrict factor, const float *__restrict slope,
                             const float *__restrict constant, uint16_t *__restrict out) {
  for (int64_t position = 0; position < positions;
       position++, x += channels, gradient += channels, out += channels) {
    for (int64_t c = 0; c < channels; c++) {
      const float value = widened(x[c]);
      float dz = widened(gradient[c]);
      if (silu) dz = before_silu(dz, value * gain[c] + shift[c]);
      out[c] = narrowed(factor[c] * dz + slope[c] * value + constant[c]);
    }
  }
}
FOR_EACH_PROCESSOR void spread_plain(const uint16_t *x, const uint16_t *gradient, int64_t positions, int64_t channels,
                                     const float *gain, const float *shift, const float *factor, const float *slope,
                                     const float *constant, uint16_t *out) {
  spread_gradients<false>(x, gradient, positions, channels, gain, shift, factor, slope, constant, out);
}
FOR_EACH_PROCESSOR void spread_silu(const uint16_t *x, const uint16_t *gradient, int64_t positions, int64_t channels,
                                    const float *gain, const float *shift, const float *factor, const float *slope,
                                    const float *constant, uint16_t *out) {
  spread_gradients<true>(x, gradient, positions, channels, gain, shift, factor, slope, constant, out);
}

/// The sizes of a map, and its division into parts that are computed at once.
struct Map {
  int64_t batch, channels, positions, groups, part;

  Map(const at::Tensor &x, int64_t groups)
      : batch(x.size(0)), channels(x.size(1)), positions(x.size(2) * x.size(3)), groups(groups),
        part((positions + parts_an_image - 1) / parts_an_image) {}

  int64_t width() const { return channels / groups; }

  /// Calls `body` with the image, the offset of its first value and the number of positions of every part, and the
  /// part's number.
  template <class Body>
  void for_each_part(const Body &body) const {
    const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(part * channels, 1));
    at::parallel_for(0, batch * parts_an_image, grain, [&](int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; index++) {
        const int64_t image = index / parts_an_image;
        const int64_t first = std::min(index % parts_an_image * part, positions);
        body(image, (image * positions + first) * channels, std::min(first + part, positions) - first, index);
      }
    });
  }

  /// Adds up two values a channel over the positions of each image: `body` adds those of at most 64 positions to two rows
  /// of zeros. Returns `[batch][2][channels]`.
  template <class Body>
  std::vector<double> sums(const Body &body) const {
    std::vector<double> parts(batch * parts_an_image * 2 * channels, 0.0);
    for_each_part([&](int64_t image, int64_t place, int64_t length, int64_t index) {
      std::vector<float> partial(2 * channels);
      double *sum = parts.data() + index * 2 * channels;
      for (int64_t start = 0; start < length; start += positions_a_sum) {
        std::fill(partial.begin(), partial.end(), 0.0f);
        body(image, place + start * channels, std::min(positions_a_sum, length - start), partial.data(),
             partial.data() + channels);
        for (int64_t i = 0; i < 2 * channels; i++) sum[i] += partial[i];
      }
    });
    std::vector<double> result(batch * 2 * channels, 0.0);
    for (int64_t index = 0; index < batch * parts_an_image; index++) {
      double *to = result.data() + index / parts_an_image * 2 * channels;
      for (int64_t i = 0; i < 2 * channels; i++) to[i] += parts[index * 2 * channels + i];
    }
    return result;
  }

  /// The first position of each image, in float32: the pivot of its sums.
  std::vector<float> pivots(const uint16_t *x) const {
    std::vector<float> result(batch * channels);
    for (int64_t image = 0; image < batch; image++) {
      for (int64_t c = 0; c < channels; c++) {
        result[image * channels + c] = widened(x[image * positions * channels + c]);
      }
    }
    return result;
  }
};

/// A tensor's elements. LibTorch's own accessors of a type are no symbols that other compilers find.
template <class Element>
Element *data(const at::Tensor &x) {
  return static_cast<Element *>(x.mutable_data_ptr());
}

const uint16_t *values(const at::Tensor &x) { return data<uint16_t>(x); }

/// `[B or 1, C, 1, 1]` as float32 rows for every image; undefined if there is none.
at::Tensor rows(const at::Tensor &value, int64_t batch, int64_t channels) {
  if (!value.defined()) return value;
  TORCH_CHECK(value.numel() == channels || value.numel() == batch * channels,
              "one row, or one for each image, is expected");
  return value.detach().to(at::kFloat).reshape({-1, channels}).expand({batch, channels}).contiguous();
}

const float *row(const at::Tensor &rows, int64_t image) {
  return rows.defined() ? data<float>(rows) + image * rows.size(1) : nullptr;
}

/// A gradient of `[batch][channels]` in the shape of what it is of.
at::Tensor shaped(const at::Tensor &rows, const at::Tensor &like) {
  if (!like.defined()) return {};
  const bool shared = like.numel() == rows.size(1);
  return (shared ? rows.sum(0) : rows).reshape(like.sizes()).to(like.scalar_type());
}

struct NormaliseForTraining : torch::autograd::Function<NormaliseForTraining> {
  using Tensors = torch::autograd::variable_list;

  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const at::Tensor &bias, const std::optional<at::Tensor> &given_offset,
                            const std::optional<at::Tensor> &given_gain,
                            const std::optional<at::Tensor> &given_shift, int64_t groups, double epsilon, bool silu) {
    const auto offset = given_offset.value_or(at::Tensor()), gain = given_gain.value_or(at::Tensor()),
               shift = given_shift.value_or(at::Tensor());
    const Map map(x, groups);
    const int64_t channels = map.channels;
    const auto offsets = rows(offset, map.batch, channels), gains = rows(gain, map.batch, channels),
               shifts = rows(shift, map.batch, channels);
    const auto pivots = map.pivots(values(x));
    const auto sums = map.sums([&](int64_t image, int64_t place, int64_t length, float *sum, float *squares) {
      add_up(values(x) + place, pivots.data() + image * channels, length, channels, sum, squares);
    });

    // For each image and group the mean and one over the deviation, for each image and channel gain and shift in all.
    auto means = at::empty({map.batch, groups}, at::kDouble), scales = at::empty({map.batch, groups}, at::kDouble);
    auto folded = at::empty({2, map.batch, channels}, at::kFloat);
    double *mean = data<double>(means), *scaling = data<double>(scales);
    float *to_gain = data<float>(folded), *to_shift = to_gain + map.batch * channels;
    const float *weights = data<float>(weight), *biases = data<float>(bias);
    for (int64_t image = 0; image < map.batch; image++) {
      const Affine affine{row(offsets, image), weights, biases, row(gains, image), row(shifts, image)};
      fold(sums.data() + image * 2 * channels, pivots.data() + image * channels, map.positions, channels, groups, epsilon,
           affine, to_gain + image * channels, to_shift + image * channels, mean + image * groups,
           scaling + image * groups);
    }
    // What the gradient of an offset needs: the sum of each channel.
    at::Tensor totals;
    if (offset.defined()) {
      totals = at::empty({map.batch, channels}, at::kDouble);
      double *total = data<double>(totals);
      for (int64_t image = 0; image < map.batch; image++) {
        for (int64_t c = 0; c < channels; c++) {
          total[image * channels + c] =
              sums[image * 2 * channels + c] + map.positions * static_cast<double>(pivots[image * channels + c]);
        }
      }
    }

    auto y = at::empty_like(x);
    auto *out = data<uint16_t>(y);
    map.for_each_part([&](int64_t image, int64_t place, int64_t length, int64_t) {
      (silu ? scale_silu : scale)(values(x) + place, length, channels, to_gain + image * channels,
                                  to_shift + image * channels, out + place);
    });
    context->save_for_backward({x, weight, bias, offset, gain, shift, means, scales, folded, totals});
    context->saved_data["groups"] = groups;
    context->saved_data["silu"] = silu;
    return y;
  }

  static Tensors backward(torch::autograd::AutogradContext *context, Tensors gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &bias = saved[2], &offset = saved[3], &gain = saved[4],
               &shift = saved[5], &means = saved[6], &scales = saved[7], &folded = saved[8], &totals = saved[9];
    const int64_t groups = context->saved_data["groups"].toInt();
    const bool silu = context->saved_data["silu"].toBool();
    const auto gradient = gradients[0].to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
    const Map map(x, groups);
    const int64_t channels = map.channels, width = map.width();
    const auto offsets = rows(offset, map.batch, channels), gains = rows(gain, map.batch, channels);
    const float *to_gain = data<float>(folded), *to_shift = to_gain + map.batch * channels;
    const float *weights = data<float>(weight), *biases = data<float>(bias);
    const double *mean = data<double>(means), *scaling = data<double>(scales);

    const auto pivots = map.pivots(values(x));
    const auto sums = map.sums([&](int64_t image, int64_t place, int64_t length, float *sum, float *products) {
      (silu ? add_up_silu : add_up_plain)(values(x) + place, values(gradient) + place, pivots.data() + image * channels,
                                          length, channels, to_gain + image * channels, to_shift + image * channels, sum,
                                          products);
    });

    // dx is factor * dz + slope * x + constant, with dz the gradient before SiLU.
    std::vector<float> factors(map.batch * channels), slopes(map.batch * channels), constants(map.batch * channels);
    auto of_gain = at::zeros({map.batch, channels}, at::kDouble), of_shift = at::zeros_like(of_gain),
         of_weight = at::zeros_like(of_gain), of_bias = at::zeros_like(of_gain), of_offset = at::zeros_like(of_gain);
    double *d_gain = data<double>(of_gain), *d_shift = data<double>(of_shift), *d_weight = data<double>(of_weight),
           *d_bias = data<double>(of_bias), *d_offset = data<double>(of_offset);
    const double *total = totals.defined() ? data<double>(totals) : nullptr;
    const double count = static_cast<double>(map.positions * width);
    for (int64_t image = 0; image < map.batch; image++) {
      const double *sum = sums.data() + image * 2 * channels, *product = sum + channels;
      const float *pivot = pivots.data() + image * channels;
      const float *o = row(offsets, image), *g = row(gains, image);
      for (int64_t group = 0; group < groups; group++) {
        const double m = mean[image * groups + group], r = scaling[image * groups + group];
        double first = 0, second = 0;
        for (int64_t c = group * width; c < (group + 1) * width; c++) {
          const int64_t place = image * channels + c;
          const double outer = g ? g[c] : 1;
          // The sum of dz times the normalised value.
          const double normalised = r * (product[c] + sum[c] * (pivot[c] + (o ? o[c] : 0.0) - m));
          d_shift[place] = sum[c];
          d_gain[place] = weights[c] * normalised + biases[c] * sum[c];
          d_weight[place] = outer * normalised;
          d_bias[place] = outer * sum[c];
          first += outer * weights[c] * sum[c];
          second += outer * weights[c] * normalised;
        }
        first /= count;
        second /= count;
        for (int64_t c = group * width; c < (group + 1) * width; c++) {
          const int64_t place = image * channels + c;
          const double factor = r * weights[c] * (g ? g[c] : 1), slope = -r * r * second,
                       constant = -r * first + slope * ((o ? o[c] : 0.0) - m);
          factors[place] = static_cast<float>(factor);
          slopes[place] = static_cast<float>(slope);
          constants[place] = static_cast<float>(constant);
          // An offset moves every position of its channel.
          if (total) d_offset[place] = factor * sum[c] + slope * total[place] + constant * map.positions;
        }
      }
    }

    auto dx = at::empty_like(x);
    auto *out = data<uint16_t>(dx);
    map.for_each_part([&](int64_t image, int64_t place, int64_t length, int64_t) {
      const int64_t start = image * channels;
      (silu ? spread_silu : spread_plain)(values(x) + place, values(gradient) + place, length, channels, to_gain + start,
                                          to_shift + start, factors.data() + start, slopes.data() + start,
                                          constants.data() + start, out + place);
    });
    return {dx,
            of_weight.sum(0).to(at::kFloat),
            of_bias.sum(0).to(at::kFloat),
            shaped(of_offset, offset),
            shaped(of_gain, gain),
            shaped(of_shift, shift),
            at::Tensor(),
            at::Tensor(),
            at::Tensor()};
  }
};

int32_t group_norm_training(ct_tensor input, ptrdiff_t groups, ct_tensor weight, ct_tensor bias, double epsilon,
                            ct_tensor offset, ct_tensor gain, ct_tensor shift, bool silu, ct_tensor *out,
                            ct_error *error) {
  return guarded(error, [&] {
    const at::Tensor &x = tensor(input);
    TORCH_CHECK(x.dim() == 4 && x.scalar_type() == at::kBFloat16 && x.device().is_cpu() &&
                    x.is_contiguous(at::MemoryFormat::ChannelsLast),
                "a bfloat16 image, channels-last, is expected");
    const int64_t channels = x.size(1);
    TORCH_CHECK(groups > 0 && channels % groups == 0 && x.numel() > 0, "channels do not divide into groups");
    for (const at::Tensor &of_channels : {tensor(weight), tensor(bias)}) {
      TORCH_CHECK(of_channels.scalar_type() == at::kFloat && of_channels.is_contiguous() &&
                      of_channels.sizes() == at::IntArrayRef({channels}),
                  "weight and bias have to be float32, one value a channel");
    }
    *out = own(NormaliseForTraining::apply(x, tensor(weight), tensor(bias), optional_tensor(offset),
                                           optional_tensor(gain), optional_tensor(shift), static_cast<int64_t>(groups),
                                           epsilon, silu));
  });
}

}  // namespace

void add_training_normalisation(ct_functions &table) noexcept { table.group_norm_training = group_norm_training; }
