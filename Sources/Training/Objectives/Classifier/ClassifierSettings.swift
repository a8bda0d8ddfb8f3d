import Models
import RadiographData
import RadiographModels

/// How a classifier of several labels is trained: binary cross entropy over the labels that are known of each image.
public struct ClassifierSettings: StageSettings {
  /// What an uncertain label counts as (Irvin et al., 2019, "CheXpert", section 3).
  public enum Uncertain: String, Codable, CaseIterable, Sendable {
    /// As unknown.
    case ignored
    case positive
    case negative
  }

  public var network = ClassifierArchitecture.Network.small
  /// A file of weights to begin with, of the same network: a classifier's, or torchvision's `densenet121` or `resnet50`.
  public var initialWeights = ""
  /// What is decided on: findings, traits (`female`, `right-sided`, ...: `ImageTrait`), and corruptions (`missing lung`, ...:
  /// `ImageCorruption`), for which images are corrupted in training; none for every finding that some image of the
  /// training part has and some has not.
  public var labels: [String] = []
  /// Whether every trait that some image has and some has not is decided on, too.
  public var traits = false
  /// The side that images are brought to.
  public var imageSide = 64
  public var uncertain = Uncertain.ignored
  /// Whether an image that has a label counts as much more as there are fewer of them than of those without, up to a
  /// hundredfold.
  public var balanced = false
  /// The share of the network's last means that a step drops.
  public var dropout = 0.0
  /// The greatest rotation either way, in degrees.
  public var rotation = 0.0
  /// The greatest shift either way along each axis, as a part of the side.
  public var shift = 0.0
  /// The greatest change of size either way, as a part of the size.
  public var scaling = 0.0
  /// The greatest change of contrast either way, as a part of it.
  public var contrast = 0.0
  /// Whether half of the images are mirrored. What was right-sided is left-sided then. A heart on the other side is a
  /// finding: not for labels that are about hearts.
  public var mirror = false
  /// What the network `places` learns of where people marked findings weighs beside what it learns of whole images.
  public var placeWeight = 20.0
  /// How often an epoch sees an image in which people marked findings.
  public var markedRepeats = 1

  public static let stage = TrainingStageName.classifier
  public static let validationLimit = 2000

  public init() {}

  public func validate() throws {
    let least = ClassifierArchitecture(network: network, labels: [], side: imageSide).minimumSide
    try RecipeCheck.require(imageSide, in: least...2048, "imageSide")
    try RecipeCheck.requireFraction(dropout, "dropout")
    try RecipeCheck.requireChanges(rotation: rotation, shift: shift, scaling: scaling, contrast: contrast)
    try RecipeCheck.require(markedRepeats, in: 1...1000, "markedRepeats")
    guard (0...1000).contains(placeWeight) else {
      throw TrainingError.invalidSetting(
        key: "placeWeight", value: "\(placeWeight)", remedy: "give a number from 0 to 1000")
    }
    guard network != .places || corruptions.isEmpty else {
      throw TrainingError.invalidSetting(
        key: "network", value: network.rawValue, remedy: "choose small: a corruption has no place")
    }
    guard Set(labels).count == labels.count, labels.allSatisfy({ !$0.isEmpty }) else {
      throw TrainingError.invalidSetting(key: "labels", value: "\(labels)", remedy: "give each label once")
    }
    if mirror, corruptions.contains(.mirroredHeart) {
      throw TrainingError.invalidSetting(
        key: "mirror", value: "true", remedy: "leave it out: the label \(ImageCorruption.mirroredHeart.name) is given")
    }
  }

  public var fewestImages: FewestImages {
    FewestImages(
      atOnce: ClassifierArchitecture(network: network, labels: [], side: imageSide).minimumBatch,
      reason:
        "with imageSide \(imageSide) the last maps of \(network.rawValue) are of one value, and one image has no variance"
    )
  }

  /// The corruptions among ``labels``.
  var corruptions: [ImageCorruption] { labels.compactMap(ImageCorruption.init) }

  /// What an image says about a label: whether it is there; nil if nothing is known. As it is, it shows no corruption.
  func truth(_ label: String, of record: RadiographRecord) -> Bool? {
    if ImageCorruption(rawValue: label) != nil { return false }
    if let trait = ImageTrait(rawValue: label) { return trait.holds(for: record.attributes) }
    return switch record.attributes.state(of: label) {
    case .positive: true
    case .negative: false
    case .uncertain: uncertain == .ignored ? nil : uncertain == .positive
    case nil: nil
    }
  }

  public func requireNames(in dataset: RadiographDataset) throws {
    guard !labels.isEmpty else { return }
    var known = Set(ImageTrait.allCases.map(\.name) + ImageCorruption.allCases.map(\.name))
    for split in [DatasetSplit.train, .validation] {
      try RadiographRecords(dataset, matching: RecordFilter(split: split, requiresText: false)).forEach { _, record in
        known.formUnion(record.attributes.labels.keys)
        known.formUnion(record.attributes.vocabulary)
      }
    }
    guard let unknown = labels.first(where: { !known.contains($0) }) else { return }
    throw TrainingError.unknownName(
      key: "labels", name: unknown, path: dataset.url.path, known: known.sorted())
  }

  /// Whether something is known of a label of an image.
  func knowsLabel(of record: RadiographRecord) -> Bool {
    let attributes = record.attributes
    let findings = labels.isEmpty ? Array(attributes.labels.keys) + attributes.vocabulary : labels
    let candidates = findings + (traits ? ImageTrait.allCases.map(\.name) : [])
    return candidates.contains { truth($0, of: record) != nil }
  }

  /// Those of ``labels``, or of all labels of the images, that some image has and some image has not.
  ///
  /// - Throws: ``TrainingError/classifierData(reason:)`` if a label that is asked for is not there, or there is none;
  ///   `DatasetError`.
  func decided(in records: RadiographRecords) throws -> [String] {
    var named = Set(labels)
    if labels.isEmpty {
      try records.forEach { _, record in
        named.formUnion(record.attributes.labels.keys)
        named.formUnion(record.attributes.vocabulary)
      }
    }
    let findings = labels.isEmpty ? named.sorted() : labels
    let candidates = findings + (traits ? ImageTrait.allCases.map(\.name).filter { !findings.contains($0) } : [])
    var truths: [String: Set<Bool>] = [:]
    try records.forEach { _, record in
      for label in candidates {
        if let truth = truth(label, of: record) { truths[label, default: []].insert(truth) }
      }
    }
    let decided = candidates.filter { truths[$0]?.count == 2 || ImageCorruption(rawValue: $0) != nil }
    if let missing = labels.first(where: { !decided.contains($0) }) {
      throw TrainingError.classifierData(
        reason: "the label \(missing), which not both some images have and some have not")
    }
    guard !decided.isEmpty else { throw TrainingError.classifierData(reason: "images without labels") }
    return decided
  }
}

public typealias ClassifierStageRecipe = StageRecipe<ClassifierSettings>
