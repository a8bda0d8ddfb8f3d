#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A tensor: one counted reference, released with `tensor_release`.
typedef struct ct_tensor_handle *ct_tensor;
/// A random number generator, released with `generator_release`.
typedef struct ct_generator_handle *ct_generator;

/// What went wrong. Every function returns a `ct_status`; the text is freed with `message_free`.
typedef struct ct_error {
  char *_Nullable message;
} ct_error;

enum ct_status {
  CT_OK = 0,
  CT_FAILED = 1,
  CT_OUT_OF_MEMORY = 2,
  /// A callback of the caller failed; it keeps its own error.
  CT_CALLBACK_FAILED = 3,
};

enum ct_dtype {
  CT_UINT8 = 0,
  CT_INT32 = 1,
  CT_INT64 = 2,
  CT_FLOAT16 = 3,
  CT_BFLOAT16 = 4,
  CT_FLOAT32 = 5,
  CT_FLOAT64 = 6,
  CT_BOOL = 7,
};

enum ct_device_kind { CT_CPU = 0, CT_CUDA = 1, CT_MPS = 2 };

enum ct_memory_format { CT_CONTIGUOUS = 0, CT_CHANNELS_LAST = 1 };

typedef struct ct_device {
  int32_t kind;
  int32_t index;
} ct_device;

typedef struct ct_options {
  int32_t dtype;
  ct_device device;
} ct_options;

/// What `checkpoint` calls, once in the forward and once in the backward pass.
typedef int32_t (*ct_body)(
    void *_Nonnull context, const ct_tensor _Nonnull *_Nonnull inputs, size_t input_count,
    ct_tensor _Nullable *_Nonnull out);
typedef void (*ct_release)(void *_Nonnull context);
