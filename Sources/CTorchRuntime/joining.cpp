// How a process joins a group: the store, the connections to all others, and whom an error is about.
#define USE_C10D_GLOO
#include "Joining.h"

#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

C10_DECLARE_int(caffe2_log_level);

namespace {

/// Longer than any collective takes. Whether one is waited for in vain is found otherwise, and sooner.
constexpr auto forever = std::chrono::hours(24 * 365);

c10::intrusive_ptr<c10d::Store> connection(const ct_group_options &options, bool serves) {
  c10d::TCPStoreOptions store;
  store.port = options.port;
  store.isServer = serves;
  store.waitWorkers = false;
  store.timeout = std::chrono::milliseconds(options.join_milliseconds);
  if (serves && options.listening >= 0) store.masterListenFd = options.listening;
  return c10::make_intrusive<c10d::TCPStore>(options.host, store);
}

/// The address of this machine from which `host` is reached: the others are reached from it as well. Empty if there is
/// none. Nothing is sent.
std::string own_address(const std::string &host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo *found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return "";
  std::string address;
  for (auto *at = found; at && address.empty(); at = at->ai_next) {
    const int descriptor = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
    if (descriptor < 0) continue;
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    char text[NI_MAXHOST];
    if (connect(descriptor, at->ai_addr, at->ai_addrlen) == 0 &&
        getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &length) == 0 &&
        getnameinfo(reinterpret_cast<sockaddr *>(&own), length, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      address = text;
    }
    close(descriptor);
  }
  freeaddrinfo(found);
  return address;
}

std::shared_ptr<gloo::transport::Device> device(const ct_group_options &options) {
  using c10d::ProcessGroupGloo;
  if (options.network_interface) return ProcessGroupGloo::createDeviceForInterface(options.network_interface);
  const auto address = own_address(options.host, options.port);
  return address.empty() ? ProcessGroupGloo::createDefaultDevice()
                         : ProcessGroupGloo::createDeviceForHostname(address);
}

}  // namespace

JoinedStores join_store(const ct_group_options &options) {
  // Errors are ours to describe: LibTorch's warnings on standard error would stand beside them.
  FLAGS_caffe2_log_level = 3;
  c10::intrusive_ptr<c10d::Store> first;
  try {
    first = connection(options, options.serves);
  } catch (const std::exception &caught) {
    const std::string text = caught.what();
    const bool taken = text.find("EADDRINUSE") != std::string::npos || text.find("failed to listen") != std::string::npos;
    throw GroupFailure(options.serves && taken ? CT_PORT_TAKEN : CT_UNREACHABLE, -1,
                       "\n" + text.substr(0, text.find('\n')));
  }
  const auto prefixed = [&](c10::intrusive_ptr<c10d::Store> store) {
    return c10::make_intrusive<c10d::PrefixStore>(options.prefix, std::move(store));
  };
  return {prefixed(first), prefixed(connection(options, false))};
}

c10::intrusive_ptr<c10d::Backend> join_gloo(const ct_group_options &options, c10::intrusive_ptr<c10d::Store> store) {
  auto gloo = c10d::ProcessGroupGloo::Options::create(std::chrono::milliseconds(options.join_milliseconds));
  gloo->devices.push_back(device(options));
  auto backend = c10::make_intrusive<c10d::ProcessGroupGloo>(
      c10::make_intrusive<c10d::PrefixStore>("gloo", std::move(store)), options.rank, options.count, gloo);
  backend->setTimeout(std::chrono::milliseconds(forever));
  return backend;
}
