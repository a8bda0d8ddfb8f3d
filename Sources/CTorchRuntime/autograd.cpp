// Gradients, autocast and activation checkpointing.
#include "Autograd.h"
#include "Guard.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

bool requires_grad(ct_tensor handle) { return tensor(handle).requires_grad(); }

int32_t set_requires_grad(ct_tensor handle, bool value, ct_error *error) {
  return guarded(error, [&] { tensor(handle).set_requires_grad(value); });
}

int32_t grad(ct_tensor handle, ct_tensor *out, ct_error *error) {
  return guarded(error, [&] {
    const auto &value = tensor(handle).grad();
    *out = value.defined() ? own(value) : nullptr;
  });
}

int32_t set_grad(ct_tensor handle, ct_tensor value, ct_error *error) {
  return guarded(error, [&] {
    auto target = tensor(handle);
    target.mutable_grad() = value ? tensor(value) : at::Tensor();
  });
}

int32_t backward(ct_tensor handle, ct_tensor gradient, ct_error *error) {
  return guarded(error, [&] {
    torch::autograd::variable_list gradients;
    if (gradient) gradients.push_back(tensor(gradient));
    torch::autograd::backward({tensor(handle)}, gradients);
  });
}

bool grad_enabled() { return at::GradMode::is_enabled(); }
void set_grad_enabled(bool enabled) { at::GradMode::set_enabled(enabled); }

// Autocast

at::DeviceType device_type(int32_t kind) {
  return kind == CT_CUDA ? at::kCUDA : kind == CT_MPS ? at::kMPS : at::kCPU;
}

int32_t autocast_enter(int32_t device_kind, int32_t dtype, ct_error *error) {
  return guarded(error, [&] {
    auto type = scalar_type(dtype);
    at::autocast::set_autocast_enabled(device_type(device_kind), true);
    at::autocast::set_autocast_dtype(device_type(device_kind), type);
    at::autocast::increment_nesting();
  });
}

void autocast_leave(int32_t device_kind, bool was_enabled, int32_t previous_dtype) {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_type(device_kind), was_enabled);
  at::autocast::set_autocast_dtype(device_type(device_kind), scalar_type(previous_dtype));
}

bool autocast_enabled(int32_t device_kind) { return at::autocast::is_autocast_enabled(device_type(device_kind)); }
int32_t autocast_dtype(int32_t device_kind) {
  return dtype_code(at::autocast::get_autocast_dtype(device_type(device_kind)));
}

// Activation checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory cost"): the forward pass
// keeps only the inputs; the backward pass runs the body again, this time with gradients.

/// What autocast is set to on this thread: for each kind of device whether it is on and its type, and whether weights
/// that were cast are kept. PyTorch's `torch.utils.checkpoint` notes the same for the CPU and the inputs' device.
struct AutocastSettings {
  static constexpr at::DeviceType kinds[] = {at::kCPU, at::kCUDA, at::kMPS};
  static constexpr size_t count = sizeof kinds / sizeof kinds[0];

  bool enabled[count] = {};
  at::ScalarType types[count] = {};
  bool keeps_casts = true;

  static AutocastSettings current() {
    AutocastSettings settings;
    for (size_t i = 0; i < count; i++) {
      settings.enabled[i] = at::autocast::is_autocast_enabled(kinds[i]);
      settings.types[i] = at::autocast::get_autocast_dtype(kinds[i]);
    }
    settings.keeps_casts = at::autocast::is_autocast_cache_enabled();
    return settings;
  }

  void apply() const {
    for (size_t i = 0; i < count; i++) {
      at::autocast::set_autocast_enabled(kinds[i], enabled[i]);
      at::autocast::set_autocast_dtype(kinds[i], types[i]);
    }
    at::autocast::set_autocast_cache_enabled(keeps_casts);
  }
};

/// Autocast as it was in the forward pass, for as long as the recomputation runs. The backward pass of a GPU runs on
/// another thread, where autocast has the types that the library starts with.
struct AutocastScope {
  AutocastSettings former = AutocastSettings::current();

  explicit AutocastScope(const AutocastSettings &settings) {
    settings.apply();
    at::autocast::increment_nesting();
  }
  ~AutocastScope() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    former.apply();
  }
};

/// Swift's closure; it is released with the last node that refers to it.
struct Body : torch::CustomClassHolder {
  void *context;
  ct_body body;
  ct_release release;
  AutocastSettings autocast = AutocastSettings::current();
  Body(void *context, ct_body body, ct_release release) : context(context), body(body), release(release) {}
  ~Body() override { release(context); }

  at::Tensor operator()(const std::vector<at::Tensor> &inputs) const {
    std::vector<ct_tensor> handles;
    for (const auto &input : inputs) handles.push_back(own(input));
    ct_tensor out = nullptr;
    int32_t status = body(context, handles.data(), handles.size(), &out);  // takes the handles over
    if (status != CT_OK || !out) throw CallbackFailed();
    at::Tensor result = tensor(out);
    delete reinterpret_cast<at::Tensor *>(out);
    count_handle(-1);
    return result;
  }
};

struct Checkpoint : torch::autograd::Function<Checkpoint> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, c10::intrusive_ptr<Body> body,
                            at::TensorList inputs) {
    context->saved_data["body"] = c10::IValue::make_capsule(body);
    context->save_for_backward(inputs.vec());
    at::NoGradGuard without_gradients;
    auto output = (*body)(inputs.vec());
    // Weights that were cast here have no gradient; autocast must not hand them to what comes after.
    at::autocast::clear_cache();
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    auto capsule = context->saved_data["body"].toCapsule();
    auto &body = static_cast<Body &>(*capsule);
    std::vector<at::Tensor> inputs;
    for (const auto &saved : context->get_saved_variables()) {
      auto input = saved.detach();
      input.set_requires_grad(saved.requires_grad());
      inputs.push_back(input);
    }
    {
      at::AutoGradMode with_gradients(true);
      at::Tensor output;
      {
        AutocastScope autocast(body.autocast);
        output = body(inputs);
      }
      // `backward`, not `grad`: parameters that the body captured get their gradients too.
      torch::autograd::backward({output}, {gradients[0]});
    }
    torch::autograd::variable_list results{at::Tensor()};
    for (const auto &input : inputs) results.push_back(input.requires_grad() ? input.grad() : at::Tensor());
    return results;
  }
};

int32_t checkpoint(const ct_tensor *inputs, size_t input_count, void *context, ct_body body, ct_release release,
                   ct_tensor *out, ct_error *error) {
  // Made first, so that the closure is released whatever happens next.
  auto shared = c10::make_intrusive<Body>(context, body, release);
  return guarded(error, [&] {
    // As a TensorList: autograd looks for gradients in that, and not in a std::vector.
    auto list = tensor_list(inputs, input_count);
    *out = own(Checkpoint::apply(shared, at::TensorList(list)));
  });
}

}  // namespace

void add_autograd(ct_functions &table) noexcept {
  table.requires_grad = requires_grad;
  table.set_requires_grad = set_requires_grad;
  table.grad = grad;
  table.set_grad = set_grad;
  table.backward = backward;
  table.grad_enabled = grad_enabled;
  table.set_grad_enabled = set_grad_enabled;
  table.checkpoint = checkpoint;
  table.autocast_enter = autocast_enter;
  table.autocast_leave = autocast_leave;
  table.autocast_enabled = autocast_enabled;
  table.autocast_dtype = autocast_dtype;
}
