import TorchNN

/// The processes that train one model together. All of them call the same functions in the same order.
protocol ProcessGroup {
  /// This process among all.
  var share: RankShare { get }

  /// Adds up the gradients of all processes, so that every process has the sum. A parameter that has a gradient in one
  /// process has one in all.
  func sum(gradientsOf parameters: [Parameter]) throws

  /// The sums of the processes' values, place by place.
  func sum(_ values: [Double]) throws -> [Double]
}

/// One process alone.
struct Alone: ProcessGroup {
  let share = RankShare()

  func sum(gradientsOf parameters: [Parameter]) {}
  func sum(_ values: [Double]) -> [Double] { values }
}

/// The share of one process in work that is divided among all.
struct RankShare: Equatable {
  /// This process, from 0.
  var rank = 0
  var count = 1

  /// Those of `total` pieces of work that are this process's.
  func indices(of total: Int) -> [Int] { (0..<total).filter { $0 % count == rank } }
}

extension ProcessGroup {
  /// The sums and counts of all processes. Every process has measured the same metrics.
  func sum(_ means: RunningMeans) throws -> RunningMeans {
    var means = means
    means.parts = try sum(means.parts)
    return means
  }
}
