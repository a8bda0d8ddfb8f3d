import RadiologyReports
import Support

/// A text that asks for a radiograph which nobody took, and what it says of it.
public struct Wish: Sendable, Equatable {
  public var text: String
  public var statements: [PromptStatement]
  /// Whether it asks for what the patient's radiograph shows.
  public var isShown: Bool
}

/// Writes texts that ask for findings wherever they can be, as radiographs of a dataset show them too rarely: patient and
/// view are those of a radiograph, a finding, its side, its zones and its size are drawn.
///
/// A third asks for what the radiograph shows, and a tenth for a normal chest; of the others one in four asks for a second finding
/// too. Of a child, of whom nothing is marked, and of a lateral view all ask for what the radiograph shows.
public struct WishWriter: Sendable {
  /// How often a text asks for what the patient's radiograph shows, and how often for a normal chest.
  private static let (ownShare, normalShare) = (0.35, 0.1)
  private static let (bilateralShare, secondShare) = (0.1, 0.25)

  private let grammar: PromptGrammar
  /// The findings that are asked for, by their labels.
  public let findings: [String]

  /// - Parameter labels: What may be asked for; those that the grammar has no words for are left out, and those that say
  ///   another more exactly.
  public init(grammar: PromptGrammar, labels: [String]) {
    self.grammar = grammar
    findings = labels.filter { grammar.rules.findings[$0].map { $0.refines == nil } ?? false }
  }

  /// With the grammar that comes with the program.
  ///
  /// - Throws: `DatasetError.malformedGrammar` if the program was built wrongly.
  public static func standard(labels: [String]) throws(DatasetError) -> WishWriter {
    WishWriter(grammar: try .standard(), labels: labels)
  }

  /// A text for the patient of a radiograph; the same for the same seed.
  public func wish(for patient: RadiographAttributes, seed: UInt64) -> Wish {
    var generator = SplitMix64(seed: seed)
    let wished = wished(patient, using: &generator)
    let (text, statements) = grammar.spoken(for: wished ?? patient, using: &generator)
    return Wish(text: text, statements: statements, isShown: wished == nil)
  }

  /// Nil for what the radiograph shows.
  private func wished(
    _ patient: RadiographAttributes, using generator: inout some RandomNumberGenerator
  ) -> RadiographAttributes? {
    let chance = Double.random(in: 0..<1, using: &generator)
    if chance < Self.ownShare || ImageTrait.child.holds(for: patient) == true || patient.view == .lateral {
      return nil
    }
    var wished = patient
    (wished.labels, wished.findings) = ([:], [])
    wished.vocabulary += findings.filter { !patient.vocabulary.contains($0) }
    let normals = grammar.rules.normal.labels
    let normal = normals.first { patient.vocabulary.contains($0) } ?? normals.first
    if chance < Self.ownShare + Self.normalShare, let normal {
      wished.labels = [normal: .positive]
      return wished
    }
    // What has a place is asked for twice as often as what has none.
    let placed = findings.filter { grammar.rules.findings[$0]?.places != nil }
    guard let first = (findings + placed).randomElement(using: &generator) else { return nil }
    var names = [first]
    if Double.random(in: 0..<1, using: &generator) < Self.secondShare {
      names += [(findings + placed).filter { $0 != first }.randomElement(using: &generator)].compactMap { $0 }
    }
    for name in names {
      wished.labels[name] = .positive
      if let usage = grammar.rules.findings[name]?.places {
        wished.findings += places(of: name, usage, using: &generator)
      }
    }
    return wished
  }

  /// A finding on one side, or one on each.
  private func places(
    of name: String, _ usage: PlaceRules.Usage, using generator: inout some RandomNumberGenerator
  ) -> [ImageFinding] {
    let isBilateral = Double.random(in: 0..<1, using: &generator) < Self.bilateralShare
    let sides: [Laterality] = isBilateral ? [.left, .right] : [Bool.random(using: &generator) ? .left : .right]
    let sets = (usage.zones ?? []).compactMap { grammar.rules.places.zones[$0] }
    let zones = ImageFinding.Zone.allCases.filter { zone in
      sets.contains { $0.before[zone.rawValue] != nil || $0.behind[zone.rawValue] != nil }
    }
    // Of the middle there is less to be seen whether it is right.
    let zone = (zones + zones.filter { $0 != .middle }).randomElement(using: &generator)
    let sizes = ImageFinding.Size.allCases.filter { usage.sizes?[$0.rawValue] != nil }
    let size = sizes.randomElement(using: &generator)
    return sides.map { side in
      ImageFinding(
        name: name, origin: .computed, annotator: "wish", side: side, zones: zone.map { [$0] } ?? [], size: size,
        box: ImageBox(x: 0, y: 0, width: 0, height: 0))
    }
  }
}
