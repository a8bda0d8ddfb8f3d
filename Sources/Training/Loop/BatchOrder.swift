import Torch

/// Which examples each step sees: every epoch is a permutation of its own, drawn from (seed, epoch).
struct BatchOrder {
  /// The examples; one that stands twice is seen twice an epoch.
  let examples: [Int]
  let batchSize: Int
  let randomness: TrainingRandomness
  private var epoch = -1
  private var permutation: [Int] = []

  init(examples: [Int], batchSize: Int, randomness: TrainingRandomness) {
    self.examples = examples
    self.batchSize = batchSize
    self.randomness = randomness
  }

  /// The examples of step `step`, counted from 0; a batch may reach over the end of an epoch.
  mutating func batch(at step: Int) throws -> [Int] {
    try (0..<batchSize).map { offset in
      let position = step * batchSize + offset
      if position / examples.count != epoch {
        epoch = position / examples.count
        permutation = try Tensor.randperm(examples.count, generator: randomness.generator(.order, step: epoch))
          .int64s().map(Int.init)
      }
      return examples[permutation[position % examples.count]]
    }
  }
}
