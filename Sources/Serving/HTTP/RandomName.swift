import Support

/// Names of jobs and rounds.
enum RandomName {
  /// 128 random bits in hexadecimal digits: an address is known to no one who was not told.
  static func make() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }.hexadecimal
  }
}
