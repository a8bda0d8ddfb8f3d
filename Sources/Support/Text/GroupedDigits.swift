extension BinaryInteger {
  /// The number with a comma between groups of three digits: `1,234,567`.
  public var grouped: String {
    let digits = String(magnitude)
    var groups = digits.enumerated().reduce(into: "") { text, digit in
      if digit.offset > 0, (digits.count - digit.offset) % 3 == 0 { text += "," }
      text.append(digit.element)
    }
    if self < 0 { groups = "-" + groups }
    return groups
  }
}
