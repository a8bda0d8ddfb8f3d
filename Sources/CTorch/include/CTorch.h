#pragma once
// The border between Swift and LibTorch, in plain C. Nothing is thrown across it: every function that can fail
// returns a `ct_status` and fills an explicit error. The functions are in `libctorch`, a separate library that
// `ct_load` opens when the first tensor is needed, so that a program which needs no tensor never starts LibTorch.
#include "CTorchOperators.h"
#include "CTorchTypes.h"

/// Everything that is not in the operator table: handles, memory, conversions, randomness, autograd, threads.
typedef struct ct_functions {
  // Handles
  void (*_Nonnull tensor_release)(ct_tensor _Nonnull);
  void (*_Nonnull generator_release)(ct_generator _Nonnull);
  void (*_Nonnull list_free)(ct_tensor _Nullable *_Nonnull);
  void (*_Nonnull message_free)(char *_Nonnull);
  int64_t (*_Nonnull live_handles)(void);
  /// Handles made on the calling thread, less those released on it.
  int64_t (*_Nonnull live_handles_of_thread)(void);

  // Making tensors
  int32_t (*_Nonnull from_bytes)(const void *_Nonnull bytes, const ptrdiff_t *_Nonnull shape, size_t rank,
                                 int32_t dtype, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);
  /// No copy: `release(context)` runs after the last tensor over the memory is gone.
  int32_t (*_Nonnull over_memory)(void *_Nonnull memory, const ptrdiff_t *_Nonnull shape, size_t rank, int32_t dtype,
                                  void *_Nonnull context, ct_release _Nonnull release,
                                  ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);
  int32_t (*_Nonnull full)(const ptrdiff_t *_Nonnull shape, size_t rank, double value, ct_options options,
                           ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);
  int32_t (*_Nonnull empty)(const ptrdiff_t *_Nonnull shape, size_t rank, ct_options options,
                            ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);
  int32_t (*_Nonnull arange)(double start, double end, double step, ct_options options,
                             ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);

  // Randomness
  int32_t (*_Nonnull generator_make)(uint64_t seed, ct_generator _Nullable *_Nonnull out, ct_error *_Nonnull error);
  int32_t (*_Nonnull generator_state)(ct_generator _Nonnull generator, ct_tensor _Nullable *_Nonnull out,
                                      ct_error *_Nonnull error);
  int32_t (*_Nonnull generator_restore)(ct_generator _Nonnull generator, ct_tensor _Nonnull state,
                                        ct_error *_Nonnull error);
  int32_t (*_Nonnull randn)(const ptrdiff_t *_Nonnull shape, size_t rank, ct_generator _Nonnull generator,
                            ct_options options, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);
  int32_t (*_Nonnull rand)(const ptrdiff_t *_Nonnull shape, size_t rank, ct_generator _Nonnull generator,
                           ct_options options, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);
  int32_t (*_Nonnull randint)(ptrdiff_t low, ptrdiff_t high, const ptrdiff_t *_Nonnull shape, size_t rank,
                              ct_generator _Nonnull generator, ct_tensor _Nullable *_Nonnull out,
                              ct_error *_Nonnull error);
  int32_t (*_Nonnull randperm)(ptrdiff_t count, ct_generator _Nonnull generator, ct_tensor _Nullable *_Nonnull out,
                               ct_error *_Nonnull error);

  // Looking at tensors
  size_t (*_Nonnull rank)(ct_tensor _Nonnull);
  void (*_Nonnull sizes)(ct_tensor _Nonnull, ptrdiff_t *_Nonnull out);
  void (*_Nonnull strides)(ct_tensor _Nonnull, ptrdiff_t *_Nonnull out);
  int32_t (*_Nonnull dtype)(ct_tensor _Nonnull);
  ct_device (*_Nonnull device)(ct_tensor _Nonnull);
  bool (*_Nonnull is_contiguous)(ct_tensor _Nonnull, int32_t memory_format);
  int32_t (*_Nonnull copy_bytes)(ct_tensor _Nonnull, void *_Nonnull out, size_t byte_count, ct_error *_Nonnull error);
  int32_t (*_Nonnull item)(ct_tensor _Nonnull, double *_Nonnull out, ct_error *_Nonnull error);

  // Conversions
  int32_t (*_Nonnull to_dtype)(ct_tensor _Nonnull, int32_t dtype, ct_tensor _Nullable *_Nonnull out,
                               ct_error *_Nonnull error);
  int32_t (*_Nonnull to_device)(ct_tensor _Nonnull, ct_device device, ct_tensor _Nullable *_Nonnull out,
                                ct_error *_Nonnull error);
  int32_t (*_Nonnull contiguous)(ct_tensor _Nonnull, int32_t memory_format, ct_tensor _Nullable *_Nonnull out,
                                 ct_error *_Nonnull error);

  // Convolutions whose weights were brought into oneDNN's own layout once; inference on CPUs alone
  bool (*_Nonnull packs_convolutions)(void);
  int32_t (*_Nonnull pack_convolution)(ct_tensor _Nonnull weight, ptrdiff_t stride, const ptrdiff_t *_Nonnull padding,
                                       const ptrdiff_t *_Nonnull input_shape, ct_tensor _Nullable *_Nonnull out,
                                       ct_error *_Nonnull error);
  /// `padding` is of height and of width, of both functions. `activation` is one of oneDNN's, such as `swish`, or `none`.
  int32_t (*_Nonnull packed_convolution)(ct_tensor _Nonnull input, ct_tensor _Nonnull packed,
                                         ct_tensor _Nullable bias, ptrdiff_t stride, const ptrdiff_t *_Nonnull padding,
                                         const char *_Nonnull activation, ct_tensor _Nullable *_Nonnull out,
                                         ct_error *_Nonnull error);

  // Convolutions in 8-bit integers, with weights that were rounded once; inference on CPUs alone
  /// Whether the processor has the instructions that make them worth it.
  bool (*_Nonnull quantises_convolutions)(void);
  /// `scales` are those of the outputs.
  int32_t (*_Nonnull quantise_convolution)(ct_tensor _Nonnull weight, ptrdiff_t stride,
                                           const ptrdiff_t *_Nonnull padding, const ptrdiff_t *_Nonnull input_shape,
                                           ct_tensor _Nullable *_Nonnull out, ct_tensor _Nullable *_Nonnull scales,
                                           ct_error *_Nonnull error);
  /// `input` and the result are float32.
  int32_t (*_Nonnull quantised_convolution)(ct_tensor _Nonnull input, ct_tensor _Nonnull packed,
                                            ct_tensor _Nonnull scales, ct_tensor _Nullable bias, ptrdiff_t stride,
                                            const ptrdiff_t *_Nonnull padding, const char *_Nonnull activation,
                                            ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);

  /// Group normalisation of a float32 image that lies channels-last, without gradients: `offset` is added before it,
  /// `gain` multiplied and `shift` added after weight and bias, each `[B or 1, C, 1, 1]` or null; then SiLU on request.
  int32_t (*_Nonnull group_norm_pointwise)(ct_tensor _Nonnull input, ptrdiff_t groups, ct_tensor _Nonnull weight,
                                           ct_tensor _Nonnull bias, double epsilon, ct_tensor _Nullable offset,
                                           ct_tensor _Nullable gain, ct_tensor _Nullable shift, bool silu,
                                           ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);

  /// The same of a bfloat16 image that lies channels-last, with gradients of all that require them; weight and bias are
  /// float32, the others of any type.
  int32_t (*_Nonnull group_norm_training)(ct_tensor _Nonnull input, ptrdiff_t groups, ct_tensor _Nonnull weight,
                                          ct_tensor _Nonnull bias, double epsilon, ct_tensor _Nullable offset,
                                          ct_tensor _Nullable gain, ct_tensor _Nullable shift, bool silu,
                                          ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);

  /// Whether `scaled_dot_product_attention` has a kernel for these operands that never holds all scores.
  int32_t (*_Nonnull fuses_attention)(ct_tensor _Nonnull query, ct_tensor _Nonnull key, ct_tensor _Nonnull value,
                                      ct_tensor _Nullable mask, bool *_Nonnull out, ct_error *_Nonnull error);

  // Autograd
  bool (*_Nonnull requires_grad)(ct_tensor _Nonnull);
  int32_t (*_Nonnull set_requires_grad)(ct_tensor _Nonnull, bool, ct_error *_Nonnull error);
  /// A null result without an error: there is no gradient.
  int32_t (*_Nonnull grad)(ct_tensor _Nonnull, ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);
  int32_t (*_Nonnull set_grad)(ct_tensor _Nonnull, ct_tensor _Nullable grad, ct_error *_Nonnull error);
  int32_t (*_Nonnull backward)(ct_tensor _Nonnull, ct_tensor _Nullable gradient, ct_error *_Nonnull error);
  bool (*_Nonnull grad_enabled)(void);
  void (*_Nonnull set_grad_enabled)(bool);
  int32_t (*_Nonnull checkpoint)(const ct_tensor _Nonnull *_Nonnull inputs, size_t input_count,
                                 void *_Nonnull context, ct_body _Nonnull body, ct_release _Nonnull release,
                                 ct_tensor _Nullable *_Nonnull out, ct_error *_Nonnull error);

  // Autocast
  int32_t (*_Nonnull autocast_enter)(int32_t device_kind, int32_t dtype, ct_error *_Nonnull error);
  void (*_Nonnull autocast_leave)(int32_t device_kind, bool was_enabled, int32_t previous_dtype);
  bool (*_Nonnull autocast_enabled)(int32_t device_kind);
  int32_t (*_Nonnull autocast_dtype)(int32_t device_kind);

  // Several processes that compute together. Tensors lie on the CPU. `limited`: all processes have to start the
  // collective within the time limit of a step.
  int32_t (*_Nonnull group_make)(const ct_group_options *_Nonnull options, ct_group _Nullable *_Nonnull out,
                                 ct_error *_Nonnull error);
  void (*_Nonnull group_release)(ct_group _Nonnull);
  /// The sum over all processes, in place.
  int32_t (*_Nonnull group_sum)(ct_group _Nonnull, ct_tensor _Nonnull tensor, bool limited, ct_error *_Nonnull error);
  /// Overwrites the tensor with that of process `root`.
  int32_t (*_Nonnull group_broadcast)(ct_group _Nonnull, ct_tensor _Nonnull tensor, int32_t root, bool limited,
                                      ct_error *_Nonnull error);
  /// Waits until all processes have called this.
  int32_t (*_Nonnull group_barrier)(ct_group _Nonnull, bool limited, ct_error *_Nonnull error);
  /// Fails if a process is known to be lost.
  int32_t (*_Nonnull group_require_whole)(ct_group _Nonnull, ct_error *_Nonnull error);
  bool (*_Nonnull group_has_failed)(ct_group _Nonnull);
  /// Sends the others the reason why this process ends.
  void (*_Nonnull group_report)(ct_group _Nonnull, const char *_Nonnull reason);
  /// Leaves the group once all processes do.
  int32_t (*_Nonnull group_leave)(ct_group _Nonnull, ct_error *_Nonnull error);

  /// Adds up the gradients of parameters in buckets of about `bucket_bytes`; keeps the group alive no longer than the
  /// caller does.
  int32_t (*_Nonnull reducer_make)(ct_group _Nonnull, const ct_tensor _Nonnull *_Nonnull parameters, size_t count,
                                   size_t bucket_bytes, ct_reducer _Nullable *_Nonnull out, ct_error *_Nonnull error);
  void (*_Nonnull reducer_release)(ct_reducer _Nonnull);
  /// From now on gradients are final once the backward pass has made them: buckets leave as they become full.
  int32_t (*_Nonnull reducer_begin)(ct_reducer _Nonnull, ct_error *_Nonnull error);
  /// Waits until every parameter's gradient is the sum over all processes. `overlapped` becomes the number of buckets
  /// that had left before.
  int32_t (*_Nonnull reducer_finish)(ct_reducer _Nonnull, size_t *_Nonnull overlapped, ct_error *_Nonnull error);

  // Memory
  /// The bytes of tensors on a device, now and at most since the last reset; false if nothing counts them.
  bool (*_Nonnull memory)(ct_device device, int64_t *_Nonnull live, int64_t *_Nonnull peak);
  bool (*_Nonnull reset_peak_memory)(ct_device device);
  /// From now on writes the bytes of tensors on the CPU after every allocation into `buffer`, which stays valid until the
  /// next call; null ends that. Returns how many allocations there were since the call before, more than `capacity` too.
  size_t (*_Nonnull trace_memory)(int64_t *_Nullable buffer, size_t capacity);

  // The machine
  void (*_Nonnull set_threads)(int32_t);
  int32_t (*_Nonnull threads)(void);
  int32_t (*_Nonnull cuda_device_count)(void);
  bool (*_Nonnull mps_available)(void);
  const char *_Nonnull (*_Nonnull version)(void);
} ct_functions;

/// What the runtime library offers; `size` guards against a library of another build.
typedef struct ct_api {
  size_t size;
  ct_operators operators;
  ct_functions functions;
} ct_api;

#ifdef __cplusplus
extern "C" {
#endif

/// Opens LibTorch and the runtime library and returns its functions.
///
/// `libtorch` is the folder of a LibTorch distribution (`lib/` inside) or null for the one that the runtime library
/// was linked with; `runtime` is the runtime library's path. On failure returns null and sets `message`, which the
/// caller frees.
const ct_api *_Nullable ct_load(const char *_Nullable libtorch, const char *_Nonnull runtime,
                                char *_Nullable *_Nonnull message);

#ifdef __cplusplus
}
#endif
