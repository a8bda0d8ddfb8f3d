import Torch

/// Which examples each step sees: every epoch is a permutation of its own, drawn from (seed, epoch).
final class EpochOrder {
  /// How many examples there are.
  private let count: Int
  private let randomness: TrainingRandomness
  /// The permutation that was drawn last, and its epoch.
  private var drawn: (epoch: Int, permutation: [UInt32]) = (-1, [])

  init(of count: Int, randomness: TrainingRandomness) {
    self.count = count
    self.randomness = randomness
  }

  /// The examples of a slice; the batch of a step may reach over the end of an epoch.
  ///
  /// - Throws: `TorchError`.
  func examples(of slice: BatchSlice) throws -> [Int] { try examples(of: slice, rows: slice.rows) }

  /// The examples of some rows of a slice's step.
  ///
  /// - Throws: `TorchError`.
  func examples(of slice: BatchSlice, rows: some Sequence<Int>) throws -> [Int] {
    try rows.map { row in
      let position = slice.step * slice.batchSize + row
      if position / count != drawn.epoch {
        let epoch = position / count
        let permutation = try Tensor.randperm(count, generator: randomness.generator(.order, step: epoch)).int64s()
        drawn = (epoch, permutation.map { UInt32($0) })
      }
      return Int(drawn.permutation[position % count])
    }
  }
}
