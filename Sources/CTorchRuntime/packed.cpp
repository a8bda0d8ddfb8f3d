// Convolutions with weights in oneDNN's own layout. PyTorch reaches them through the dispatcher alone, where its
// compiler finds them; here they are called by name.
#include "Packed.h"
#include "Guard.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace {

using Operator = std::optional<c10::OperatorHandle>;

const Operator &pointwise() {
  static const Operator found = c10::Dispatcher::singleton().findSchema({"mkldnn::_convolution_pointwise", ""});
  return found;
}

bool packs_convolutions() {
  try {
    return pointwise().has_value() && at::hasMKLDNN();
  } catch (...) {
    return false;
  }
}

int32_t pack_convolution(ct_tensor weight, ptrdiff_t stride, const ptrdiff_t *padding, const ptrdiff_t *input_shape,
                         ct_tensor *out, ct_error *error) {
  return guarded(error, [&] {
    at::NoGradGuard guard;
    const std::vector<int64_t> input(input_shape, input_shape + 4);
    const std::vector<int64_t> strides{stride, stride}, paddings{padding[0], padding[1]}, dilations{1, 1};
    // The layout starts from rows, whatever order the weights lie in.
    const auto plain = tensor(weight).detach().contiguous().to_mkldnn();
    *out = own(at::mkldnn_reorder_conv2d_weight(plain, paddings, strides, dilations, 1, input));
  });
}

int32_t packed_convolution(ct_tensor input, ct_tensor packed, ct_tensor bias, ptrdiff_t stride,
                           const ptrdiff_t *padding, const char *activation, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] {
    at::NoGradGuard guard;
    TORCH_CHECK(pointwise().has_value(), "this LibTorch was built without oneDNN");
    const std::vector<int64_t> strides{stride, stride}, paddings{padding[0], padding[1]}, dilations{1, 1};
    torch::jit::Stack stack;
    stack.reserve(10);
    stack.emplace_back(tensor(input));
    stack.emplace_back(tensor(packed));
    stack.emplace_back(optional_tensor(bias));
    stack.emplace_back(paddings);
    stack.emplace_back(strides);
    stack.emplace_back(dilations);
    stack.emplace_back(int64_t{1});
    stack.emplace_back(std::string(activation));
    stack.emplace_back(c10::List<std::optional<at::Scalar>>());
    stack.emplace_back(std::optional<std::string>(""));
    pointwise()->callBoxed(stack);
    *out = own(std::move(stack.front()).toTensor());
  });
}

}  // namespace

void add_packed(ct_functions &table) noexcept {
  table.packs_convolutions = packs_convolutions;
  table.pack_convolution = pack_convolution;
  table.packed_convolution = packed_convolution;
}
