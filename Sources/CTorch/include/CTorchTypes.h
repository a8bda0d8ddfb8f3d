#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A tensor: one counted reference, released with `tensor_release`.
typedef struct ct_tensor_handle *ct_tensor;
/// A random number generator, released with `generator_release`.
typedef struct ct_generator_handle *ct_generator;

/// Processes that compute together, released with `group_release`.
typedef struct ct_group_handle *ct_group;
/// What adds up gradients over a group, released with `reducer_release`.
typedef struct ct_reducer_handle *ct_reducer;

/// What went wrong. Every function returns a `ct_status`; the text is freed with `message_free`.
typedef struct ct_error {
  char *_Nullable message;
  /// The process that a failure of a group is about, from 0; below 0 if it is about none. The message is then that
  /// process's place, a line end, and a reason; either may be empty.
  int32_t process;
} ct_error;

enum ct_status {
  CT_OK = 0,
  CT_FAILED = 1,
  CT_OUT_OF_MEMORY = 2,
  /// A callback of the caller failed; it keeps its own error.
  CT_CALLBACK_FAILED = 3,
  /// A process of the group did not answer, or did not start a collective, within its time limit.
  CT_TIMED_OUT = 4,
  /// A process of the group is gone and gave no reason.
  CT_DISCONNECTED = 5,
  /// A process of the group has ended with an error, which is the reason.
  CT_PROCESS_FAILED = 6,
  /// A process did not join the group in time.
  CT_NOT_JOINED = 7,
  /// The port that rank 0 is to listen on is not free.
  CT_PORT_TAKEN = 8,
  /// Nothing answers at the address of rank 0.
  CT_UNREACHABLE = 9,
};

/// A process's place in a group that is to be made.
typedef struct ct_group_options {
  /// Where rank 0 serves the store.
  const char *_Nonnull host;
  uint16_t port;
  int32_t rank;
  int32_t count;
  /// Whether this process serves the store. If none does, a launcher does.
  bool serves;
  /// Whether rank 0 serves the store, this process or another.
  bool rank_0_serves;
  /// A socket that listens on the port already, of which the server takes hold; below 0 if there is none.
  int32_t listening;
  /// What the keys in the store begin with.
  const char *_Nonnull prefix;
  /// The network interface to compute over; null for the one by which `host` is reached.
  const char *_Nullable network_interface;
  /// What others call this process in errors: its machine and number.
  const char *_Nonnull place;
  int64_t join_milliseconds;
  int64_t step_milliseconds;
} ct_group_options;

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
