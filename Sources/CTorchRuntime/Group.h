#pragma once
// Several processes that compute together: LibTorch's c10d over TCP.
#include "Guard.h"

#include <ATen/core/ivalue.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

/// The processes that were started together, as one of them sees it. All of them start the same collectives in the same
/// order; one thread of each process does.
///
/// A second thread reports regularly, through the store, that this process lives and how many collectives it has
/// started, and reads the same of the others. So a process that is stopped, killed or cut off is found and named, while
/// one that still computes is not taken for lost, however long the others wait for it.
class Group {
 public:
  explicit Group(const ct_group_options &options);
  Group(const Group &) = delete;
  /// Leaves, and frees the group. After a failure it stays where it is: LibTorch's destructors wait for collectives that
  /// will never end, and the watching thread may hang in the store.
  static void dispose(Group *group) noexcept;

  /// A collective that was started.
  struct Pending;

  /// Starts to add up a tensor of the CPU over all processes, in place.
  std::shared_ptr<Pending> start_sum(const at::Tensor &tensor);
  /// Waits for its end. `limited`: all processes have to start it within the time limit of a step.
  void wait(Pending &pending, bool limited);
  void broadcast(const at::Tensor &tensor, int root, bool limited);
  void barrier(bool limited);

  /// Throws if a process is known to be lost.
  void require_whole();
  bool has_failed();
  /// Sends the others the reason why this process ends.
  void report(const std::string &reason);
  /// Leaves the group once all processes do.
  void leave();

 private:
  ~Group() = default;
  using Clock = std::chrono::steady_clock;
  struct Peer {
    std::string place;
    std::string beat;
    int64_t started = 0;
    Clock::time_point changed;
  };

  const int rank_;
  const int count_;
  const bool serves_;
  const bool store_is_rank_0s_;
  const std::chrono::milliseconds limit_;
  const std::chrono::milliseconds period_;
  c10::intrusive_ptr<c10d::Store> store_;
  /// Another connection, of the watching thread alone: a request that waits holds up its connection.
  c10::intrusive_ptr<c10d::Store> watch_store_;
  c10::intrusive_ptr<c10d::Backend> backend_;
  std::atomic<int64_t> started_{0};
  std::thread watcher_;

  // Guarded by `mutex_`.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool leaving_ = false;
  std::optional<Clock::time_point> asking_since_;
  std::vector<Peer> peers_;
  /// The failure as the computing thread sees it, for the watching thread, which alone uses the store: the store may
  /// hang.
  std::optional<GroupFailure> proposed_;
  std::optional<GroupFailure> failure_;

  void join(const ct_group_options &options);
  std::shared_ptr<Pending> started(c10::intrusive_ptr<c10d::Work> work);
  void watch();
  /// Notes the heartbeats of the other processes; returns a failure if one of them has stopped.
  std::optional<GroupFailure> look_at(const std::vector<std::vector<uint8_t>> &beats);
  void adopt(const GroupFailure &failure);
  /// Makes a failure that of the whole group, unless another process has stored one before. The watching thread calls
  /// this.
  void settle(const GroupFailure &proposed);
  /// Waits until the watching thread has settled the group's failure, and throws that.
  [[noreturn]] void declare(int32_t status, int rank, const std::string &text = "");
  [[noreturn]] void blame_late();
  [[noreturn]] void blame_gone(const std::string &text);
  /// Keeps the store until the others have read there why the group ends, if this process serves it.
  void linger();
  GroupFailure failure(int32_t status, int rank, const std::string &text);
};

/// The group behind a handle.
inline Group &group(ct_group handle) { return *reinterpret_cast<Group *>(handle); }

/// Fills in groups and reducers.
void add_parallel(ct_functions &table) noexcept;
void add_reducer(ct_functions &table) noexcept;
