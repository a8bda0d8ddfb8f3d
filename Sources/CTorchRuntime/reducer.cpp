// Adds up gradients over a group of processes while the backward pass goes on (Li et al. 2020, "PyTorch Distributed:
// Experiences on Accelerating Data Parallel Training").
#include "Group.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>

namespace {

/// Gradients that travel together, flat, on the CPU: those of a GPU are copied there and back. After them comes a number
/// for each, 1 if this process has such a gradient, and one more in the last bucket.
struct Bucket {
  std::vector<size_t> members;
  std::vector<at::Tensor> views;
  at::Tensor flat;
  at::Tensor flags;
  /// How many of its gradients are still to come.
  int missing = 0;
  std::shared_ptr<Group::Pending> sum;
};

class Reducer;

/// LibTorch calls it whenever a parameter's gradient has grown, on the thread of the backward pass.
struct GradientHook : torch::autograd::PostAccumulateGradHook {
  Reducer &reducer;
  size_t index;
  GradientHook(Reducer &reducer, size_t index) : reducer(reducer), index(index) {}
  void operator()(const torch::autograd::Variable &) override;
};

/// Buckets leave in one order, the reverse of the parameters', in every process; so what a sum is added up from does not
/// depend on which gradient was ready first.
///
/// A gradient may grow several times in a backward pass, if activation checkpoints recompute in it. How often is learnt
/// from the first step, in which nothing overlaps. If it grows more often later, after its bucket has left, every process
/// learns that with the last bucket, which leaves when the backward pass is over, and all add up anew.
class Reducer {
 public:
  Reducer(Group &group, std::vector<at::Tensor> parameters, size_t bucket_bytes);
  Reducer(const Reducer &) = delete;
  ~Reducer();

  void begin();
  size_t finish();
  void grown(size_t index);

 private:
  Group &group_;
  std::vector<at::Tensor> parameters_;
  std::vector<Bucket> buckets_;
  std::vector<size_t> bucket_of_;

  std::mutex mutex_;
  bool begun_ = false;
  bool outdated_ = false;
  size_t launched_ = 0;
  std::vector<int> expected_;
  std::vector<int> grown_;

  void add_bucket(std::vector<size_t> members, bool is_last);
  void launch(Bucket &bucket);
  void wait_for_all();
};

void GradientHook::operator()(const torch::autograd::Variable &) { reducer.grown(index); }

Reducer::Reducer(Group &group, std::vector<at::Tensor> parameters, size_t bucket_bytes)
    : group_(group), parameters_(std::move(parameters)), bucket_of_(parameters_.size()) {
  std::vector<size_t> members;
  size_t bytes = 0;
  for (size_t i = parameters_.size(); i-- > 0;) {
    const auto &next = parameters_[i];
    const size_t size = next.numel() * next.element_size();
    if (!members.empty() &&
        (bytes + size > bucket_bytes || next.scalar_type() != parameters_[members[0]].scalar_type())) {
      add_bucket(std::move(members), false);
      members.clear();
      bytes = 0;
    }
    members.push_back(i);
    bytes += size;
  }
  TORCH_CHECK(!members.empty(), "there are no parameters to add up gradients of");
  add_bucket(std::move(members), true);
  for (size_t i = 0; i < parameters_.size(); i++) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameters_[i], std::make_unique<GradientHook>(*this, i));
  }
}

Reducer::~Reducer() {
  for (const auto &parameter : parameters_) torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
}

void Reducer::add_bucket(std::vector<size_t> members, bool is_last) {
  Bucket bucket;
  int64_t elements = 0;
  for (auto i : members) elements += parameters_[i].numel();
  const int64_t flags = members.size() + (is_last ? 1 : 0);
  bucket.flat = at::zeros({elements + flags}, at::TensorOptions(parameters_[members[0]].scalar_type()));
  bucket.flags = bucket.flat.narrow(0, elements, flags);
  int64_t offset = 0;
  for (auto i : members) {
    const auto &parameter = parameters_[i];
    const auto part = bucket.flat.narrow(0, offset, parameter.numel());
    // Laid out as the parameter, as its gradient is: copies are then plain.
    bucket.views.push_back(parameter.is_non_overlapping_and_dense() && parameter.numel() > 0
                               ? part.as_strided(parameter.sizes(), parameter.strides())
                               : part.view(parameter.sizes()));
    offset += parameter.numel();
    bucket_of_[i] = buckets_.size();
  }
  bucket.members = std::move(members);
  buckets_.push_back(std::move(bucket));
}

void Reducer::begin() {
  std::lock_guard<std::mutex> lock(mutex_);
  begun_ = true;
  outdated_ = false;
  launched_ = 0;
  grown_.assign(parameters_.size(), 0);
  for (auto &bucket : buckets_) {
    bucket.sum.reset();
    bucket.missing = 0;
    if (expected_.empty()) continue;
    for (auto i : bucket.members) bucket.missing += expected_[i] > 0;
  }
}

void Reducer::grown(size_t index) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!begun_) return;
  const int times = ++grown_[index];
  if (expected_.empty()) return;
  if (bucket_of_[index] < launched_) {
    outdated_ = true;
  } else if (times == expected_[index]) {
    buckets_[bucket_of_[index]].missing--;
    // The last one waits for the end of the backward pass.
    while (launched_ + 1 < buckets_.size() && buckets_[launched_].missing == 0) launch(buckets_[launched_]);
  }
}

void Reducer::launch(Bucket &bucket) {
  const bool is_last = &bucket == &buckets_.back();
  std::vector<float> flags;
  for (size_t place = 0; place < bucket.members.size(); place++) {
    const auto &gradient = parameters_[bucket.members[place]].grad();
    flags.push_back(gradient.defined());
    if (gradient.defined()) {
      bucket.views[place].copy_(gradient);
    } else {
      bucket.views[place].zero_();
    }
  }
  if (is_last) flags.push_back(outdated_);
  bucket.flags.copy_(at::tensor(flags));
  launched_ = &bucket - buckets_.data() + 1;
  bucket.sum = group_.start_sum(bucket.flat);
}

void Reducer::wait_for_all() {
  for (auto &bucket : buckets_) group_.wait(*bucket.sum, true);
}

size_t Reducer::finish() {
  at::NoGradGuard without_gradients;
  std::lock_guard<std::mutex> lock(mutex_);
  TORCH_CHECK(begun_, "gradients are added up that were not begun");
  begun_ = false;
  group_.require_whole();
  const size_t overlapped = launched_;
  while (launched_ < buckets_.size()) launch(buckets_[launched_]);
  wait_for_all();
  if (buckets_.back().flags[-1].item<float>() > 0) {
    outdated_ = false;
    for (auto &bucket : buckets_) launch(bucket);
    wait_for_all();
  }
  expected_ = grown_;
  for (auto &bucket : buckets_) {
    const auto flags = bucket.flags.to(at::kFloat);
    for (size_t place = 0; place < bucket.members.size(); place++) {
      // A parameter that no process has a gradient of is left as it is: an optimiser passes it over.
      if (flags[place].item<float>() == 0) continue;
      auto &parameter = parameters_[bucket.members[place]];
      auto &gradient = parameter.mutable_grad();
      if (gradient.defined()) {
        gradient.copy_(bucket.views[place]);
      } else {
        gradient = at::empty_like(parameter).copy_(bucket.views[place]);
      }
    }
    bucket.sum.reset();
  }
  return overlapped;
}

Reducer &reducer(ct_reducer handle) { return *reinterpret_cast<Reducer *>(handle); }

int32_t reducer_make(ct_group members, const ct_tensor *parameters, size_t count, size_t bucket_bytes, ct_reducer *out,
                     ct_error *error) {
  return guarded(error, [&] {
    *out = reinterpret_cast<ct_reducer>(new Reducer(group(members), tensor_list(parameters, count), bucket_bytes));
    count_handle(1);
  });
}

void reducer_release(ct_reducer handle) {
  delete &reducer(handle);
  count_handle(-1);
}

int32_t reducer_begin(ct_reducer handle, ct_error *error) {
  return guarded(error, [&] { reducer(handle).begin(); });
}

int32_t reducer_finish(ct_reducer handle, size_t *overlapped, ct_error *error) {
  return guarded(error, [&] { *overlapped = reducer(handle).finish(); });
}

}  // namespace

void add_reducer(ct_functions &table) noexcept {
  table.reducer_make = reducer_make;
  table.reducer_release = reducer_release;
  table.reducer_begin = reducer_begin;
  table.reducer_finish = reducer_finish;
}
