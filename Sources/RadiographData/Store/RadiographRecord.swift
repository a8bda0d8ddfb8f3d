import Foundation
import Support

/// One of the three parts of a dataset. A patient's images are all in one.
public enum DatasetSplit: String, Sendable, Codable, CaseIterable {
  case train
  case validation
  case test
}

/// How the X-ray beam crossed the chest.
public enum ViewPosition: String, Sendable, Codable, CaseIterable {
  /// From back to front, the patient upright.
  case posteroanterior = "PA"
  /// From front to back: children, and adults in bed.
  case anteroposterior = "AP"
  case lateral = "LATERAL"
  /// Frontal, direction unknown.
  case frontal = "FRONTAL"

  public var isFrontal: Bool { self != .lateral }
}

public enum PatientSex: String, Sendable, Codable, CaseIterable {
  case female = "F"
  case male = "M"
}

/// What a source says about a finding.
public enum LabelState: Int, Sendable, Codable {
  case negative = 0
  case positive = 1
  case uncertain = -1
}

/// Age in years, as exactly as the source says. For one known age both ends are equal.
public struct AgeRange: Sendable, Equatable, Codable {
  public var lower: Double
  public var upper: Double

  public init(_ lower: Double, _ upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  public init(_ years: Double) { self.init(years, years) }

  /// The one age; nil if only a range is known.
  public var years: Double? { lower == upper ? lower : nil }
}

/// A part of a report, in the report's order.
public struct TextSection: Sendable, Equatable, Codable {
  /// `findings`, `impression`, `indication`, `comparison`, `caption`.
  public var name: String
  public var text: String

  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }
}

/// What is known of a radiograph, apart from its pixels: what labels, view, age and sex a prompt can speak of.
public struct RadiographAttributes: Sendable, Equatable {
  /// States by name. A name of `vocabulary` that is not here is negative; any other is unknown.
  public var labels: [String: LabelState]
  /// The findings that the source decided on for every image.
  public var vocabulary: [String]
  public var view: ViewPosition?
  public var age: AgeRange?
  public var sex: PatientSex?
  /// What was marked in the image. Its labels hold the names of these, too.
  public var findings: [ImageFinding]

  public init(
    labels: [String: LabelState] = [:], vocabulary: [String] = [], view: ViewPosition? = nil, age: AgeRange? = nil,
    sex: PatientSex? = nil, findings: [ImageFinding] = []
  ) {
    self.labels = labels
    self.vocabulary = vocabulary
    self.view = view
    self.age = age
    self.sex = sex
    self.findings = findings
  }

  /// The findings that the image has, in alphabetical order.
  public var positives: [String] { labels.filter { $0.value == .positive }.keys.sorted() }

  /// What the source says about a finding; nil if it says nothing.
  public func state(of label: String) -> LabelState? {
    labels[label] ?? (vocabulary.contains(label) ? .negative : nil)
  }
}

/// One radiograph of a dataset.
public struct RadiographRecord: Sendable, Equatable, Identifiable {
  /// Unique in the dataset, from 1, in the order of import.
  public let id: Int64
  /// The name of its source: `nih`, `kermany`, ...
  public let source: String
  /// The image's path below its source's folder.
  public let path: String
  /// Unique in the dataset: the source and the patient there.
  public let patient: String
  public let study: String
  public let split: DatasetSplit
  public let attributes: RadiographAttributes
  /// The report's or caption's text; empty if the source has none.
  public let sections: [TextSection]
  /// Width and height of the source's image.
  public let originalSize: (width: Int, height: Int)?
  /// SHA-256 of the source's file, in lower-case hexadecimal.
  public let contentHash: String?
  /// Where its pixels lie in the shards, counted in images.
  let slot: Int?

  public var hasPixels: Bool { slot != nil }

  /// Whether a program drew findings into it: a model may learn from it, and no judge, and no figure is taken of it.
  public var isComputed: Bool { source == ImageFinding.computedSource }

  /// Whether its file has at most half of so many pixels in width or height: enlarged to them it is blurred.
  ///
  /// False if the dataset does not know its size.
  public func isEnlarged(to side: Int) -> Bool {
    originalSize.map { 2 * min($0.width, $0.height) <= side } ?? false
  }

  /// The hash of its file, or its place if the dataset has none: the same in every dataset that holds the image.
  public var identity: String { contentHash ?? "\(source)/\(path)" }

  /// The collections whose numbers of patients are their publishers' own, by the name of a source: that of the images which
  /// others pass on at 128 x 128 is NIH's too.
  private static let publishers = ["nih": "nih", "nih-128": "nih", "kermany": "kermany"]

  /// The hash of a patient of a public collection: the same in every dataset that holds an image of that patient, whatever the
  /// format and size of its files. Nil for others, whose names mean nothing elsewhere.
  public var patientIdentity: String? {
    Self.publishers[source].map { publisher in
      ContentHash.of(parts: ["patient", publisher + patient.dropFirst(source.count)])
    }
  }

  public static func == (one: RadiographRecord, other: RadiographRecord) -> Bool {
    one.id == other.id && one.source == other.source && one.path == other.path && one.patient == other.patient
      && one.study == other.study && one.split == other.split && one.attributes == other.attributes
      && one.sections == other.sections && one.contentHash == other.contentHash && one.slot == other.slot
  }
}
