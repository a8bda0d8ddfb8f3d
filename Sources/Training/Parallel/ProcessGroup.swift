import Torch
import TorchNN

/// The processes that train one model together. All of them call the same functions in the same order.
///
/// Functions that wait for others throw `ProcessGroupError` if one of them is lost.
protocol ProcessGroup {
  /// This process among all.
  var share: RankShare { get }

  /// Called before the last backward passes of a step: from then on gradients may be added up as they become ready.
  func beginSum(gradientsOf parameters: [Parameter]) throws

  /// Adds up the gradients of all processes, so that every process has the sum. A parameter that has none in a process
  /// counts as zero there.
  func sum(gradientsOf parameters: [Parameter]) throws

  /// The sums of the processes' values, place by place.
  ///
  /// - Parameter limited: Whether all processes call this at about the same time, so that one which does not counts as
  ///   lost.
  func sum(_ values: [Double], limited: Bool) throws -> [Double]

  /// Overwrites the parameters with those of the first process.
  func takeFromFirst(_ parameters: [Parameter]) throws

  /// The bytes that the first process has; waits for them without a time limit, unless it is lost.
  func fromFirst(_ bytes: [UInt8]) throws -> [UInt8]

  /// Waits until all processes have called this, without a time limit, unless one of them is lost.
  func waitForAll() throws

  /// Whether a process is known to be lost.
  var isBroken: Bool { get }

  /// Ends the work once all processes do.
  func leave() throws

  /// Ends the work because of an error, and reports it to the others.
  func end(because error: any Error)
}

/// One process alone.
struct Alone: ProcessGroup {
  let share = RankShare()
  var isBroken: Bool { false }

  func beginSum(gradientsOf parameters: [Parameter]) {}
  func sum(gradientsOf parameters: [Parameter]) {}
  func sum(_ values: [Double], limited: Bool) -> [Double] { values }
  func takeFromFirst(_ parameters: [Parameter]) {}
  func fromFirst(_ bytes: [UInt8]) -> [UInt8] { bytes }
  func waitForAll() {}
  func leave() {}
  func end(because error: any Error) {}
}

/// The share of one process in work that is divided among all.
struct RankShare: Equatable {
  /// This process, from 0.
  var rank = 0
  var count = 1

  /// Those of `total` pieces of work that are this process's.
  func indices(of total: Int) -> [Int] { (0..<total).filter { $0 % count == rank } }

  /// The batches of `items` that are this process's, each with its place among all batches.
  ///
  /// - Parameter size: How many items a batch has; the last one may have fewer.
  func batches<Item>(of items: [Item], size: Int) -> [(index: Int, items: [Item])] {
    indices(of: (items.count + size - 1) / size).map { index in
      (index, Array(items[(index * size)..<min((index + 1) * size, items.count)]))
    }
  }
}

extension ProcessGroup {
  /// Whether this process is the one that writes files and speaks to the user.
  var isFirst: Bool { share.rank == 0 }

  func sum(_ values: [Double]) throws -> [Double] { try sum(values, limited: true) }

  /// What only the first process does. The others wait for it.
  func byFirst(_ body: () throws -> Void) throws {
    if isFirst { try body() }
    try waitForAll()
  }

  /// What the first process does before the others do: they find what it has written. If it is stopped on the way, so are
  /// they.
  ///
  /// - Throws: ``EncodingStopped``, and what `body` throws.
  func firstThenOthers<Result>(_ body: () throws -> Result) throws -> Result {
    guard isFirst else {
      switch try fromFirst([]).first {
      case 1: throw EncodingStopped(reason: .stopped)
      case 2: throw EncodingStopped(reason: .timeUp)
      default: return try body()
      }
    }
    do {
      let result = try body()
      _ = try fromFirst([0])
      return result
    } catch let error as EncodingStopped {
      _ = try fromFirst([error.reason == .stopped ? 1 : 2])
      throw error
    }
  }

  /// Why the run has to end now, and whether a checkpoint is stored: what one process has found holds for all.
  func agreed(
    on reason: RunLimits.Reason?, checkpoint: Bool
  ) throws -> (end: RunLimits.Reason?, checkpoint: Bool) {
    let votes = try sum([reason == .stopped ? 1 : 0, reason == .timeUp ? 1 : 0, checkpoint ? 1 : 0])
    return (end: votes[0] > 0 ? .stopped : votes[1] > 0 ? .timeUp : nil, checkpoint: votes[2] > 0)
  }

  /// The sums and counts of all processes. The first process has measured every metric that another has; one whose share
  /// is empty has none.
  func sum(_ means: RunningMeans) throws -> RunningMeans {
    let names = try fromFirst(Array(means.names.joined(separator: "\n").utf8))
    var means = means.withNames(String(decoding: names, as: UTF8.self).split(separator: "\n").map(String.init))
    means.parts = try sum(means.parts, limited: false)
    return means
  }
}
