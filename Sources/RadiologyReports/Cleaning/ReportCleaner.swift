/// One named change of a text: a pure function.
public struct CleaningStep: Sendable {
  public let name: String
  /// What it does, in one line.
  public let summary: String
  private let change: @Sendable (String) -> String

  public init(name: String, summary: String, change: @escaping @Sendable (String) -> String) {
    self.name = name
    self.summary = summary
    self.change = change
  }

  public func callAsFunction(_ text: String) -> String { change(text) }
}

/// Makes the text of a report fit for training: steps in order, each from text to text.
///
/// Words for the side (left, right, bilateral) stay as they are, and so do numbers and units; abbreviations that contain
/// a side ("RLL") add its word. Any text may be given.
public struct ReportCleaner: Sendable {
  public let steps: [CleaningStep]

  public init(steps: [CleaningStep]) { self.steps = steps }

  /// The steps that imports use.
  ///
  /// - Throws: `VocabularyError` if the abbreviations that come with the program cannot be read.
  public static func standard() throws(VocabularyError) -> ReportCleaner {
    let expander = try AbbreviationExpander.standard()
    return ReportCleaner(steps: [
      CleaningStep(
        name: "characters", summary: "plain quotes, dashes and spaces; no control characters",
        change: CharacterCleaning.cleaned),
      CleaningStep(
        name: "list markers", summary: "bullets and the numbers of lists become sentences", change: ListMarkers.removed),
      CleaningStep(
        name: "de-identification marks",
        summary: "XXXX, [**...**], ___ and alike go, the grammar around them is mended",
        change: DeidentificationMarks.removed),
      CleaningStep(
        name: "abbreviations", summary: "radiology's abbreviations are written out where their meaning is clear",
        change: { expander.expanded($0) }),
      CleaningStep(
        name: "punctuation", summary: "one mark of punctuation where several met, spaces where they belong",
        change: PunctuationCleaning.cleaned),
      CleaningStep(
        name: "white space", summary: "one space between words, none at the ends", change: WhiteSpaceCleaning.cleaned),
    ])
  }

  public func clean(_ text: String) -> String { steps.reduce(text) { $1($0) } }

  /// The text after each step.
  public func steps(of text: String) -> [(name: String, text: String)] {
    var current = text
    return steps.map { step in
      current = step(current)
      return (step.name, current)
    }
  }
}
