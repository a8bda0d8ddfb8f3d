/// Reads numbers that a user has typed, and says why a text is refused.
public enum NumberText {
  /// Reads a whole number.
  ///
  /// - Throws: ``NumberTextError`` for anything else, and for numbers that `Number` cannot hold.
  @Sendable public static func whole<Number: FixedWidthInteger & Sendable>(_ text: String) throws(NumberTextError)
    -> Number
  {
    if let number = Number(text) { return number }
    let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
    if !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      guard text.first == "-" else { throw .tooGreat(largest: "\(Number.max)") }
      throw Number.min == 0 ? .negative : .tooSmall(least: "\(Number.min)")
    }
    throw Double(text).map { $0.isFinite ? .notWhole : .notANumber } ?? .notANumber
  }

  /// Reads a number with or without a fraction. Infinities and NaN pass: they lie outside every range that is checked
  /// later, by the name of the option.
  ///
  /// - Throws: ``NumberTextError/notANumber`` for anything else.
  @Sendable public static func real(_ text: String) throws(NumberTextError) -> Double {
    guard let number = Double(text) else { throw .notANumber }
    return number
  }
}

/// Why a text is not the number that is wanted. The descriptions speak of it as "it", for the end of a sentence that quotes
/// the text.
public enum NumberTextError: Error, Equatable, CustomStringConvertible {
  case tooGreat(largest: String)
  case tooSmall(least: String)
  case negative
  case notWhole
  case notANumber

  public var description: String {
    switch self {
    case .tooGreat(let largest): "it is too great, the largest is \(largest)"
    case .tooSmall(let least): "it is too small, the least is \(least)"
    case .negative: "it is negative, the least is 0"
    case .notWhole: "it is not a whole number"
    case .notANumber: "it is not a number"
    }
  }
}
