import Torch

/// Some rows of the batch of a step, which are computed at once: a micro-batch of one process.
///
/// What a row holds (its image, its crop, its noise) depends on the step and the row alone. So a step has the same
/// result whether it is computed as one batch of 32, as four of 8, or as 16 rows in each of two processes.
struct BatchSlice: Equatable {
  /// The step, counted from 0.
  var step: Int
  /// How many rows the step has in all.
  var batchSize: Int
  /// The rows of the slice.
  var rows: Range<Int>

  /// The share of the step's rows that the slice has.
  var share: Double { Double(rows.count) / Double(batchSize) }

  /// Divides a step's rows among processes, and those of one process into pieces.
  ///
  /// - Parameters:
  ///   - batchSize: How many rows the step has, at least one for each process.
  ///   - limit: How many rows are computed at once, at most.
  ///   - share: The process among all.
  static func slices(ofStep step: Int, batchSize: Int, limit: Int, share: RankShare = RankShare()) -> [BatchSlice] {
    let rows = (batchSize * share.rank / share.count)..<(batchSize * (share.rank + 1) / share.count)
    return stride(from: rows.lowerBound, to: rows.upperBound, by: limit).map {
      BatchSlice(step: step, batchSize: batchSize, rows: $0..<min($0 + limit, rows.upperBound))
    }
  }

  /// For each row of the slice the next of the step, the first for the last.
  var nextRows: [Int] { rows.map { ($0 + 1) % batchSize } }

  /// The slice's rows of what was drawn for the whole step.
  func rows(of whole: Tensor) throws -> Tensor {
    rows.count == batchSize ? whole : try whole.narrow(dim: 0, start: rows.lowerBound, length: rows.count)
  }

  /// The slice's rows of normally distributed noise, which is drawn for the whole step.
  ///
  /// - Parameter tensor: A tensor of the slice's shape.
  func noise(like tensor: Tensor, generator: Generator) throws -> Tensor {
    try rows(of: noiseOfStep(like: tensor, generator: generator))
  }

  /// Normally distributed noise of all rows of the step.
  ///
  /// - Parameter tensor: A tensor of the slice's shape.
  func noiseOfStep(like tensor: Tensor, generator: Generator) throws -> Tensor {
    try Tensor.randn([batchSize] + tensor.shape.dropFirst(), generator: generator, device: tensor.device)
  }
}
