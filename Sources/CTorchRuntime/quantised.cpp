// Convolutions in 8-bit integers, which processors with VNNI multiply four at a time. Weights have a scale for each output,
// found once; an input has one scale and one zero, found of its values at every call, so that nothing is calibrated.
#include "Quantised.h"
#include "Guard.h"
#include "Processors.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/cpu/Utils.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using Operator = std::optional<c10::OperatorHandle>;

const Operator &prepack() {
  static const Operator found = c10::Dispatcher::singleton().findSchema({"onednn::qconv_prepack", ""});
  return found;
}

const Operator &pointwise() {
  static const Operator found = c10::Dispatcher::singleton().findSchema({"onednn::qconv2d_pointwise", ""});
  return found;
}

bool quantises_convolutions() {
  try {
    return prepack().has_value() && pointwise().has_value() && at::cpu::is_avx512_vnni_supported();
  } catch (...) {
    return false;
  }
}

constexpr double greatest_weight = 127;
constexpr float greatest_input = 255;
// Of an image of zeros too, the scale has to have a float32 as its inverse.
constexpr double smallest_range = 1e-30;
// Values that are compared side by side, as many as the widest registers hold.
constexpr int64_t lanes = 16;
// Fewer values are not worth waking a second thread.
constexpr int64_t values_a_thread = 65536;

/// The least and greatest of `count` values, and 0 if all are finite.
struct Range {
  float least = std::numeric_limits<float>::infinity();
  float greatest = -std::numeric_limits<float>::infinity();
  float finite = 0;

  void join(const Range &other) {
    least = std::min(least, other.least);
    greatest = std::max(greatest, other.greatest);
    finite += other.finite;
  }
};

FOR_EACH_PROCESSOR void find_range(const float *__restrict x, int64_t count, Range *__restrict range) {
  float least[lanes], greatest[lanes], finite[lanes];
  for (int64_t lane = 0; lane < lanes; lane++) {
    least[lane] = std::numeric_limits<float>::infinity();
    greatest[lane] = -std::numeric_limits<float>::infinity();
    finite[lane] = 0;
  }
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (int64_t lane = 0; lane < lanes; lane++) {
      const float value = x[i + lane];
      least[lane] = value < least[lane] ? value : least[lane];
      greatest[lane] = value > greatest[lane] ? value : greatest[lane];
      finite[lane] += value * 0.0f;
    }
  }
  for (int64_t lane = 0; i < count; i++, lane++) {
    least[lane] = x[i] < least[lane] ? x[i] : least[lane];
    greatest[lane] = x[i] > greatest[lane] ? x[i] : greatest[lane];
    finite[lane] += x[i] * 0.0f;
  }
  for (int64_t lane = 0; lane < lanes; lane++) range->join({least[lane], greatest[lane], finite[lane]});
}

/// y = the nearest of 0 to 255 to factor x + offset.
FOR_EACH_PROCESSOR void quantise(const float *__restrict x, int64_t count, float factor, float offset,
                                 uint8_t *__restrict y) {
  for (int64_t i = 0; i < count; i++) {
    const float value = x[i] * factor + offset;
    const float bounded = value < 0.0f ? 0.0f : (value > greatest_input ? greatest_input : value);
    y[i] = static_cast<uint8_t>(static_cast<int32_t>(__builtin_rintf(bounded)));
  }
}

/// An image in 8-bit integers: a value is `scale` times the integer less `zero`.
struct Quantised {
  at::Tensor values;
  double scale;
  int64_t zero;
};

Quantised quantised(const at::Tensor &x) {
  TORCH_CHECK(x.dim() == 4 && x.scalar_type() == at::kFloat && x.device().is_cpu(), "a float32 image is expected");
  const at::Tensor image = x.contiguous(at::MemoryFormat::ChannelsLast);
  const float *from = static_cast<const float *>(image.const_data_ptr());
  const int64_t count = image.numel(), parts = (count + values_a_thread - 1) / values_a_thread;
  std::vector<Range> ranges(parts);
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      const int64_t first = part * values_a_thread;
      find_range(from + first, std::min(values_a_thread, count - first), &ranges[part]);
    }
  });
  Range range;
  for (const Range &part : ranges) range.join(part);
  // oneDNN packs weights for inputs whose zero is not the least integer, so some value has to be below it.
  const double greatest = std::max(range.greatest, 0.0f);
  const double least = std::min<double>({range.least, -greatest / greatest_input, -smallest_range});
  Quantised result{at::empty(image.sizes(), image.options().dtype(at::kByte), at::MemoryFormat::ChannelsLast),
                   (greatest - least) / greatest_input, 0};
  result.zero = std::max<int64_t>(1, std::llrint(std::min<double>(-least / result.scale, greatest_input)));
  uint8_t *to = static_cast<uint8_t *>(result.values.mutable_data_ptr());
  const float factor = static_cast<float>(1 / result.scale), offset = static_cast<float>(result.zero);
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      const int64_t first = part * values_a_thread;
      quantise(from + first, std::min(values_a_thread, count - first), factor, offset, to + first);
    }
  });
  // Of integers none is infinite: what was not finite has to show in the result all the same.
  if (range.finite != 0) result.scale = std::numeric_limits<double>::quiet_NaN();
  return result;
}

int32_t quantise_convolution(ct_tensor weight, ptrdiff_t stride, const ptrdiff_t *padding,
                             const ptrdiff_t *input_shape, ct_tensor *out, ct_tensor *scales_out, ct_error *error) {
  return guarded(error, [&] {
    at::NoGradGuard guard;
    TORCH_CHECK(prepack().has_value(), "this LibTorch has no convolutions in 8-bit integers");
    const at::Tensor plain = tensor(weight).detach().to(at::kFloat).contiguous();
    TORCH_CHECK(plain.dim() == 4, "weights of a convolution are expected");
    const at::Tensor scales = plain.abs().amax({1, 2, 3}).clamp_min(std::numeric_limits<float>::min()) / greatest_weight;
    const at::Tensor integers =
        (plain / scales.view({-1, 1, 1, 1})).round().clamp(-greatest_weight, greatest_weight).to(at::kChar);
    torch::jit::Stack stack;
    stack.emplace_back(integers);
    stack.emplace_back(scales);
    stack.emplace_back(1.0);
    stack.emplace_back(int64_t{1});
    stack.emplace_back(std::vector<int64_t>{stride, stride});
    stack.emplace_back(std::vector<int64_t>{padding[0], padding[1]});
    stack.emplace_back(std::vector<int64_t>{1, 1});
    stack.emplace_back(int64_t{1});
    stack.emplace_back(std::optional<std::vector<int64_t>>(std::vector<int64_t>(input_shape, input_shape + 4)));
    prepack()->callBoxed(stack);
    at::Tensor packed = std::move(stack.front()).toTensor();
    *scales_out = own(scales);
    *out = own(std::move(packed));
  });
}

int32_t quantised_convolution(ct_tensor input, ct_tensor packed, ct_tensor scales, ct_tensor bias, ptrdiff_t stride,
                              const ptrdiff_t *padding, const char *activation, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] {
    at::NoGradGuard guard;
    TORCH_CHECK(pointwise().has_value(), "this LibTorch has no convolutions in 8-bit integers");
    const Quantised image = quantised(tensor(input));
    const at::Tensor &weight_scales = tensor(scales);
    torch::jit::Stack stack;
    stack.reserve(17);
    stack.emplace_back(image.values);
    stack.emplace_back(image.scale);
    stack.emplace_back(image.zero);
    stack.emplace_back(tensor(packed));
    stack.emplace_back(weight_scales);
    stack.emplace_back(at::zeros(weight_scales.sizes(), weight_scales.options().dtype(at::kInt)));
    stack.emplace_back(optional_tensor(bias));
    stack.emplace_back(std::vector<int64_t>{stride, stride});
    stack.emplace_back(std::vector<int64_t>{padding[0], padding[1]});
    stack.emplace_back(std::vector<int64_t>{1, 1});
    stack.emplace_back(int64_t{1});
    stack.emplace_back(1.0);
    stack.emplace_back(int64_t{0});
    stack.emplace_back(std::optional<at::ScalarType>(at::kFloat));
    stack.emplace_back(std::string(activation));
    stack.emplace_back(c10::List<std::optional<at::Scalar>>());
    stack.emplace_back(std::optional<std::string>(""));
    pointwise()->callBoxed(stack);
    *out = own(std::move(stack.front()).toTensor());
  });
}

}  // namespace

void add_quantised(ct_functions &table) noexcept {
  table.quantises_convolutions = quantises_convolutions;
  table.quantise_convolution = quantise_convolution;
  table.quantised_convolution = quantised_convolution;
}
