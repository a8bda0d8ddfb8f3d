import Foundation
@testable import RadiologyReports

enum ReportFixtures {
  /// The collection's table, where a checkout has the data beside it: `THORAX_SHARED`, or `../shared`.
  static let indianaReports: URL? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let path = ProcessInfo.processInfo.environment["THORAX_SHARED"] ?? root.appendingPathComponent("shared").path
    let url = URL(fileURLWithPath: path).appendingPathComponent("data/iu/indiana_reports.csv")
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }()

  /// Texts that no report should be, and that must do no harm.
  static let hostileTexts: [(name: String, text: String)] = [
    ("empty", ""),
    ("white space", " \t\r\n\u{A0}\u{3000} "),
    ("a megabyte of one letter", String(repeating: "a", count: 1 << 20)),
    ("a megabyte of marks", String(repeating: "X", count: 1 << 20)),
    ("many marks", String(repeating: "XXXX ", count: 15_000)),
    ("marks of dates", String(repeating: "1/XXXX/", count: 15_000)),
    ("open brackets", String(repeating: "[**", count: 20_000) + String(repeating: "<A", count: 20_000)),
    ("punctuation", String(repeating: ".,;:-/()[]*#_<>?!'\"", count: 10_000)),
    ("NULs", "No\u{0}effusion.\u{0}\u{0}" + String(repeating: "\u{0}", count: 100_000)),
    (
      "one sentence",
      String(repeating: "no effusion or possible pneumonia which is not seen versus edema ", count: 3_000)
    ),
    ("one finding", String(repeating: "effusion ", count: 20_000)),
    ("one cue", String(repeating: "without ", count: 20_000)),
    ("headings", String(repeating: "FINDINGS: IMPRESSION ", count: 20_000)),
    ("list", (1...20_000).map { "\($0). a " }.joined()),
    ("numbers", String(repeating: "1.", count: 50_000)),
    ("combining marks", "e" + String(repeating: "\u{301}", count: 50_000)),
    ("joined emoji", String(repeating: "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", count: 5_000)),
    ("right to left", String(repeating: "\u{202E}\u{5D0}\u{5D1} \u{627}\u{644} ", count: 10_000)),
    ("replacement characters", String(decoding: [0xED, 0xA0, 0x80, 0xFF, 0xC0, 0x80, 0xF5], as: UTF8.self)),
    ("last scalar", String(repeating: "\u{10FFFF}\u{E000}", count: 10_000)),
    ("small dotless and long letters", String(repeating: "\u{130}\u{131}\u{1E9E}\u{FB03}\u{2126} ", count: 10_000)),
  ]
}

extension VocabularyError {
  /// Whether an error is `.malformed`, whatever the decoder says of the file.
  static func isMalformed(_ error: any Error) -> Bool {
    if case VocabularyError.malformed = error { true } else { false }
  }
}
