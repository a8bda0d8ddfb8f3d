#pragma once
#include "Group.h"

// The keys of a group's store, and what is written there.

inline const std::string failure_key = "failure";
inline const std::string heard_key = "heard";

inline std::string place_key(int rank) { return "place/" + std::to_string(rank); }
inline std::string beat_key(int rank) { return "beat/" + std::to_string(rank); }
inline std::string text(const std::vector<uint8_t> &bytes) { return {bytes.begin(), bytes.end()}; }
inline std::vector<uint8_t> bytes(const std::string &text) { return {text.begin(), text.end()}; }

/// What went wrong, without what LibTorch adds on further lines.
inline std::string first_line(const std::string &text) { return text.substr(0, text.find('\n')); }

/// Two connections to the store of a group.
struct JoinedStores {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::Store> watch;
};

/// Serves the store or connects to it. Throws `GroupFailure`.
JoinedStores join_store(const ct_group_options &options);

/// Connects to all other processes, which do so at the same time.
c10::intrusive_ptr<c10d::Backend> join_gloo(const ct_group_options &options, c10::intrusive_ptr<c10d::Store> store);
