import Crypto

/// Which split a patient belongs to: by the patient's name and a seed alone, so that adding data moves nobody.
struct SplitAssignment: Sendable {
  let fractions: SplitFractions
  let seed: UInt64

  /// - Parameter patient: unique in the dataset, such as `nih/61`.
  func split(of patient: String) -> DatasetSplit {
    let digest = SHA256.hash(data: Array("\(seed)\n\(patient)".utf8))
    // 53 bits: a fraction in 0 ..< 1 that a double holds exactly.
    let bits = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 11
    let position = Double(bits) / Double(UInt64(1) << 53)
    if position < fractions.train { return .train }
    return position < fractions.train + fractions.validation ? .validation : .test
  }
}
