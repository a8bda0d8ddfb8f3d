#pragma once
// See algorithm.h.

namespace gloo {
namespace transport {

class Device {
 public:
  virtual ~Device() = default;
};

}  // namespace transport
}  // namespace gloo
