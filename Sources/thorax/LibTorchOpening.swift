import Foundation
import Torch

/// LibTorch being opened on a thread of its own, while the command does what needs no tensor.
enum LibTorchOpening {
  private static let hasBegun = NSConditionLock(condition: 0)

  /// Begins to open LibTorch. An error is thrown where the library is first needed.
  static func begin() {
    hasBegun.lock()
    hasBegun.unlock(withCondition: 1)
    Thread.detachNewThread { try? LibTorch.load() }
  }

  /// Waits until the opening that was begun is over: a process that runs the finalisers of a library while it is being
  /// opened crashes.
  static func finish() {
    if hasBegun.condition == 1 { try? LibTorch.load() }
  }
}
