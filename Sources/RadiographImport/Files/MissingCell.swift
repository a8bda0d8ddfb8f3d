import DelimitedText

/// What tables and programs write into a cell that has no value.
enum MissingCell {
  private static let words: Set<String> = [
    "", "na", "n/a", "#n/a", "<na>", "nan", "none", "null", "unknown", "-", "?",
  ]

  static func isMissing(_ text: String) -> Bool {
    // Nearly every cell is longer than any of these.
    text.utf8.count <= 7 && words.contains(text.lowercased())
  }
}

extension DelimitedRow {
  /// The name in a cell, of an image, a patient, a study or a report; nil if the cell is blank or says that there is none.
  /// Taken for a name, such a word would make one patient of all who have none.
  func name(_ index: Int?) -> String? { text(index).flatMap { MissingCell.isMissing($0) ? nil : $0 } }
}
