import Foundation
import RadiologyReports
import Support

/// A study of the Indiana University collection, as `indiana_reports.csv` has it.
package struct AnnotatedStudy: Sendable {
  package enum Half: String, Sendable, CaseIterable {
    /// The half that rules may be tuned on.
    case tuning
    /// The half whose figures are reported.
    case reported
  }

  package let uid: String
  /// Findings and impression, those that are there.
  package let sections: [ReportSection]
  /// The terms of the column `MeSH`, each a path such as `Pleural Effusion/left/small`, in lower case.
  package let terms: [[String]]

  /// The half that the study belongs to, by its `uid` alone.
  package var half: Half { Self.half(of: uid) }

  /// FNV-1a of the seed and the uid, its bits mixed by SplitMix64's finaliser; the lowest bit decides.
  package static func half(of uid: String, seed: Int = 0) -> Half {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "thorax-labels-\(seed)/\(uid)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return SplitMix64.finalized(hash) & 1 == 0 ? .tuning : .reported
  }

  /// The studies that can be measured on, and how many cannot: those without text, and those that were not annotated.
  package static func read(_ url: URL) throws -> (studies: [AnnotatedStudy], withoutText: Int, unannotated: Int) {
    var studies: [AnnotatedStudy] = []
    var (withoutText, unannotated) = (0, 0)
    for row in try StudyTable.rows(of: url, columns: ["uid", "MeSH", "findings", "impression"]) {
      func cell(_ name: String) -> String { row[name] ?? "" }
      let sections = [(ReportSection.Name.findings, cell("findings")), (.impression, cell("impression"))]
        .filter { !$0.1.isEmpty }.map { ReportSection(name: $0.0, text: $0.1) }
      let terms = cell("MeSH").lowercased().split(separator: ";").map { term in
        term.split(separator: "/").map { $0.trimmingCharacters(in: .whitespaces) }
      }
      if terms.contains(["no indexing"]) || terms.isEmpty {
        unannotated += 1
      } else if sections.isEmpty {
        withoutText += 1
      } else {
        studies.append(AnnotatedStudy(uid: cell("uid"), sections: sections, terms: terms))
      }
    }
    return (studies, withoutText, unannotated)
  }
}
