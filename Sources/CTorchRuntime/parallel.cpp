// Groups of processes as C functions.
#include "Group.h"

namespace {

int32_t group_make(const ct_group_options *options, ct_group *out, ct_error *error) {
  return guarded(error, [&] {
    *out = reinterpret_cast<ct_group>(new Group(*options));
    count_handle(1);
  });
}

void group_release(ct_group handle) {
  Group::dispose(&group(handle));
  count_handle(-1);
}

int32_t group_sum(ct_group handle, ct_tensor value, bool limited, ct_error *error) {
  return guarded(error, [&] {
    auto &members = group(handle);
    members.require_whole();
    members.wait(*members.start_sum(tensor(value)), limited);
  });
}

int32_t group_broadcast(ct_group handle, ct_tensor value, int32_t root, bool limited, ct_error *error) {
  return guarded(error, [&] { group(handle).broadcast(tensor(value), root, limited); });
}

int32_t group_barrier(ct_group handle, bool limited, ct_error *error) {
  return guarded(error, [&] { group(handle).barrier(limited); });
}

int32_t group_require_whole(ct_group handle, ct_error *error) {
  return guarded(error, [&] { group(handle).require_whole(); });
}

bool group_has_failed(ct_group handle) { return group(handle).has_failed(); }

void group_report(ct_group handle, const char *reason) { group(handle).report(reason); }

int32_t group_leave(ct_group handle, ct_error *error) {
  return guarded(error, [&] { group(handle).leave(); });
}

}  // namespace

void add_parallel(ct_functions &table) noexcept {
  table.group_make = group_make;
  table.group_release = group_release;
  table.group_sum = group_sum;
  table.group_broadcast = group_broadcast;
  table.group_barrier = group_barrier;
  table.group_require_whole = group_require_whole;
  table.group_has_failed = group_has_failed;
  table.group_report = group_report;
  table.group_leave = group_leave;
}
