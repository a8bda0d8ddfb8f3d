// Everything that the operator table cannot say: handles, memory, conversions, randomness, autograd, threads.
#include "Guard.h"
#include "Autograd.h"
#include "CTorchRuntime.h"
#include "Group.h"
#include "Memory.h"
#include "Normalisation.h"
#include "Packed.h"
#include "Quantised.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/SDPBackend.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/detail/MPSHooksInterface.h>
#include <torch/version.h>

#include <dlfcn.h>

#include <string>

std::atomic<int64_t> ct_live{0};
thread_local int64_t ct_live_of_thread = 0;

at::ScalarType scalar_type(int32_t dtype) {
  switch (dtype) {
    case CT_UINT8: return at::kByte;
    case CT_INT32: return at::kInt;
    case CT_INT64: return at::kLong;
    case CT_FLOAT16: return at::kHalf;
    case CT_BFLOAT16: return at::kBFloat16;
    case CT_FLOAT32: return at::kFloat;
    case CT_FLOAT64: return at::kDouble;
    case CT_BOOL: return at::kBool;
  }
  TORCH_CHECK(false, "unknown dtype code ", dtype);
}

int32_t dtype_code(at::ScalarType type) {
  switch (type) {
    case at::kByte: return CT_UINT8;
    case at::kInt: return CT_INT32;
    case at::kLong: return CT_INT64;
    case at::kHalf: return CT_FLOAT16;
    case at::kBFloat16: return CT_BFLOAT16;
    case at::kFloat: return CT_FLOAT32;
    case at::kDouble: return CT_FLOAT64;
    case at::kBool: return CT_BOOL;
    default: return -1;
  }
}

at::Device torch_device(ct_device device) {
  switch (device.kind) {
    case CT_CPU: return at::Device(at::kCPU);
    case CT_CUDA: return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
    case CT_MPS: return at::Device(at::kMPS, 0);
  }
  TORCH_CHECK(false, "unknown device kind ", device.kind);
}

namespace {

at::TensorOptions tensor_options(ct_options options) {
  return at::TensorOptions().dtype(scalar_type(options.dtype)).device(torch_device(options.device));
}

at::Generator &generator(ct_generator handle) { return *reinterpret_cast<at::Generator *>(handle); }

at::MemoryFormat memory_format(int32_t format) {
  return format == CT_CHANNELS_LAST ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

// Handles

void tensor_release(ct_tensor handle) {
  delete reinterpret_cast<at::Tensor *>(handle);
  count_handle(-1);
}

void generator_release(ct_generator handle) {
  delete reinterpret_cast<at::Generator *>(handle);
  count_handle(-1);
}

void list_free(ct_tensor *list) { free(list); }
void message_free(char *message) { free(message); }
int64_t live_handles() { return ct_live.load(std::memory_order_relaxed); }
int64_t live_handles_of_thread() { return ct_live_of_thread; }

// Making tensors

int32_t from_bytes(const void *bytes, const ptrdiff_t *shape, size_t rank, int32_t dtype, ct_tensor *out,
                   ct_error *error) {
  return guarded(error, [&] {
    auto result = at::empty(ints(shape, rank), at::TensorOptions().dtype(scalar_type(dtype)));
    if (result.nbytes() > 0) memcpy(result.mutable_data_ptr(), bytes, result.nbytes());
    *out = own(std::move(result));
  });
}

int32_t over_memory(void *memory, const ptrdiff_t *shape, size_t rank, int32_t dtype, void *context,
                    ct_release release, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] {
    *out = own(at::from_blob(
        memory, ints(shape, rank), [context, release](void *) { release(context); },
        at::TensorOptions().dtype(scalar_type(dtype))));
  });
}

int32_t full(const ptrdiff_t *shape, size_t rank, double value, ct_options options, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] { *out = own(at::full(ints(shape, rank), value, tensor_options(options))); });
}

int32_t empty(const ptrdiff_t *shape, size_t rank, ct_options options, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] { *out = own(at::empty(ints(shape, rank), tensor_options(options))); });
}

int32_t arange(double start, double end, double step, ct_options options, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] { *out = own(at::arange(start, end, step, tensor_options(options))); });
}

// Randomness

int32_t generator_make(uint64_t seed, ct_generator *out, ct_error *error) {
  return guarded(error, [&] {
    auto *handle = new at::Generator(at::make_generator<at::CPUGeneratorImpl>(seed));
    count_handle(1);
    *out = reinterpret_cast<ct_generator>(handle);
  });
}

int32_t generator_state(ct_generator handle, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] { *out = own(generator(handle).get_state()); });
}

int32_t generator_restore(ct_generator handle, ct_tensor state, ct_error *error) {
  return guarded(error, [&] { generator(handle).set_state(tensor(state)); });
}

// Drawn on the CPU whatever the device, so that a seed means the same numbers everywhere.
int32_t randn(const ptrdiff_t *shape, size_t rank, ct_generator handle, ct_options options, ct_tensor *out,
              ct_error *error) {
  return guarded(error, [&] {
    auto drawn = at::randn(ints(shape, rank), generator(handle), at::TensorOptions().dtype(scalar_type(options.dtype)));
    *out = own(drawn.to(torch_device(options.device)));
  });
}

int32_t rand(const ptrdiff_t *shape, size_t rank, ct_generator handle, ct_options options, ct_tensor *out,
             ct_error *error) {
  return guarded(error, [&] {
    auto drawn = at::rand(ints(shape, rank), generator(handle), at::TensorOptions().dtype(scalar_type(options.dtype)));
    *out = own(drawn.to(torch_device(options.device)));
  });
}

int32_t randint(ptrdiff_t low, ptrdiff_t high, const ptrdiff_t *shape, size_t rank, ct_generator handle,
                ct_tensor *out, ct_error *error) {
  return guarded(error, [&] {
    *out = own(at::randint(low, high, ints(shape, rank), generator(handle), at::TensorOptions().dtype(at::kLong)));
  });
}

int32_t randperm(ptrdiff_t count, ct_generator handle, ct_tensor *out, ct_error *error) {
  return guarded(error,
                 [&] { *out = own(at::randperm(count, generator(handle), at::TensorOptions().dtype(at::kLong))); });
}

// Looking at tensors

size_t rank(ct_tensor handle) { return static_cast<size_t>(tensor(handle).dim()); }

void sizes(ct_tensor handle, ptrdiff_t *out) {
  for (auto size : tensor(handle).sizes()) *out++ = static_cast<ptrdiff_t>(size);
}

void strides(ct_tensor handle, ptrdiff_t *out) {
  if (!tensor(handle).has_storage()) return;  // oneDNN's blocked layout has no strides
  for (auto stride : tensor(handle).strides()) *out++ = static_cast<ptrdiff_t>(stride);
}

int32_t dtype(ct_tensor handle) { return dtype_code(tensor(handle).scalar_type()); }

ct_device device(ct_tensor handle) {
  auto device = tensor(handle).device();
  if (device.is_cuda()) return {CT_CUDA, device.index()};
  if (device.is_mps()) return {CT_MPS, 0};
  return {CT_CPU, 0};
}

bool is_contiguous(ct_tensor handle, int32_t format) {
  return tensor(handle).has_storage() && tensor(handle).is_contiguous(memory_format(format));
}

int32_t copy_bytes(ct_tensor handle, void *out, size_t byte_count, ct_error *error) {
  return guarded(error, [&] {
    auto source = tensor(handle).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(source.nbytes() == byte_count, "the tensor holds ", source.nbytes(), " bytes, not ", byte_count);
    if (byte_count > 0) memcpy(out, source.const_data_ptr(), byte_count);
  });
}

int32_t item(ct_tensor handle, double *out, ct_error *error) {
  return guarded(error, [&] { *out = tensor(handle).item().toDouble(); });
}

// Conversions

int32_t to_dtype(ct_tensor handle, int32_t dtype, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] { *out = own(tensor(handle).to(scalar_type(dtype))); });
}

int32_t to_device(ct_tensor handle, ct_device device, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] { *out = own(tensor(handle).to(torch_device(device))); });
}

int32_t contiguous(ct_tensor handle, int32_t format, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] { *out = own(tensor(handle).contiguous(memory_format(format))); });
}

// Attention

int32_t fuses_attention(ct_tensor query, ct_tensor key, ct_tensor value, ct_tensor mask, bool *out, ct_error *error) {
  return guarded(error, [&] {
    // Other devices compute attention from its parts, or by kernels of which nothing is promised.
    const auto &device = tensor(query).device();
    *out = (device.is_cpu() || device.is_cuda()) &&
           at::_fused_sdp_choice(tensor(query), tensor(key), tensor(value), optional_tensor(mask)) !=
               static_cast<int64_t>(at::SDPBackend::math);
  });
}

// The machine

void set_threads(int32_t count) { at::set_num_threads(count); }
int32_t threads() { return at::get_num_threads(); }

int32_t cuda_device_count() {
  try {
    return at::hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0;
  } catch (...) {
    return 0;
  }
}

bool mps_available() {
  try {
    return at::hasMPS();
  } catch (...) {
    return false;
  }
}

const char *version() { return TORCH_VERSION; }

}  // namespace

ct_functions ct_make_functions() noexcept {
  ct_functions table{};
  table.tensor_release = tensor_release;
  table.generator_release = generator_release;
  table.list_free = list_free;
  table.message_free = message_free;
  table.live_handles = live_handles;
  table.live_handles_of_thread = live_handles_of_thread;
  table.from_bytes = from_bytes;
  table.over_memory = over_memory;
  table.full = full;
  table.empty = empty;
  table.arange = arange;
  table.generator_make = generator_make;
  table.generator_state = generator_state;
  table.generator_restore = generator_restore;
  table.randn = randn;
  table.rand = rand;
  table.randint = randint;
  table.randperm = randperm;
  table.rank = rank;
  table.sizes = sizes;
  table.strides = strides;
  table.dtype = dtype;
  table.device = device;
  table.is_contiguous = is_contiguous;
  table.copy_bytes = copy_bytes;
  table.item = item;
  table.to_dtype = to_dtype;
  table.to_device = to_device;
  table.contiguous = contiguous;
  table.fuses_attention = fuses_attention;
  table.set_threads = set_threads;
  table.threads = threads;
  table.cuda_device_count = cuda_device_count;
  table.mps_available = mps_available;
  table.version = version;
  add_packed(table);
  add_quantised(table);
  add_normalisation(table);
  add_training_normalisation(table);
  add_memory(table);
  add_autograd(table);
  add_parallel(table);
  add_reducer(table);
  return table;
}

const ct_api *ct_api_table() {
  static const ct_api api = [] {
    count_memory();
    return ct_api{sizeof(ct_api), ct_make_operators(), ct_make_functions()};
  }();
  return &api;
}

const char *ct_libtorch_folder() {
  static const std::string folder = [] {
    Dl_info info;
    if (!dladdr(reinterpret_cast<void *>(&at::get_num_threads), &info) || !info.dli_fname) return std::string();
    std::string path = info.dli_fname;
    for (int level = 0; level < 2; level++) path = path.substr(0, path.rfind('/'));
    return path;
  }();
  return folder.empty() ? nullptr : folder.c_str();
}
