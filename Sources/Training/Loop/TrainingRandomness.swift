import Support
import Torch

/// Random numbers of a run: every step draws from generators of its own, seeded by (seed, purpose, step), so that a
/// resumed run continues exactly without any generator's state being stored (as in EDM2).
struct TrainingRandomness {
  enum Purpose: UInt64 {
    case initialisation = 1, order, crop, noise, time, dropout, validation, validationChoice, transformation
    case pairs, validationPairs, corruption, validationCorruption, teacherImages, teacherImagesNoise
  }

  var seed: UInt64

  func generator(_ purpose: Purpose, step: Int = 0) throws -> Generator {
    try Generator(seed: seed(purpose, step: step))
  }

  /// What a generator of the step is seeded with.
  func seed(_ purpose: Purpose, step: Int) -> UInt64 {
    SplitMix64.mixed(SplitMix64.number(at: purpose.rawValue, seed: seed) ^ UInt64(bitPattern: Int64(step)))
  }

  /// A generator for each row of a slice, seeded by the step and the row alone.
  func generators(_ purpose: Purpose, of slice: BatchSlice) throws -> [Generator] {
    try slice.rows.map { try generator(purpose, step: slice.step * slice.batchSize + $0) }
  }
}
