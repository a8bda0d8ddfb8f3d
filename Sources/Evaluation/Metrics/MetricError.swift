/// What a measure cannot be computed from. Each text says what is wrong and what to do.
public enum MetricError: Error, Equatable, CustomStringConvertible {
  case countMismatch(what: String, expected: Int, found: Int)
  case tooFew(what: String, found: Int, minimum: Int)
  case imageTooSmall(height: Int, width: Int, minimum: Int)
  case notDivisible(size: Int, by: Int)
  case invalidSetting(name: String, value: Double, allowed: String)
  case notFinite(what: String)

  public var description: String {
    switch self {
    case .countMismatch(let what, let expected, let found):
      "\(what): \(found) where \(expected) belong: compare sets of the same size and shape"
    case .tooFew(let what, let found, let minimum):
      "\(found) \(what) are too few: give at least \(minimum)"
    case .imageTooSmall(let height, let width, let minimum):
      "images of \(height)x\(width) are too small: give at least \(minimum) pixels a side"
    case .notDivisible(let size, let divisor):
      "\(size) pixels cannot be averaged down to \(divisor): choose a size that divides it"
    case .invalidSetting(let name, let value, let allowed):
      "\(name) is \(value): give \(allowed)"
    case .notFinite(let what):
      "\(what) hold a value that is not finite: leave out the images it comes from"
    }
  }
}
