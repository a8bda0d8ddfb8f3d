/// What a report says of a phantom: every sentence is true of the picture, and the findings decide on heart, opacity and
/// fluid each time.
///
/// An eighth of all texts is kept for prompts and never stands in a report of a dataset, whatever the seeds: a model that
/// is tried with them has not seen its prompt.
public struct PhantomReport: Sendable, Equatable {
  public var findings: String
  public var impression: String

  /// Both sections as one text, as training joins them.
  public var text: String { "\(findings) \(impression)" }

  public init(findings: String, impression: String) {
    self.findings = findings
    self.impression = impression
  }

  /// Draws words for a description.
  ///
  /// - Parameter forPrompt: Whether the text is one of those kept for prompts.
  init(_ description: PhantomDescription, forPrompt: Bool, _ random: inout DrawingRandom) {
    var report: PhantomReport
    repeat {
      var words = PhantomWords(description, random)
      let findings = words.findings()
      report = PhantomReport(findings: findings, impression: words.impression())
      random = words.random
    } while Self.isKeptForPrompts(report.text) != forPrompt
    self = report
  }

  /// Whether a text never stands in a dataset: an eighth of all texts, by their FNV-1a hash.
  public static func isKeptForPrompts(_ text: String) -> Bool {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash >> 61 == 0
  }
}
