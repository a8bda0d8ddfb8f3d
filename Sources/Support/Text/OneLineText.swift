extension String {
  /// The text on one line and safe to print: what a message quotes of a file or of an argument must neither break the
  /// line nor steer the terminal.
  ///
  /// A line break becomes a space, with the blanks around it; other control characters, marks that change the direction
  /// of writing, and scalars without a character become `\u{...}`.
  ///
  /// - Parameter limit: The most characters that stay; a longer text is cut and ends in "…". No limit if nil.
  public func onOneLine(limit: Int? = nil) -> String {
    var result = ""
    var isAtBreak = true
    var count = 0
    for character in self {
      if let limit, count >= limit {
        while result.last == " " { result.removeLast() }
        return result + "…"
      }
      if character.isNewline {
        while result.last == " " { result.removeLast() }
        if !result.isEmpty { result += " " }
        isAtBreak = true
        continue
      }
      if isAtBreak, character == " " || character == "\t" { continue }
      isAtBreak = false
      count += 1
      for scalar in character.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
          result += "\\u{" + String(scalar.value, radix: 16) + "}"
        default: result.unicodeScalars.append(scalar)
        }
      }
    }
    if isAtBreak, result.last == " " { result.removeLast() }
    return result
  }
}
