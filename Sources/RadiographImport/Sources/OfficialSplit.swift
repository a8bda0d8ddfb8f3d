import Crypto
import Foundation
import RadiographData

/// How a publisher's own split is taken over.
public struct OfficialSplit: Sendable, Equatable {
  /// Decides which patients of a list for training and validation together go where.
  public var seed: UInt64
  /// The share of validation in such a list, 0 to 1.
  public var validationShare: Double

  public init(seed: UInt64 = 0, validationShare: Double = 0.125) {
    self.seed = seed
    self.validationShare = validationShare
  }

  /// The share that `split` gives to validation beside training.
  public init(seed: UInt64, split: SplitFractions) {
    let both = split.train + split.validation
    self.init(seed: seed, validationShare: both > 0 ? split.validation / both : 0)
  }

  /// Training or validation, by the patient's name and the seed alone.
  func trainOrValidation(patient: String) -> DatasetSplit {
    let digest = SHA256.hash(data: Array("\(seed)\nofficial\n\(patient)".utf8))
    let bits = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 11
    return Double(bits) / Double(UInt64(1) << 53) < validationShare ? .validation : .train
  }

  /// Gives every patient one split: of several that the publisher has a patient in, the one that is furthest from
  /// training, so that nothing tested on was trained on. Returns the patients that this happened to.
  static func unify(_ entries: inout [ImportEntry]) -> [ImportExclusion] {
    let order: [DatasetSplit] = [.train, .validation, .test]
    var splits: [String: DatasetSplit] = [:]
    var torn: Set<String> = []
    for entry in entries {
      guard let split = entry.split else { continue }
      guard let other = splits[entry.patient] else {
        splits[entry.patient] = split
        continue
      }
      if other != split { torn.insert(entry.patient) }
      if let here = order.firstIndex(of: split), let there = order.firstIndex(of: other), here > there {
        splits[entry.patient] = split
      }
    }
    for index in entries.indices { entries[index].split = splits[entries[index].patient] }
    return torn.sorted().map { patient in
      ImportExclusion(
        path: "patient \(patient)", reason: .conflictingPatient,
        detail: "in several of the publisher's splits; now in \(splits[patient]?.rawValue ?? "none")")
    }
  }

  /// Patients whose images give both sexes: two people under one name, or a mistake. They stay together, of no sex.
  static func dropConflictingSexes(_ entries: inout [ImportEntry]) -> [ImportExclusion] {
    var sexes: [String: PatientSex] = [:]
    var torn: Set<String> = []
    for entry in entries {
      guard let sex = entry.attributes.sex else { continue }
      if let other = sexes[entry.patient], other != sex { torn.insert(entry.patient) }
      sexes[entry.patient] = sex
    }
    if torn.isEmpty { return [] }
    for index in entries.indices where torn.contains(entries[index].patient) { entries[index].attributes.sex = nil }
    return torn.sorted().map {
      ImportExclusion(path: "patient \($0)", reason: .conflictingPatient, detail: "of both sexes; taken for unknown")
    }
  }
}
