// Counts the memory of tensors: on a CPU by an allocator of ours, elsewhere by asking LibTorch's.
#include "Memory.h"
#include "Guard.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/alignment.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace {

std::atomic<int64_t> live{0};
std::atomic<int64_t> peak{0};

/// What is in use after each allocation, for one caller at a time.
class Trace {
 public:
  void note(int64_t bytes) {
    if (!buffer.load(std::memory_order_relaxed)) return;
    const std::lock_guard<std::mutex> guard(mutex);
    if (auto *place = buffer.load(std::memory_order_relaxed)) {
      if (count < capacity) place[count] = bytes;
      count += 1;
    }
  }

  size_t begin(int64_t *place, size_t room) {
    const std::lock_guard<std::mutex> guard(mutex);
    const auto before = count;
    buffer.store(place, std::memory_order_relaxed);
    capacity = room;
    count = 0;
    return before;
  }

 private:
  std::mutex mutex;
  std::atomic<int64_t *> buffer{nullptr};
  size_t capacity = 0, count = 0;
};

Trace trace;

/// Large blocks that were freed, by size, for the next ones of the same size.
///
/// Steps of training and of drawing take and free the same sizes again and again. The C library would give them back to the
/// system each time, which then clears every page anew: a third of the processor time of a step of small networks.
class FreedBlocks {
 public:
  /// Smaller blocks are left to the C library, which keeps them itself.
  static constexpr size_t least = 64 << 10;

  /// A block for so many bytes of a tensor; null if none was kept.
  char *take(size_t bytes) {
    const std::lock_guard<std::mutex> guard(mutex);
    const auto found = blocks.find(bytes);
    if (found == blocks.end()) return nullptr;
    return remove(found);
  }

  /// Keeps a block.
  void give(char *start, size_t bytes) {
    const std::lock_guard<std::mutex> guard(mutex);
    blocks[bytes].push_back(start);
    held += bytes;
    shrink();
  }

  /// Frees blocks until no more is held, in use and kept together, than was in use at the peak.
  void shrink_to_peak() {
    const std::lock_guard<std::mutex> guard(mutex);
    shrink();
  }

 private:
  using Blocks = std::unordered_map<size_t, std::vector<char *>>;

  char *remove(Blocks::iterator found) {
    char *start = found->second.back();
    found->second.pop_back();
    held -= found->first;
    if (found->second.empty()) blocks.erase(found);
    return start;
  }

  void shrink() {
    const auto inUse = live.load(std::memory_order_relaxed), most = peak.load(std::memory_order_relaxed);
    while (held > 0 && inUse + static_cast<int64_t>(held) > most) std::free(remove(blocks.begin()));
  }

  std::mutex mutex;
  Blocks blocks;
  size_t held = 0;
};

/// Counts bytes, keeps large blocks for the next of their size, and aligns as LibTorch does, so that kernels compute the same.
class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &release, c10::Device(c10::kCPU)};
    TORCH_CHECK(bytes <= std::numeric_limits<ptrdiff_t>::max() - 2 * front, "not enough memory for ", bytes, " bytes");
    auto *start = take(bytes);
    TORCH_CHECK(start, "not enough memory for ", bytes, " bytes");
    // The first aligned address with room for the block's description in front of it.
    const auto address = reinterpret_cast<uintptr_t>(start + sizeof(Block));
    char *data = start + sizeof(Block) + (c10::gAlignment - address % c10::gAlignment) % c10::gAlignment;
    *block(data) = {start, bytes};
    return {data, data, &release, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void *to, const void *from, size_t bytes) const override { default_copy_data(to, from, bytes); }

 private:
  /// What stands in front of the data.
  struct Block {
    /// Where the memory begins.
    char *start;
    size_t bytes;
  };

  static constexpr size_t front = sizeof(Block) + c10::gAlignment;
  static_assert(c10::gAlignment % alignof(Block) == 0, "descriptions are aligned if data are");

  static Block *block(void *data) { return static_cast<Block *>(data) - 1; }

  /// Never freed: tensors of other libraries may outlive everything here.
  static FreedBlocks &freed() {
    static auto *blocks = new FreedBlocks();
    return *blocks;
  }

  /// Memory for so many bytes and what stands in front of them, counted; null if the system has none.
  static char *take(size_t bytes) {
    auto *start = bytes < FreedBlocks::least ? nullptr : freed().take(bytes);
    const bool isNew = !start;
    if (isNew) start = static_cast<char *>(std::malloc(bytes + front));
    if (!start) return nullptr;
    const int64_t now = live.fetch_add(bytes, std::memory_order_relaxed) + static_cast<int64_t>(bytes);
    int64_t greatest = peak.load(std::memory_order_relaxed);
    while (now > greatest && !peak.compare_exchange_weak(greatest, now, std::memory_order_relaxed)) {
    }
    trace.note(now);
    if (isNew && bytes >= FreedBlocks::least) freed().shrink_to_peak();
    return start;
  }

  static void release(void *data) {
    if (!data) return;
    const auto [start, bytes] = *block(data);
    live.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
    bytes < FreedBlocks::least ? std::free(start) : freed().give(start, bytes);
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

size_t trace_memory(int64_t *buffer, size_t capacity) { return trace.begin(buffer, capacity); }

}  // namespace

void count_memory() {
  // Never freed: tensors of other libraries may outlive everything here.
  static auto *allocator = new CountingAllocator();
  c10::SetCPUAllocator(allocator, 1);  // above the default's priority
}

void add_memory(ct_functions &table) noexcept {
  table.memory = memory;
  table.reset_peak_memory = reset_peak_memory;
  table.trace_memory = trace_memory;
}
