/// Distinguishes a text from a placeholder: "nan" of a table, "XXXX" of de-identification, a dash.
public enum MissingText {
  /// What tables and programs write for a value that is not there, as words in lower case.
  private static let placeholders: Set<String> = [
    "nan", "na", "n a", "n a n a", "none", "null", "nil", "nat", "ind", "qnan", "not available", "not applicable",
    "not given", "not provided", "no data", "no report", "no text", "no value", "unknown", "undefined", "missing",
    "empty",
    "blank", "redacted", "deidentified", "de identified", "removed",
  ]
  /// What a spreadsheet shows for a formula that fails, such as a text that begins with "-".
  private static let spreadsheetErrors: Set<String> = ["name", "ref", "value", "div", "num", "field", "error"]

  /// Whether a text says nothing: it has no letters but the X of de-identification, or is a word for "no value".
  public static func isMissing(_ text: String) -> Bool {
    // Nearly every text is longer than any of these.
    if text.utf8.count > 200,
      text.unicodeScalars.contains(where: { $0.properties.isAlphabetic && $0 != "X" && $0 != "x" })
    {
      return false
    }
    let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.filter { word in
      word.contains(where: \.isLetter) && !word.allSatisfy { $0 == "x" }
    }
    if words.isEmpty { return true }
    let phrase = words.joined(separator: " ")
    return placeholders.contains(phrase) || (text.hasPrefix("#") && spreadsheetErrors.contains(phrase))
  }
}
