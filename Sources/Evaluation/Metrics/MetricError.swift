/// What a measure cannot be computed from. Each text says what is wrong and what to do.
public enum MetricError: Error, Equatable, CustomStringConvertible {
  case countMismatch(what: String, expected: Int, found: Int)
  case tooFew(what: String, found: Int, minimum: Int)
  case imageTooSmall(height: Int, width: Int, minimum: Int)
  case notDivisible(size: Int, by: Int)
  case invalidSetting(name: String, value: Double, allowed: String)
  case notFinite(what: String)
  /// The two sets that should be compared are one, whatever the order.
  case identicalSets(what: String)
  /// The image has one value throughout, such as 0.
  case constantImage(index: Int, value: Double)
  /// All features of an image are 0.
  case zeroFeatures(row: Int)
  case missingLabels(count: Int, total: Int)
  /// All labels are of one class.
  case singleClass(what: String, count: Int)

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
    case .identicalSets(let what):
      "both sets hold the same \(what): compare generated images with real ones"
    case .constantImage(let index, let value):
      "image \(index + 1) is \(value) throughout: leave it out, or find out why nothing was drawn"
    case .zeroFeatures(let row):
      "the features of image \(row + 1) are all 0 and have no direction: leave it out"
    case .missingLabels(let count, let total):
      "\(count) of \(total) labels are missing: leave out what has no label"
    case .singleClass(let what, let count):
      "all \(count) labels are \(what): give examples of both classes"
    }
  }
}
