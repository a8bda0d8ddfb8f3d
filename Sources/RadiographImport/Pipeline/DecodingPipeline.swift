import Dispatch
import Foundation
import ImageFiles

/// Decodes entries on all cores, ahead of the caller, which takes them in order.
///
/// Unchecked: everything that changes is changed while `condition` is locked.
final class DecodingPipeline: @unchecked Sendable {
  private let entries: [ImportEntry]
  private let order: [Int]
  private let preprocessing: ImagePreprocessing
  private let limits: ImageLimits
  private let allowsSynthetic: Bool
  /// At most so many entries are decoded and not yet taken.
  private let window: Int

  private let condition = NSCondition()
  private let workers = DispatchGroup()
  private var isStarted = false
  private var isStopped = false
  private var decoded: [Int: DecodedEntry] = [:]
  /// Positions in `order`: the next to decode, and the next to be taken.
  private var upcoming = 0
  private var taken = 0

  /// - Parameters:
  ///   - order: positions in `entries`, as they will be taken.
  init(
    _ entries: [ImportEntry], order: [Int], preprocessing: ImagePreprocessing, limits: ImageLimits,
    allowsSynthetic: Bool, window: Int
  ) {
    self.entries = entries
    self.order = order
    self.preprocessing = preprocessing
    self.limits = limits
    self.allowsSynthetic = allowsSynthetic
    self.window = window
  }

  /// The entry at a position of `order`. Positions are asked for one after another.
  func next(_ position: Int) -> DecodedEntry {
    let entry = entries[order[position]]
    guard entry.pixels != nil else {
      condition.withLock { taken = position + 1 }
      return decode(entry)
    }
    start(at: position)
    condition.lock()
    defer { condition.unlock() }
    taken = position
    condition.broadcast()
    while true {
      if let result = decoded.removeValue(forKey: position) {
        taken = position + 1
        condition.broadcast()
        return result
      }
      condition.wait()
    }
  }

  /// Returns when no worker is at work any more.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
    }
    workers.wait()
  }

  private func start(at position: Int) {
    if isStarted { return }
    isStarted = true
    upcoming = position
    for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
      DispatchQueue.global(qos: .userInitiated).async(group: workers) { self.work() }
    }
  }

  private func work() {
    while let position = claim() {
      let result = decode(entries[order[position]])
      condition.withLock {
        decoded[position] = result
        condition.broadcast()
      }
    }
  }

  private func decode(_ entry: ImportEntry) -> DecodedEntry {
    DecodedEntry(entry, preprocessing: preprocessing, limits: limits, allowsSynthetic: allowsSynthetic)
  }

  /// The next position that has an image, once there is room for it.
  private func claim() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopped {
      while upcoming < order.count, entries[order[upcoming]].pixels == nil { upcoming += 1 }
      guard upcoming < order.count else { return nil }
      // An entry that is waited for is always in the window.
      if upcoming < taken + window {
        upcoming += 1
        return upcoming - 1
      }
      condition.wait()
    }
    return nil
  }
}
