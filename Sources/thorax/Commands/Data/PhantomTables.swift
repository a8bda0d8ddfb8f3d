import Foundation
import RadiographImport
import Support
import Terminal

/// What is in pictures of phantoms, as tables of text and as JSON.
enum PhantomTables {
  /// A picture of `--read --json`: `path` beside the keys of the reading.
  struct Image: Encodable {
    var path: String
    var reading: PhantomReading

    private enum Key: String, CodingKey { case path }

    func encode(to encoder: any Encoder) throws {
      try reading.encode(to: encoder)
      var values = encoder.container(keyedBy: Key.self)
      try values.encode(path, forKey: .path)
    }
  }

  static func readings(_ images: [(path: String, reading: PhantomReading)]) -> String {
    TextTable(
      title: "Image", heads: ["opacity", "effusion", "heart ratio", "device"],
      rows: images.map { image in [image.path] + cells(image.reading) }
    ).lines().joined(separator: "\n")
  }

  static func check(_ check: PhantomCheck) -> String {
    let rows = PhantomPrompt.Kind.allCases.compactMap { kind in
      check.kinds[kind.rawValue].map { row(kind.rawValue.replacing("_", with: " "), $0) }
    }
    let table = TextTable(title: "Pictures", heads: ["asked", "obeyed", "share"], rows: rows + [row("all", check.all)])
    let disagreements = check.disagreements.map { entry in
      let (expected, found) = (cells(entry.expected), cells(entry.found))
      return [
        entry.path, entry.kind.rawValue.replacing("_", with: " "), relevant(expected, entry.kind),
        relevant(found, entry.kind),
      ]
    }
    let list = TextTable(title: "Disagreements", heads: ["kind", "asked for", "found"], rows: disagreements)
    return [table, list].map { $0.lines().joined(separator: "\n") }.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private static func row(_ name: String, _ share: PhantomCheck.Share) -> [String] {
    [name, "\(share.asked)", "\(share.obeyed)", String(format: "%.1f %%", 100 * share.share)]
  }

  /// What a kind of prompt asks of the four cells of a reading.
  private static func relevant(_ cells: [String], _ kind: PhantomPrompt.Kind) -> String {
    guard cells.count == 4 else { return cells.first ?? "" }
    return switch kind {
    case .side, .zone, .presence: cells[0]
    case .heartSize: cells[2]
    case .negation: "\(cells[0]), \(cells[1])"
    }
  }

  private static func cells(_ reading: PhantomReading) -> [String] {
    guard reading.isPhantom else { return ["no phantom"] }
    return [
      reading.opacity.map { String(format: "\($0.side) \($0.zone.rawValue) %.3f", $0.diameter) } ?? "no opacity",
      reading.effusion.map { String(format: "\($0.side) %.3f", $0.level) } ?? "no effusion",
      reading.heartRatio.map { String(format: "%.3f", $0) } ?? "hidden", reading.device?.rawValue ?? "none",
    ]
  }
}
