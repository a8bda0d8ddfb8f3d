/// How grey values are spread over 0...255 before they are rounded.
///
/// Written `min-max`, `none` or `percentile:LOW-HIGH` (`percentile:0.5-99.5`).
public enum IntensityMapping: Sendable, Equatable, Hashable {
  /// The image's least value becomes 0 and its greatest 255 (equation 1 of the article, before its shift to [-1, 1]).
  case minMax
  /// What `low` percent of the pixels are below becomes 0, what `high` percent are below 255, and what is outside is
  /// clamped: letters burnt into the film no longer decide how bright the lungs are. Percentiles are interpolated
  /// linearly between pixels, as NumPy's are.
  case percentile(low: Double, high: Double)
  /// The range that values could have becomes 0...255, whether or not the image fills it: 16 bits are divided by 257, a
  /// DICOM file's are spread from the least to the greatest of its transformations. Nothing is clamped.
  case none

  /// - Throws: `ImageFileError.invalidPercentiles` where they are not in order within 0...100.
  func checked() throws(ImageFileError) -> IntensityMapping {
    if case .percentile(let low, let high) = self, !(0 <= low && low < high && high <= 100) {
      throw .invalidPercentiles(low: low, high: high)
    }
    return self
  }

  /// The value that becomes 0, and the factor after it was taken away.
  ///
  /// - Parameter range: what the values could be.
  func line(
    for plane: GrayPlane, range: ClosedRange<Float>
  ) throws(ImageFileError) -> (origin: Float, scale: Float) {
    switch try checked() {
    case .none: return (range.lowerBound, Self.scale(from: range.lowerBound, to: range.upperBound))
    case .minMax:
      let (least, greatest) = plane.extent
      return (least, Self.scale(from: least, to: greatest))
    case .percentile(let low, let high):
      let sorted = plane.values.filter { !$0.isNaN }.sorted()
      guard !sorted.isEmpty else { return (0, 0) }
      let least = Self.percentile(low, of: sorted)
      return (least, Self.scale(from: least, to: Self.percentile(high, of: sorted)))
    }
  }

  /// An image of one value becomes 0.
  private static func scale(from least: Float, to greatest: Float) -> Float {
    greatest > least ? 255 / (greatest - least) : 0
  }

  private static func percentile(_ percent: Double, of sorted: [Float]) -> Float {
    let place = percent / 100 * Double(sorted.count - 1)
    let lower = min(max(Int(place), 0), sorted.count - 1)
    let upper = min(lower + 1, sorted.count - 1)
    let share = Float(place - Double(lower))
    return sorted[lower] + (sorted[upper] - sorted[lower]) * share
  }
}

extension IntensityMapping: RawRepresentable, Codable {
  public init?(rawValue: String) {
    switch rawValue {
    case "min-max": self = .minMax
    case "none": self = .none
    default:
      let parts = rawValue.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0] == "percentile" else { return nil }
      let bounds = parts[1].split(separator: "-", omittingEmptySubsequences: false).map { Double($0) }
      guard bounds.count == 2, let low = bounds[0], let high = bounds[1],
        let mapping = try? IntensityMapping.percentile(low: low, high: high).checked()
      else { return nil }
      self = mapping
    }
  }

  public var rawValue: String {
    switch self {
    case .minMax: "min-max"
    case .none: "none"
    case .percentile(let low, let high): "percentile:\(low.shortest)-\(high.shortest)"
    }
  }
}

extension Double {
  /// As few digits as lead back to the value: "2", "0.5".
  var shortest: String {
    let text = "\(self)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
