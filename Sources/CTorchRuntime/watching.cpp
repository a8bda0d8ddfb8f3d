// The thread of a group that reports that this process lives, and watches the others. It alone uses the store once the
// group is there: a store that hangs holds up no one else.
#include "Joining.h"

#include <cstdio>

void Group::settle(const GroupFailure &proposed) {
  const auto reason = proposed.text.substr(proposed.text.find('\n') + 1);
  const auto mine = std::to_string(proposed.status) + " " + std::to_string(proposed.rank) + " " + reason;
  const auto valid = text(watch_store_->compareSet(failure_key, {}, bytes(mine)));
  watch_store_->add(heard_key, 1);
  int status = 0, rank = 0, length = 0;
  const bool read = sscanf(valid.c_str(), "%d %d %n", &status, &rank, &length) >= 2;
  adopt(read ? failure(status, rank, valid.substr(length)) : proposed);
}

void Group::watch() {
  std::vector<std::string> keys;
  for (int rank = 0; rank < count_; rank++) keys.push_back(beat_key(rank));
  for (int64_t beat = 1; !has_failed(); beat++) {
    std::optional<GroupFailure> proposed;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait_for(lock, period_, [&] { return leaving_ || proposed_; });
      if (leaving_) return;
      proposed = proposed_;
      asking_since_ = Clock::now();
    }
    try {
      watch_store_->set(keys[rank_], bytes(std::to_string(beat) + " " + std::to_string(started_.load())));
      if (!proposed && watch_store_->check({failure_key})) {
        // A failure is stored already: it is adopted in place of this one.
        proposed = failure(CT_PROCESS_FAILED, rank_, "");
      }
      if (!proposed) proposed = look_at(watch_store_->multiGet(keys));
      if (proposed) settle(*proposed);
    } catch (const std::exception &caught) {
      adopt(failure(CT_DISCONNECTED, store_is_rank_0s_ ? 0 : -1, first_line(caught.what())));
    }
    std::lock_guard<std::mutex> lock(mutex_);
    asking_since_.reset();
  }
}

std::optional<GroupFailure> Group::look_at(const std::vector<std::vector<uint8_t>> &beats) {
  const auto now = Clock::now();
  std::optional<GroupFailure> silent;
  std::lock_guard<std::mutex> lock(mutex_);
  for (int rank = 0; rank < count_; rank++) {
    auto &peer = peers_[rank];
    const auto beat = text(beats[rank]);
    if (beat != peer.beat) {
      long long number = 0, started = 0;
      sscanf(beat.c_str(), "%lld %lld", &number, &started);
      peer.beat = beat;
      peer.started = started;
      peer.changed = now;
    } else if (rank != rank_ && !silent && now - peer.changed > limit_) {
      silent = failure(CT_TIMED_OUT, rank, "");
    }
  }
  return silent;
}
