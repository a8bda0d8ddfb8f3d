import Torch

/// Random numbers of a run: every step draws from generators of its own, seeded by (seed, purpose, step), so that a
/// resumed run continues exactly without any generator's state being stored (the habit is EDM2's).
struct TrainingRandomness {
  enum Purpose: UInt64 {
    case initialisation = 1, order, crop, noise, time, dropout, validation
  }

  var seed: UInt64

  func generator(_ purpose: Purpose, step: Int = 0) throws -> Generator {
    try Generator(
      seed: mixed(mixed(seed &+ purpose.rawValue &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(bitPattern: Int64(step))))
  }

  /// SplitMix64's finaliser (Steele et al. 2014): neighbouring seeds give unrelated streams.
  private func mixed(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
