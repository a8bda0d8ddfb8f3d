import Crypto
import RadiographData

/// Which split a patient belongs to: by the patient's name and a seed alone, so that adding data moves no patient.
struct SplitAssignment: Sendable {
  let fractions: SplitFractions
  let seed: UInt64

  /// - Parameter patient: unique in the dataset, such as `nih/61`.
  func split(of patient: String) -> DatasetSplit {
    let position = position(of: patient)
    if position < fractions.train { return .train }
    return position < fractions.train + fractions.validation ? .validation : .test
  }

  /// A patient's place in 0 ..< 1, the same whenever it is asked for.
  func position(of patient: String) -> Double {
    let digest = SHA256.hash(data: Array("\(seed)\n\(patient)".utf8))
    // 53 bits: a fraction in 0 ..< 1 that a double holds exactly.
    let bits = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 11
    return Double(bits) / Double(UInt64(1) << 53)
  }
}
