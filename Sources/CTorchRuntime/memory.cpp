// Counts the memory of tensors: on a CPU by an allocator of ours, elsewhere by asking LibTorch's.
#include "Memory.h"
#include "Guard.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/alignment.h>
#include <c10/core/impl/alloc_cpu.h>

#include <cstddef>
#include <limits>

namespace {

std::atomic<int64_t> live{0};
std::atomic<int64_t> peak{0};

/// LibTorch's own allocation, with the number of bytes asked for in front. The space in front is as long as LibTorch's
/// alignment, so that tensors lie as they do without it, and kernels compute the same.
class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &release, c10::Device(c10::kCPU)};
    TORCH_CHECK(bytes <= std::numeric_limits<ptrdiff_t>::max() - front, "not enough memory for ", bytes, " bytes");
    auto *start = static_cast<char *>(c10::alloc_cpu(bytes + front));
    *reinterpret_cast<size_t *>(start) = bytes;
    const int64_t now = live.fetch_add(bytes, std::memory_order_relaxed) + static_cast<int64_t>(bytes);
    int64_t greatest = peak.load(std::memory_order_relaxed);
    while (now > greatest && !peak.compare_exchange_weak(greatest, now, std::memory_order_relaxed)) {
    }
    void *data = start + front;
    return {data, data, &release, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void *to, const void *from, size_t bytes) const override { default_copy_data(to, from, bytes); }

 private:
  static constexpr size_t front = c10::gAlignment;
  static_assert(front >= sizeof(size_t), "the count fits in front");

  static void release(void *data) {
    if (!data) return;
    char *start = static_cast<char *>(data) - front;
    live.fetch_sub(*reinterpret_cast<size_t *>(start), std::memory_order_relaxed);
    c10::free_cpu(start);
  }
};

/// The allocator of a GPU if it keeps counts; null otherwise.
c10::DeviceAllocator *counting_allocator(c10::Device device) {
  return dynamic_cast<c10::DeviceAllocator *>(c10::GetAllocator(device.type()));
}

bool memory(ct_device device, int64_t *out_live, int64_t *out_peak) {
  if (device.kind == CT_CPU) {
    *out_live = live.load(std::memory_order_relaxed);
    *out_peak = peak.load(std::memory_order_relaxed);
    return true;
  }
  try {
    const auto place = torch_device(device);
    auto *allocator = counting_allocator(place);
    if (!allocator) return false;
    *out_live = *out_peak = 0;
    if (!allocator->initialized()) return true;  // no tensor was made there yet
    const auto stats = allocator->getDeviceStats(place.index());
    const auto &bytes =
        stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    *out_live = bytes.current;
    *out_peak = bytes.peak;
    return true;
  } catch (...) {
    return false;
  }
}

bool reset_peak_memory(ct_device device) {
  if (device.kind == CT_CPU) {
    peak.store(live.load(std::memory_order_relaxed), std::memory_order_relaxed);
    return true;
  }
  try {
    const auto place = torch_device(device);
    auto *allocator = counting_allocator(place);
    if (!allocator) return false;
    if (allocator->initialized()) allocator->resetPeakStats(place.index());
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

void count_memory() {
  // Never freed: tensors of other libraries may outlive everything here.
  static auto *allocator = new CountingAllocator();
  c10::SetCPUAllocator(allocator, 1);  // above the default's priority
}

void add_memory(ct_functions &table) noexcept {
  table.memory = memory;
  table.reset_peak_memory = reset_peak_memory;
}
