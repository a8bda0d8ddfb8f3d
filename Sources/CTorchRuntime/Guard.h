#pragma once
// What every function of the shim shares: handles that are counted, and a guard that lets no exception out.
#include <CTorch.h>

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

/// How many handles Swift holds.
extern std::atomic<int64_t> ct_live;
/// The calling thread's share of it: tests that run side by side each see their own.
extern thread_local int64_t ct_live_of_thread;

inline void count_handle(int64_t change) noexcept {
  ct_live.fetch_add(change, std::memory_order_relaxed);
  ct_live_of_thread += change;
}

/// A callback of Swift failed; Swift keeps the error.
struct CallbackFailed : std::exception {
  const char *what() const noexcept override { return "a callback failed"; }
};

/// A process of a group is lost, or the group was not made. The text is the process's place, a line end, and a reason.
struct GroupFailure : std::exception {
  int32_t status;
  int rank;
  std::string text;

  GroupFailure(int32_t status, int rank, std::string text) : status(status), rank(rank), text(std::move(text)) {}
  const char *what() const noexcept override { return text.c_str(); }
};

inline int32_t fail(ct_error *error, int32_t status, const char *text) noexcept {
  error->message = strdup(text);
  return status;
}

inline bool says_out_of_memory(const char *text) noexcept {
  return strstr(text, "can't allocate memory") != nullptr || strstr(text, "not enough memory") != nullptr ||
         strstr(text, "out of memory") != nullptr;
}

/// Runs `body` and turns whatever it throws into a status and a text without a backtrace.
template <class Body>
int32_t guarded(ct_error *error, Body body) noexcept {
  try {
    body();
    return CT_OK;
  } catch (const CallbackFailed &) {
    return fail(error, CT_CALLBACK_FAILED, "a callback failed");
  } catch (const GroupFailure &caught) {
    error->process = caught.rank;
    return fail(error, caught.status, caught.what());
  } catch (const std::bad_alloc &) {
    return fail(error, CT_OUT_OF_MEMORY, "out of memory");
  } catch (const c10::Error &caught) {
    const char *text = caught.what_without_backtrace();
    return fail(error, says_out_of_memory(text) ? CT_OUT_OF_MEMORY : CT_FAILED, text);
  } catch (const std::exception &caught) {
    return fail(error, says_out_of_memory(caught.what()) ? CT_OUT_OF_MEMORY : CT_FAILED, caught.what());
  } catch (...) {
    return fail(error, CT_FAILED, "an unknown exception");
  }
}

inline const at::Tensor &tensor(ct_tensor handle) { return *reinterpret_cast<const at::Tensor *>(handle); }

/// For operators that take what they write to by reference.
inline at::Tensor &written_tensor(ct_tensor handle) { return *reinterpret_cast<at::Tensor *>(handle); }

inline std::optional<at::Tensor> optional_tensor(ct_tensor handle) {
  return handle ? std::optional<at::Tensor>(tensor(handle)) : std::nullopt;
}

inline std::vector<at::Tensor> tensor_list(const ct_tensor *handles, size_t count) {
  std::vector<at::Tensor> result;
  result.reserve(count);
  for (size_t i = 0; i < count; i++) result.push_back(tensor(handles[i]));
  return result;
}

inline at::IntArrayRef ints(const ptrdiff_t *values, size_t count) {
  static_assert(sizeof(ptrdiff_t) == sizeof(int64_t), "64-bit platforms only");
  return at::IntArrayRef(reinterpret_cast<const int64_t *>(values), count);
}

inline ct_tensor own(at::Tensor value) {
  auto *handle = new at::Tensor(std::move(value));
  count_handle(1);
  return reinterpret_cast<ct_tensor>(handle);
}

inline void own_list(std::vector<at::Tensor> values, ct_tensor **out, size_t *count) {
  auto *handles = static_cast<ct_tensor *>(malloc(sizeof(ct_tensor) * std::max<size_t>(values.size(), 1)));
  if (!handles) throw std::bad_alloc();
  for (size_t i = 0; i < values.size(); i++) handles[i] = own(std::move(values[i]));
  *out = handles;
  *count = values.size();
}

at::ScalarType scalar_type(int32_t dtype);
int32_t dtype_code(at::ScalarType type);
at::Device torch_device(ct_device device);

ct_operators ct_make_operators() noexcept;
ct_functions ct_make_functions() noexcept;
