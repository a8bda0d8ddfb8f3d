// A group of processes: its collectives, and how one that is lost is found and named.
#include "Joining.h"

#include <ATen/ATen.h>

#include <algorithm>

using std::chrono::milliseconds;

struct Group::Pending {
  at::Tensor tensor;
  c10::intrusive_ptr<c10::ivalue::Future> future;
  std::mutex mutex;
  std::condition_variable ended;
  bool has_ended = false;
};

namespace {

/// The same of a text of gloo's, which begins with a place in its source.
std::string gloo_reason(const std::string &text) {
  const auto place = text.find("[/") == 0 ? text.find("] ") : std::string::npos;
  return first_line(place == std::string::npos ? text : text.substr(place + 2));
}

}  // namespace

Group::Group(const ct_group_options &options)
    : rank_(options.rank), count_(options.count), serves_(options.serves), store_is_rank_0s_(options.rank_0_serves),
      // A quarter of the time is left for finding out whom it is about, and for ending.
      limit_(options.step_milliseconds * 3 / 4),
      period_(std::clamp<int64_t>(options.step_milliseconds / 20, 20, 1000)), peers_(options.count) {
  join(options);
  const auto now = Clock::now();
  for (auto &peer : peers_) peer.changed = now;
  watcher_ = std::thread([this] { watch(); });
}

void Group::join(const ct_group_options &options) {
  auto stores = join_store(options);
  store_ = std::move(stores.store);
  watch_store_ = std::move(stores.watch);
  const auto deadline = Clock::now() + milliseconds(options.join_milliseconds);
  store_->set(beat_key(rank_), bytes("0 0"));
  store_->set(place_key(rank_), bytes(options.place));
  for (int rank = 0; rank < count_; rank++) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    try {
      store_->wait({place_key(rank)}, std::max(left, milliseconds(1)));
      peers_[rank].place = text(store_->get(place_key(rank)));
    } catch (const std::exception &) {
      throw GroupFailure(CT_NOT_JOINED, rank, "\n");
    }
  }
  try {
    backend_ = join_gloo(options, store_);
  } catch (const std::exception &caught) {
    throw GroupFailure(CT_UNREACHABLE, -1, "\n" + first_line(caught.what()));
  }
}

void Group::dispose(Group *group) noexcept {
  if (!group->has_failed()) {
    try {
      group->leave();
    } catch (...) {
    }
  }
  if (group->has_failed()) {
    group->linger();
    return;
  }
  delete group;
}

void Group::leave() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (leaving_) return;
    leaving_ = true;
  }
  changed_.notify_all();
  watcher_.join();
  // Afterwards no one asks the store any more, and the process that serves it may end.
  barrier(true);
}

// Collectives

std::shared_ptr<Group::Pending> Group::started(c10::intrusive_ptr<c10d::Work> work) {
  auto pending = std::make_shared<Pending>();
  pending->future = work->getFuture();
  pending->future->addCallback([pending](c10::ivalue::Future &) {
    {
      std::lock_guard<std::mutex> lock(pending->mutex);
      pending->has_ended = true;
    }
    pending->ended.notify_all();
  });
  return pending;
}

std::shared_ptr<Group::Pending> Group::start_sum(const at::Tensor &tensor) {
  started_++;
  std::vector<at::Tensor> tensors{tensor};
  return started(backend_->allreduce(tensors));
}

void Group::broadcast(const at::Tensor &tensor, int root, bool limited) {
  require_whole();
  started_++;
  std::vector<at::Tensor> tensors{tensor};
  c10d::BroadcastOptions options;
  options.rootRank = root;
  wait(*started(backend_->broadcast(tensors, options)), limited);
}

void Group::barrier(bool limited) {
  // A sum rather than gloo's barrier, which has no future to wait for.
  auto one = at::zeros({1}, at::kFloat);
  require_whole();
  wait(*start_sum(one), limited);
}

void Group::wait(Pending &pending, bool limited) {
  const auto begin = Clock::now();
  std::unique_lock<std::mutex> lock(pending.mutex);
  while (!pending.ended.wait_for(lock, milliseconds(50), [&] { return pending.has_ended; })) {
    require_whole();
    if (limited && Clock::now() - begin > limit_) blame_late();
  }
  if (pending.future->hasError()) {
    blame_gone(gloo_reason(pending.future->tryRetrieveErrorMessage()));
  }
}

// Failures

GroupFailure Group::failure(int32_t status, int rank, const std::string &text) {
  const auto place = rank >= 0 && rank < count_ ? peers_[rank].place : "";
  return GroupFailure(status, rank, place + "\n" + text);
}

bool Group::has_failed() {
  std::lock_guard<std::mutex> lock(mutex_);
  return failure_.has_value();
}

void Group::require_whole() {
  std::lock_guard<std::mutex> lock(mutex_);
  // The store of a process that is stopped takes what is asked and never answers.
  if (!failure_ && asking_since_ && Clock::now() - *asking_since_ > limit_) {
    failure_ = failure(CT_TIMED_OUT, store_is_rank_0s_ ? 0 : -1, "");
  }
  if (failure_) throw *failure_;
}

void Group::adopt(const GroupFailure &failure) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!failure_) failure_ = failure;
}

void Group::declare(int32_t status, int rank, const std::string &reason) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    proposed_ = failure(status, rank, reason);
  }
  changed_.notify_all();
  // The watching thread ends with a failure, this one or another.
  const auto begin = Clock::now();
  while (true) {
    require_whole();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      const bool is_stuck = asking_since_ && Clock::now() - *asking_since_ > std::max(period_ * 4, milliseconds(1000));
      if (is_stuck) {
        failure_ = failure(CT_TIMED_OUT, store_is_rank_0s_ ? 0 : -1, "");
      } else if (Clock::now() - begin > limit_) {
        failure_ = proposed_;
      }
    }
    std::this_thread::sleep_for(milliseconds(10));
  }
}

void Group::blame_late() {
  int silent = -1, behind = -1;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto now = Clock::now();
    for (int rank = 0; rank < count_; rank++) {
      if (rank == rank_) continue;
      const auto &peer = peers_[rank];
      if (now - peer.changed > limit_ / 2 && (silent < 0 || peer.changed < peers_[silent].changed)) silent = rank;
      if (peer.started < started_ && (behind < 0 || peer.started < peers_[behind].started)) behind = rank;
    }
  }
  // Those that are behind may only wait for what the silent one owes them, of a sum that this process has complete.
  declare(CT_TIMED_OUT, silent >= 0 ? silent : behind);
}

void Group::blame_gone(const std::string &reason) {
  // A process that ends with an error has said so before; of one that was killed the beat stands still. Until the
  // others' next beats it cannot be told from them.
  const auto begin = Clock::now();
  const auto grace = std::max<Clock::duration>(period_ * 4, milliseconds(500));
  int gone = -1;
  while (gone < 0) {
    std::this_thread::sleep_for(std::min(period_, milliseconds(100)));
    require_whole();
    const auto now = Clock::now();
    if (now - begin < grace) continue;
    std::lock_guard<std::mutex> lock(mutex_);
    for (int rank = 0; rank < count_ && gone < 0; rank++) {
      if (rank != rank_ && peers_[rank].changed < begin + period_) gone = rank;
    }
    if (now - begin > limit_) break;
  }
  declare(CT_DISCONNECTED, gone, reason);
}

void Group::report(const std::string &reason) {
  try {
    require_whole();
    declare(CT_PROCESS_FAILED, rank_, first_line(reason));
  } catch (const std::exception &) {
  }
}

void Group::linger() {
  if (!serves_) return;
  // A process that is lost hears nothing; one that has ended with an error is among those that do.
  const int hearers = failure_->status == CT_PROCESS_FAILED ? count_ : count_ - 1;
  for (int wait = 0; wait < 40; wait++) {
    try {
      if (store_->add(heard_key, 0) >= hearers) return;
    } catch (const std::exception &) {
      return;
    }
    std::this_thread::sleep_for(std::min(period_, milliseconds(100)));
  }
}
