import Foundation

/// Characters that mean the same are written the same.
enum CharacterCleaning {
  private static let replacements: [Unicode.Scalar: String] = [
    "\u{2018}": "'", "\u{2019}": "'", "\u{201A}": "'", "\u{2032}": "'", "\u{201C}": "\"", "\u{201D}": "\"",
    "\u{201E}": "\"", "\u{2033}": "\"", "\u{2010}": "-", "\u{2011}": "-", "\u{2012}": "-", "\u{2013}": "-",
    "\u{2014}": " - ", "\u{2015}": " - ", "\u{2212}": "-", "\u{2026}": "...", "\u{2044}": "/", "\u{FB01}": "fi",
    "\u{FB02}": "fl", "\u{2264}": "<=", "\u{2265}": ">=",
  ]

  static func cleaned(_ text: String) -> String {
    var result = ""
    var previousWasReturn = false
    for scalar in text.precomposedStringWithCanonicalMapping.unicodeScalars {
      defer { previousWasReturn = scalar == "\r" }
      if let replacement = replacements[scalar] {
        result += replacement
      } else if scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}" || scalar == "\u{85}" {
        if !(scalar == "\n" && previousWasReturn) { result.unicodeScalars.append("\n") }
      } else if scalar == "\t" || scalar.properties.generalCategory == .spaceSeparator {
        result.unicodeScalars.append(" ")
      } else {
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate, .unassigned: break
        default: result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }
}

/// White space is one space, and none at the ends.
enum WhiteSpaceCleaning {
  static func cleaned(_ text: String) -> String {
    var result = ""
    var pending = false
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        pending = !result.isEmpty
      } else {
        if pending { result.unicodeScalars.append(" ") }
        pending = false
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
