/// When guidance acts, as commands and image files write it: `0.3-0.9` for the times from 0.3 to 0.9 (0 is the clean
/// image, 1 is noise), `none` for no interval: at all times.
public enum GuidanceInterval: Equatable, Sendable, CustomStringConvertible {
  case always
  case between(ClosedRange<Double>)

  /// The interval as ``ClassifierFreeGuidance/interval`` has it.
  public init(_ range: ClosedRange<Double>?) {
    self = range.map { .between($0) } ?? .always
  }

  /// Reads what ``description`` writes. Returns nil for anything but `none` and two numbers from 0 to 1, the lower first.
  public init?(text: String) {
    if text == "none" {
      self = .always
      return
    }
    // A hyphen may belong to an exponent (1e-05), so each is tried.
    for hyphen in text.indices where text[hyphen] == "-" {
      guard let low = Double(text[..<hyphen]), let high = Double(text[text.index(after: hyphen)...]) else { continue }
      guard low >= 0, low <= high, high <= 1 else { return nil }
      self = .between(low...high)
      return
    }
    return nil
  }

  /// The interval; nil for all times.
  public var range: ClosedRange<Double>? {
    switch self {
    case .always: nil
    case .between(let range): range
    }
  }

  /// The text that gives the same interval again, to the last bit.
  public var description: String {
    switch self {
    case .always: "none"
    case .between(let range): "\(range.lowerBound)-\(range.upperBound)"
    }
  }
}
