// Made from Sources/CTorch/operators.txt by `swift run generate-operators`. Do not edit.
#include "Guard.h"

#include <ATen/ATen.h>

namespace {

int32_t ct_add(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::add(tensor(self_), tensor(other))); });
}

int32_t ct_add_scalar(ct_tensor _Nonnull self_, double other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::add(tensor(self_), at::Scalar(other))); });
}

int32_t ct_sub(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::sub(tensor(self_), tensor(other))); });
}

int32_t ct_sub_scalar(ct_tensor _Nonnull self_, double other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::sub(tensor(self_), at::Scalar(other))); });
}

int32_t ct_mul(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::mul(tensor(self_), tensor(other))); });
}

int32_t ct_mul_scalar(ct_tensor _Nonnull self_, double other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::mul(tensor(self_), at::Scalar(other))); });
}

int32_t ct_div(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::div(tensor(self_), tensor(other))); });
}

int32_t ct_div_scalar(ct_tensor _Nonnull self_, double other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::div(tensor(self_), at::Scalar(other))); });
}

int32_t ct_rsub_scalar(ct_tensor _Nonnull self_, double other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::rsub(tensor(self_), at::Scalar(other))); });
}

int32_t ct_neg(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::neg(tensor(self_))); });
}

int32_t ct_reciprocal(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::reciprocal(tensor(self_))); });
}

int32_t ct_lerp(ct_tensor _Nonnull self_, ct_tensor _Nonnull end, double weight, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::lerp(tensor(self_), tensor(end), at::Scalar(weight))); });
}

int32_t ct_addcmul(ct_tensor _Nonnull self_, ct_tensor _Nonnull tensor1, ct_tensor _Nonnull tensor2, double value, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::addcmul(tensor(self_), tensor(tensor1), tensor(tensor2), at::Scalar(value))); });
}

int32_t ct_add_in_place(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, double alpha, ct_error *_Nonnull error) {
  return guarded(error, [&] { tensor(self_).add_(tensor(other), at::Scalar(alpha)); });
}

int32_t ct_mul_in_place_scalar(ct_tensor _Nonnull self_, double other, ct_error *_Nonnull error) {
  return guarded(error, [&] { tensor(self_).mul_(at::Scalar(other)); });
}

int32_t ct_mul_in_place(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_error *_Nonnull error) {
  return guarded(error, [&] { tensor(self_).mul_(tensor(other)); });
}

int32_t ct_copy_in_place(ct_tensor _Nonnull self_, ct_tensor _Nonnull source, ct_error *_Nonnull error) {
  return guarded(error, [&] { tensor(self_).copy_(tensor(source)); });
}

int32_t ct_zero_in_place(ct_tensor _Nonnull self_, ct_error *_Nonnull error) {
  return guarded(error, [&] { tensor(self_).zero_(); });
}

int32_t ct_abs(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::abs(tensor(self_))); });
}

int32_t ct_exp(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::exp(tensor(self_))); });
}

int32_t ct_log(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::log(tensor(self_))); });
}

int32_t ct_sqrt(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::sqrt(tensor(self_))); });
}

int32_t ct_rsqrt(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::rsqrt(tensor(self_))); });
}

int32_t ct_square(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::square(tensor(self_))); });
}

int32_t ct_sin(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::sin(tensor(self_))); });
}

int32_t ct_cos(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::cos(tensor(self_))); });
}

int32_t ct_tanh(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::tanh(tensor(self_))); });
}

int32_t ct_sigmoid(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::sigmoid(tensor(self_))); });
}

int32_t ct_relu(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::relu(tensor(self_))); });
}

int32_t ct_leaky_relu(ct_tensor _Nonnull self_, double negative_slope, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::leaky_relu(tensor(self_), at::Scalar(negative_slope))); });
}

int32_t ct_silu(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::silu(tensor(self_))); });
}

int32_t ct_gelu(ct_tensor _Nonnull self_, const char *_Nonnull approximate, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::gelu(tensor(self_), approximate)); });
}

int32_t ct_round(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::round(tensor(self_))); });
}

int32_t ct_floor(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::floor(tensor(self_))); });
}

int32_t ct_pow_scalar(ct_tensor _Nonnull self_, double exponent, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::pow(tensor(self_), at::Scalar(exponent))); });
}

int32_t ct_clamp(ct_tensor _Nonnull self_, bool has_min, double min, bool has_max, double max, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::clamp(tensor(self_), has_min ? std::optional<at::Scalar>(min) : std::nullopt, has_max ? std::optional<at::Scalar>(max) : std::nullopt)); });
}

int32_t ct_isfinite(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::isfinite(tensor(self_))); });
}

int32_t ct_eq(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::eq(tensor(self_), tensor(other))); });
}

int32_t ct_eq_scalar(ct_tensor _Nonnull self_, double other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::eq(tensor(self_), at::Scalar(other))); });
}

int32_t ct_lt(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::lt(tensor(self_), tensor(other))); });
}

int32_t ct_lt_scalar(ct_tensor _Nonnull self_, double other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::lt(tensor(self_), at::Scalar(other))); });
}

int32_t ct_gt_scalar(ct_tensor _Nonnull self_, double other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::gt(tensor(self_), at::Scalar(other))); });
}

int32_t ct_ge_scalar(ct_tensor _Nonnull self_, double other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::ge(tensor(self_), at::Scalar(other))); });
}

int32_t ct_where(ct_tensor _Nonnull condition, ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::where(tensor(condition), tensor(self_), tensor(other))); });
}

int32_t ct_maximum(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::maximum(tensor(self_), tensor(other))); });
}

int32_t ct_minimum(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::minimum(tensor(self_), tensor(other))); });
}

int32_t ct_sum(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::sum(tensor(self_))); });
}

int32_t ct_sum_dim(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull dim, size_t dim_count, bool keepdim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::sum(tensor(self_), ints(dim, dim_count), keepdim)); });
}

int32_t ct_mean(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::mean(tensor(self_))); });
}

int32_t ct_mean_dim(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull dim, size_t dim_count, bool keepdim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::mean(tensor(self_), ints(dim, dim_count), keepdim)); });
}

int32_t ct_var_dim(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull dim, size_t dim_count, bool unbiased, bool keepdim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::var(tensor(self_), ints(dim, dim_count), unbiased, keepdim)); });
}

int32_t ct_std_dim(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull dim, size_t dim_count, bool unbiased, bool keepdim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::std(tensor(self_), ints(dim, dim_count), unbiased, keepdim)); });
}

int32_t ct_amax(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull dim, size_t dim_count, bool keepdim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::amax(tensor(self_), ints(dim, dim_count), keepdim)); });
}

int32_t ct_amin(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull dim, size_t dim_count, bool keepdim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::amin(tensor(self_), ints(dim, dim_count), keepdim)); });
}

int32_t ct_max(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::max(tensor(self_))); });
}

int32_t ct_min(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::min(tensor(self_))); });
}

int32_t ct_all(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::all(tensor(self_))); });
}

int32_t ct_any(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::any(tensor(self_))); });
}

int32_t ct_argmax(ct_tensor _Nonnull self_, bool has_dim, ptrdiff_t dim, bool keepdim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::argmax(tensor(self_), has_dim ? std::optional<int64_t>(dim) : std::nullopt, keepdim)); });
}

int32_t ct_cumsum(ct_tensor _Nonnull self_, ptrdiff_t dim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::cumsum(tensor(self_), static_cast<int64_t>(dim))); });
}

int32_t ct_norm(ct_tensor _Nonnull self_, double p, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::norm(tensor(self_), at::Scalar(p))); });
}

int32_t ct_linalg_vector_norm(ct_tensor _Nonnull self_, double ord, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::linalg_vector_norm(tensor(self_), at::Scalar(ord))); });
}

int32_t ct_matmul(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::matmul(tensor(self_), tensor(other))); });
}

int32_t ct_bmm(ct_tensor _Nonnull self_, ct_tensor _Nonnull mat2, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::bmm(tensor(self_), tensor(mat2))); });
}

int32_t ct_addmm(ct_tensor _Nonnull self_, ct_tensor _Nonnull mat1, ct_tensor _Nonnull mat2, double beta, double alpha, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::addmm(tensor(self_), tensor(mat1), tensor(mat2), at::Scalar(beta), at::Scalar(alpha))); });
}

int32_t ct_baddbmm(ct_tensor _Nonnull self_, ct_tensor _Nonnull batch1, ct_tensor _Nonnull batch2, double beta, double alpha, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::baddbmm(tensor(self_), tensor(batch1), tensor(batch2), at::Scalar(beta), at::Scalar(alpha))); });
}

int32_t ct_linear(ct_tensor _Nonnull self_, ct_tensor _Nonnull weight, ct_tensor _Nullable bias, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::linear(tensor(self_), tensor(weight), optional_tensor(bias))); });
}

int32_t ct_linalg_eigh(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out0, ct_tensor _Nullable *_Nonnull out1, ct_error *_Nonnull error) {
  return guarded(error, [&] { auto [first, second] = at::linalg_eigh(tensor(self_)); *out0 = own(first); *out1 = own(second); });
}

int32_t ct_cdist(ct_tensor _Nonnull self_, ct_tensor _Nonnull other, double p, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::cdist(tensor(self_), tensor(other), p)); });
}

int32_t ct_fft_fft2(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::fft_fft2(tensor(self_))); });
}

int32_t ct_conv2d(ct_tensor _Nonnull self_, ct_tensor _Nonnull weight, ct_tensor _Nullable bias, const ptrdiff_t *_Nonnull stride, size_t stride_count, const ptrdiff_t *_Nonnull padding, size_t padding_count, const ptrdiff_t *_Nonnull dilation, size_t dilation_count, ptrdiff_t groups, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::conv2d(tensor(self_), tensor(weight), optional_tensor(bias), ints(stride, stride_count), ints(padding, padding_count), ints(dilation, dilation_count), static_cast<int64_t>(groups))); });
}

int32_t ct_conv_transpose2d(ct_tensor _Nonnull self_, ct_tensor _Nonnull weight, ct_tensor _Nullable bias, const ptrdiff_t *_Nonnull stride, size_t stride_count, const ptrdiff_t *_Nonnull padding, size_t padding_count, const ptrdiff_t *_Nonnull output_padding, size_t output_padding_count, ptrdiff_t groups, const ptrdiff_t *_Nonnull dilation, size_t dilation_count, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::conv_transpose2d(tensor(self_), tensor(weight), optional_tensor(bias), ints(stride, stride_count), ints(padding, padding_count), ints(output_padding, output_padding_count), static_cast<int64_t>(groups), ints(dilation, dilation_count))); });
}

int32_t ct_group_norm(ct_tensor _Nonnull self_, ptrdiff_t num_groups, ct_tensor _Nullable weight, ct_tensor _Nullable bias, double eps, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::group_norm(tensor(self_), static_cast<int64_t>(num_groups), optional_tensor(weight), optional_tensor(bias), eps)); });
}

int32_t ct_layer_norm(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull normalized_shape, size_t normalized_shape_count, ct_tensor _Nullable weight, ct_tensor _Nullable bias, double eps, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::layer_norm(tensor(self_), ints(normalized_shape, normalized_shape_count), optional_tensor(weight), optional_tensor(bias), eps)); });
}

int32_t ct_batch_norm(ct_tensor _Nonnull self_, ct_tensor _Nullable weight, ct_tensor _Nullable bias, ct_tensor _Nullable running_mean, ct_tensor _Nullable running_var, bool training, double momentum, double eps, bool cudnn_enabled, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::batch_norm(tensor(self_), optional_tensor(weight), optional_tensor(bias), optional_tensor(running_mean), optional_tensor(running_var), training, momentum, eps, cudnn_enabled)); });
}

int32_t ct_max_pool2d(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull kernel_size, size_t kernel_size_count, const ptrdiff_t *_Nonnull stride, size_t stride_count, const ptrdiff_t *_Nonnull padding, size_t padding_count, const ptrdiff_t *_Nonnull dilation, size_t dilation_count, bool ceil_mode, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::max_pool2d(tensor(self_), ints(kernel_size, kernel_size_count), ints(stride, stride_count), ints(padding, padding_count), ints(dilation, dilation_count), ceil_mode)); });
}

int32_t ct_avg_pool2d(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull kernel_size, size_t kernel_size_count, const ptrdiff_t *_Nonnull stride, size_t stride_count, const ptrdiff_t *_Nonnull padding, size_t padding_count, bool ceil_mode, bool count_include_pad, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::avg_pool2d(tensor(self_), ints(kernel_size, kernel_size_count), ints(stride, stride_count), ints(padding, padding_count), ceil_mode, count_include_pad)); });
}

int32_t ct_scaled_dot_product_attention(ct_tensor _Nonnull self_, ct_tensor _Nonnull key, ct_tensor _Nonnull value, ct_tensor _Nullable attn_mask, double dropout_p, bool is_causal, bool has_scale, double scale, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::scaled_dot_product_attention(tensor(self_), tensor(key), tensor(value), optional_tensor(attn_mask), dropout_p, is_causal, has_scale ? std::optional<double>(scale) : std::nullopt)); });
}

int32_t ct_softmax(ct_tensor _Nonnull self_, ptrdiff_t dim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::softmax(tensor(self_), static_cast<int64_t>(dim))); });
}

int32_t ct_embedding(ct_tensor _Nonnull weight, ct_tensor _Nonnull indices, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::embedding(tensor(weight), tensor(indices))); });
}

int32_t ct_upsample_nearest2d(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull output_size, size_t output_size_count, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::upsample_nearest2d(tensor(self_), ints(output_size, output_size_count))); });
}

int32_t ct_upsample_bilinear2d(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull output_size, size_t output_size_count, bool align_corners, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::upsample_bilinear2d(tensor(self_), ints(output_size, output_size_count), align_corners)); });
}

int32_t ct_upsample_bicubic2d(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull output_size, size_t output_size_count, bool align_corners, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::upsample_bicubic2d(tensor(self_), ints(output_size, output_size_count), align_corners)); });
}

int32_t ct_pixel_shuffle(ct_tensor _Nonnull self_, ptrdiff_t upscale_factor, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::pixel_shuffle(tensor(self_), static_cast<int64_t>(upscale_factor))); });
}

int32_t ct_pixel_unshuffle(ct_tensor _Nonnull self_, ptrdiff_t downscale_factor, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::pixel_unshuffle(tensor(self_), static_cast<int64_t>(downscale_factor))); });
}

int32_t ct_pad(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull pad, size_t pad_count, const char *_Nonnull mode, bool has_value, double value, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::pad(tensor(self_), ints(pad, pad_count), mode, has_value ? std::optional<double>(value) : std::nullopt)); });
}

int32_t ct_mse_loss(ct_tensor _Nonnull self_, ct_tensor _Nonnull target, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::mse_loss(tensor(self_), tensor(target))); });
}

int32_t ct_l1_loss(ct_tensor _Nonnull self_, ct_tensor _Nonnull target, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::l1_loss(tensor(self_), tensor(target))); });
}

int32_t ct_binary_cross_entropy_with_logits(ct_tensor _Nonnull self_, ct_tensor _Nonnull target, ct_tensor _Nullable weight, ct_tensor _Nullable pos_weight, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::binary_cross_entropy_with_logits(tensor(self_), tensor(target), optional_tensor(weight), optional_tensor(pos_weight))); });
}

int32_t ct_reshape(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull shape, size_t shape_count, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::reshape(tensor(self_), ints(shape, shape_count))); });
}

int32_t ct_view(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull size, size_t size_count, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(tensor(self_).view(ints(size, size_count))); });
}

int32_t ct_permute(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull dims, size_t dims_count, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::permute(tensor(self_), ints(dims, dims_count))); });
}

int32_t ct_transpose(ct_tensor _Nonnull self_, ptrdiff_t dim0, ptrdiff_t dim1, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::transpose(tensor(self_), static_cast<int64_t>(dim0), static_cast<int64_t>(dim1))); });
}

int32_t ct_flatten(ct_tensor _Nonnull self_, ptrdiff_t start_dim, ptrdiff_t end_dim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::flatten(tensor(self_), static_cast<int64_t>(start_dim), static_cast<int64_t>(end_dim))); });
}

int32_t ct_squeeze(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::squeeze(tensor(self_))); });
}

int32_t ct_squeeze_dim(ct_tensor _Nonnull self_, ptrdiff_t dim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::squeeze(tensor(self_), static_cast<int64_t>(dim))); });
}

int32_t ct_unsqueeze(ct_tensor _Nonnull self_, ptrdiff_t dim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::unsqueeze(tensor(self_), static_cast<int64_t>(dim))); });
}

int32_t ct_expand(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull size, size_t size_count, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(tensor(self_).expand(ints(size, size_count))); });
}

int32_t ct_repeat(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull repeats, size_t repeats_count, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(tensor(self_).repeat(ints(repeats, repeats_count))); });
}

int32_t ct_repeat_interleave(ct_tensor _Nonnull self_, ptrdiff_t repeats, bool has_dim, ptrdiff_t dim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::repeat_interleave(tensor(self_), static_cast<int64_t>(repeats), has_dim ? std::optional<int64_t>(dim) : std::nullopt)); });
}

int32_t ct_flip(ct_tensor _Nonnull self_, const ptrdiff_t *_Nonnull dims, size_t dims_count, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::flip(tensor(self_), ints(dims, dims_count))); });
}

int32_t ct_narrow(ct_tensor _Nonnull self_, ptrdiff_t dim, ptrdiff_t start, ptrdiff_t length, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::narrow(tensor(self_), static_cast<int64_t>(dim), static_cast<int64_t>(start), static_cast<int64_t>(length))); });
}

int32_t ct_select(ct_tensor _Nonnull self_, ptrdiff_t dim, ptrdiff_t index, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::select(tensor(self_), static_cast<int64_t>(dim), static_cast<int64_t>(index))); });
}

int32_t ct_index_select(ct_tensor _Nonnull self_, ptrdiff_t dim, ct_tensor _Nonnull index, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::index_select(tensor(self_), static_cast<int64_t>(dim), tensor(index))); });
}

int32_t ct_gather(ct_tensor _Nonnull self_, ptrdiff_t dim, ct_tensor _Nonnull index, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::gather(tensor(self_), static_cast<int64_t>(dim), tensor(index))); });
}

int32_t ct_chunk(ct_tensor _Nonnull self_, ptrdiff_t chunks, ptrdiff_t dim, ct_tensor _Nullable *_Nullable *_Nonnull out, size_t *_Nonnull out_count, ct_error *_Nonnull error) {
  return guarded(error, [&] { own_list(at::chunk(tensor(self_), static_cast<int64_t>(chunks), static_cast<int64_t>(dim)), out, out_count); });
}

int32_t ct_cat(const ct_tensor _Nonnull *_Nonnull tensors, size_t tensors_count, ptrdiff_t dim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::cat(tensor_list(tensors, tensors_count), static_cast<int64_t>(dim))); });
}

int32_t ct_stack(const ct_tensor _Nonnull *_Nonnull tensors, size_t tensors_count, ptrdiff_t dim, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::stack(tensor_list(tensors, tensors_count), static_cast<int64_t>(dim))); });
}

int32_t ct_alias(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::alias(tensor(self_))); });
}

int32_t ct_view_as_real(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::view_as_real(tensor(self_))); });
}

int32_t ct_clone(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::clone(tensor(self_))); });
}

int32_t ct_zeros_like(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(at::zeros_like(tensor(self_))); });
}

int32_t ct_detach(ct_tensor _Nonnull self_, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error) {
  return guarded(error, [&] { *out = own(tensor(self_).detach()); });
}

int32_t ct_foreach_mul_in_place_scalar(const ct_tensor _Nonnull *_Nonnull self_, size_t self__count, double scalar, ct_error *_Nonnull error) {
  return guarded(error, [&] { at::_foreach_mul_(tensor_list(self_, self__count), at::Scalar(scalar)); });
}

int32_t ct_foreach_lerp_in_place_scalar(const ct_tensor _Nonnull *_Nonnull self_, size_t self__count, const ct_tensor _Nonnull *_Nonnull tensors1, size_t tensors1_count, double weight, ct_error *_Nonnull error) {
  return guarded(error, [&] { at::_foreach_lerp_(tensor_list(self_, self__count), tensor_list(tensors1, tensors1_count), at::Scalar(weight)); });
}

int32_t ct_foreach_copy_in_place(const ct_tensor _Nonnull *_Nonnull self_, size_t self__count, const ct_tensor _Nonnull *_Nonnull source, size_t source_count, ct_error *_Nonnull error) {
  return guarded(error, [&] { at::_foreach_copy_(tensor_list(self_, self__count), tensor_list(source, source_count)); });
}

int32_t ct_foreach_norm(const ct_tensor _Nonnull *_Nonnull self_, size_t self__count, double ord, ct_tensor _Nullable *_Nullable *_Nonnull out, size_t *_Nonnull out_count, ct_error *_Nonnull error) {
  return guarded(error, [&] { own_list(at::_foreach_norm(tensor_list(self_, self__count), at::Scalar(ord)), out, out_count); });
}

int32_t ct_amp_foreach_non_finite_check_and_unscale_in_place(const ct_tensor _Nonnull *_Nonnull self_, size_t self__count, ct_tensor _Nonnull found_inf, ct_tensor _Nonnull inv_scale, ct_error *_Nonnull error) {
  return guarded(error, [&] { at::_amp_foreach_non_finite_check_and_unscale_(tensor_list(self_, self__count), written_tensor(found_inf), tensor(inv_scale)); });
}

int32_t ct_fused_adamw_in_place(const ct_tensor _Nonnull *_Nonnull self_, size_t self__count, const ct_tensor _Nonnull *_Nonnull grads, size_t grads_count, const ct_tensor _Nonnull *_Nonnull exp_avgs, size_t exp_avgs_count, const ct_tensor _Nonnull *_Nonnull exp_avg_sqs, size_t exp_avg_sqs_count, const ct_tensor _Nonnull *_Nonnull max_exp_avg_sqs, size_t max_exp_avg_sqs_count, const ct_tensor _Nonnull *_Nonnull state_steps, size_t state_steps_count, double lr, double beta1, double beta2, double weight_decay, double eps, bool amsgrad, bool maximize, ct_error *_Nonnull error) {
  return guarded(error, [&] { at::_fused_adamw_(tensor_list(self_, self__count), tensor_list(grads, grads_count), tensor_list(exp_avgs, exp_avgs_count), tensor_list(exp_avg_sqs, exp_avg_sqs_count), tensor_list(max_exp_avg_sqs, max_exp_avg_sqs_count), tensor_list(state_steps, state_steps_count), lr, beta1, beta2, weight_decay, eps, amsgrad, maximize); });
}

}  // namespace

ct_operators ct_make_operators() noexcept {
  return ct_operators{
    .add = ct_add,
    .add_scalar = ct_add_scalar,
    .sub = ct_sub,
    .sub_scalar = ct_sub_scalar,
    .mul = ct_mul,
    .mul_scalar = ct_mul_scalar,
    .div = ct_div,
    .div_scalar = ct_div_scalar,
    .rsub_scalar = ct_rsub_scalar,
    .neg = ct_neg,
    .reciprocal = ct_reciprocal,
    .lerp = ct_lerp,
    .addcmul = ct_addcmul,
    .add_in_place = ct_add_in_place,
    .mul_in_place_scalar = ct_mul_in_place_scalar,
    .mul_in_place = ct_mul_in_place,
    .copy_in_place = ct_copy_in_place,
    .zero_in_place = ct_zero_in_place,
    .abs = ct_abs,
    .exp = ct_exp,
    .log = ct_log,
    .sqrt = ct_sqrt,
    .rsqrt = ct_rsqrt,
    .square = ct_square,
    .sin = ct_sin,
    .cos = ct_cos,
    .tanh = ct_tanh,
    .sigmoid = ct_sigmoid,
    .relu = ct_relu,
    .leaky_relu = ct_leaky_relu,
    .silu = ct_silu,
    .gelu = ct_gelu,
    .round = ct_round,
    .floor = ct_floor,
    .pow_scalar = ct_pow_scalar,
    .clamp = ct_clamp,
    .isfinite = ct_isfinite,
    .eq = ct_eq,
    .eq_scalar = ct_eq_scalar,
    .lt = ct_lt,
    .lt_scalar = ct_lt_scalar,
    .gt_scalar = ct_gt_scalar,
    .ge_scalar = ct_ge_scalar,
    .where = ct_where,
    .maximum = ct_maximum,
    .minimum = ct_minimum,
    .sum = ct_sum,
    .sum_dim = ct_sum_dim,
    .mean = ct_mean,
    .mean_dim = ct_mean_dim,
    .var_dim = ct_var_dim,
    .std_dim = ct_std_dim,
    .amax = ct_amax,
    .amin = ct_amin,
    .max = ct_max,
    .min = ct_min,
    .all = ct_all,
    .any = ct_any,
    .argmax = ct_argmax,
    .cumsum = ct_cumsum,
    .norm = ct_norm,
    .linalg_vector_norm = ct_linalg_vector_norm,
    .matmul = ct_matmul,
    .bmm = ct_bmm,
    .addmm = ct_addmm,
    .baddbmm = ct_baddbmm,
    .linear = ct_linear,
    .linalg_eigh = ct_linalg_eigh,
    .cdist = ct_cdist,
    .fft_fft2 = ct_fft_fft2,
    .conv2d = ct_conv2d,
    .conv_transpose2d = ct_conv_transpose2d,
    .group_norm = ct_group_norm,
    .layer_norm = ct_layer_norm,
    .batch_norm = ct_batch_norm,
    .max_pool2d = ct_max_pool2d,
    .avg_pool2d = ct_avg_pool2d,
    .scaled_dot_product_attention = ct_scaled_dot_product_attention,
    .softmax = ct_softmax,
    .embedding = ct_embedding,
    .upsample_nearest2d = ct_upsample_nearest2d,
    .upsample_bilinear2d = ct_upsample_bilinear2d,
    .upsample_bicubic2d = ct_upsample_bicubic2d,
    .pixel_shuffle = ct_pixel_shuffle,
    .pixel_unshuffle = ct_pixel_unshuffle,
    .pad = ct_pad,
    .mse_loss = ct_mse_loss,
    .l1_loss = ct_l1_loss,
    .binary_cross_entropy_with_logits = ct_binary_cross_entropy_with_logits,
    .reshape = ct_reshape,
    .view = ct_view,
    .permute = ct_permute,
    .transpose = ct_transpose,
    .flatten = ct_flatten,
    .squeeze = ct_squeeze,
    .squeeze_dim = ct_squeeze_dim,
    .unsqueeze = ct_unsqueeze,
    .expand = ct_expand,
    .repeat = ct_repeat,
    .repeat_interleave = ct_repeat_interleave,
    .flip = ct_flip,
    .narrow = ct_narrow,
    .select = ct_select,
    .index_select = ct_index_select,
    .gather = ct_gather,
    .chunk = ct_chunk,
    .cat = ct_cat,
    .stack = ct_stack,
    .alias = ct_alias,
    .view_as_real = ct_view_as_real,
    .clone = ct_clone,
    .zeros_like = ct_zeros_like,
    .detach = ct_detach,
    .foreach_mul_in_place_scalar = ct_foreach_mul_in_place_scalar,
    .foreach_lerp_in_place_scalar = ct_foreach_lerp_in_place_scalar,
    .foreach_copy_in_place = ct_foreach_copy_in_place,
    .foreach_norm = ct_foreach_norm,
    .amp_foreach_non_finite_check_and_unscale_in_place = ct_amp_foreach_non_finite_check_and_unscale_in_place,
    .fused_adamw_in_place = ct_fused_adamw_in_place,
  };
}
