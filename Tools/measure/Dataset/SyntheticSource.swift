import Foundation
import RadiographData
import RadiographImport

/// Entries like MIMIC-CXR's: 1.7 images a study, 3.5 studies a patient, a report of forty words, 14 findings.
enum SyntheticSource {
  private static let findings = [
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Enlarged Cardiomediastinum", "Fracture", "Lung Lesion",
    "Lung Opacity", "No Finding", "Pleural Effusion", "Pleural Other", "Pneumonia", "Pneumothorax", "Support Devices",
  ]
  private static let sentences = [
    "The heart is of normal size.", "The lungs are clear on both sides.", "There is no fluid in the pleural space.",
    "A small opacity lies at the base of the left lung.", "The bones show nothing new.",
    "A tube ends above the carina.", "The mediastinum is not widened.", "There is a thin line at the right apex.",
  ]

  static func list(entries count: Int, root: URL) -> ImportSource {
    var random = FixedGenerator(state: 42)
    var entries: [ImportEntry] = []
    entries.reserveCapacity(count)
    var patient = 10_000_000
    while entries.count < count {
      patient += 1 + random.next(5)
      for _ in 0..<(1 + random.next(6)) {
        let study = "s\(50_000_000 + entries.count)"
        let attributes = Self.labels(&random)
        let sections = [
          TextSection(name: "findings", text: text(4 + random.next(3), &random)),
          TextSection(name: "impression", text: text(1 + random.next(2), &random)),
        ]
        let images = 1 + random.next(2) + (random.next(5) == 0 ? 1 : 0)
        for image in 0..<images where entries.count < count {
          let view: ViewPosition = image == 1 ? .lateral : random.next(2) == 0 ? .anteroposterior : .posteroanterior
          let name = (0..<5).map { _ in String(random.next(1 << 32), radix: 16) }.joined(separator: "-")
          entries.append(
            ImportEntry(
              path: "files/p\(patient / 1_000_000)/p\(patient)/\(study)/\(name).jpg", file: nil, patient: "p\(patient)",
              study: study,
              attributes: RadiographAttributes(
                labels: attributes, view: view, age: AgeRange(Double(20 + random.next(70))),
                sex: random.next(2) == 0 ? .female : .male),
              sections: sections))
        }
      }
    }
    return ImportSource(
      name: "synthetic", kind: "table", licence: "CC0-1.0", attribution: "made up", vocabulary: [],
      root: root.appendingPathComponent("source"), entries: entries, exclusions: [])
  }

  private static func labels(_ random: inout FixedGenerator) -> [String: LabelState] {
    var labels: [String: LabelState] = [:]
    for (index, finding) in findings.enumerated() where random.next(4 + index) == 0 {
      labels[finding] = random.next(4) == 0 ? .uncertain : random.next(3) == 0 ? .negative : .positive
    }
    return labels
  }

  private static func text(_ count: Int, _ random: inout FixedGenerator) -> String {
    (0..<count).map { _ in sentences[random.next(sentences.count)] }.joined(separator: " ")
  }

  /// A linear congruential generator: the same entries in every run.
  private struct FixedGenerator {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
  }
}
