/// Curves over a common axis, told apart by colour and by dashes.
public struct LineChart: Sendable {
  public struct Series: Sendable {
    public var name: String
    /// In the order of `x`; points that are not finite are left out.
    public var points: [(x: Double, y: Double)]

    public init(_ name: String, _ points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
    }
  }

  public var title: String
  public var xTitle: String
  public var series: [Series]
  /// The axis of `x` is at least this long, so that charts beside one another have the same.
  public var xRange: ClosedRange<Double>?
  /// If false, positive values that span more than a factor of twenty are drawn on a logarithmic scale.
  public var isLinear: Bool

  public init(
    title: String, xTitle: String, series: [Series], xRange: ClosedRange<Double>? = nil, isLinear: Bool = false
  ) {
    self.title = title
    self.xTitle = xTitle
    self.series = series.filter { !$0.points.isEmpty }
    self.xRange = xRange
    self.isLinear = isLinear
  }

  /// Points drawn of one curve; more would only make the page larger.
  static let pointLimit = 400
  private static let dashes: [HTML] = ["", "6 3", "2 3", "9 3 2 3", "1 3", "12 4"]

  /// The chart; nothing where there is no point to draw.
  ///
  /// - Parameter id: unique in the page.
  public func html(id: String) -> HTML {
    guard !series.isEmpty else { return .empty }
    let bounds = xRange.map { [$0.lowerBound, $0.upperBound] } ?? []
    let values = series.flatMap { $0.points.map(\.y) }
    let frame = ChartFrame(
      x: .exact(bounds + series.flatMap { $0.points.map(\.x) }, count: 4),
      y: isLinear ? .linear(values) : .automatic(values))
    let curves = series.enumerated().map { curve($0.offset, $0.element, in: frame) }
    let legend = series.enumerated().map { index, series -> HTML in
      """
      <li><svg width="30" height="10" viewBox="0 0 30 10" aria-hidden="true">\
      <path class="curve s\(index % 6)" stroke-dasharray="\(Self.dashes[index % 6])" d="M1 5H29"/></svg>\(series.name)</li>
      """
    }
    let scale = frame.y.scale == .logarithmic ? ", logarithmic scale" : ""
    return """
      <figure class="chart"><figcaption>\(title + scale)</figcaption>
      \(frame.svg(id: id, title: title, description: description, xTitle: xTitle, marks: curves))\
      <ul class="legend">\(legend)</ul></figure>

      """
  }

  /// Each curve in words: where it begins, ends, and its least and greatest value.
  var description: String {
    series.map { series in
      let values = series.points.map(\.y)
      guard let first = series.points.first, let last = series.points.last, let least = values.min(),
        let greatest = values.max()
      else { return "" }
      let name = xTitle.lowercased()
      return "\(series.name): \(NumberText.value(first.y)) at \(name) \(NumberText.value(first.x)), "
        + "\(NumberText.value(last.y)) at \(name) \(NumberText.value(last.x)); "
        + "least \(NumberText.value(least)), greatest \(NumberText.value(greatest))."
    }.joined(separator: " ")
  }

  private func curve(_ index: Int, _ series: Series, in frame: ChartFrame) -> HTML {
    let points = Self.thinned(series.points).map { (frame.placeX($0.x), frame.placeY($0.y)) }
    let path = points.enumerated().map { "\($0.offset == 0 ? "M" : "L")\($0.element.0) \($0.element.1)" as HTML }
    let dots =
      points.count > 12 ? [] : points.map { "<circle class=\"dot\" cx=\"\($0.0)\" cy=\"\($0.1)\" r=\"2.5\"/>" as HTML }
    return """
      <g class="s\(index % 6)"><path class="curve" stroke-dasharray="\(Self.dashes[index % 6])" d="\(path)"/>\(dots)</g>

      """
  }

  /// Of many points, the least and the greatest of each stretch, so that peaks stay.
  static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    guard points.count > pointLimit else { return points }
    let stretches = pointLimit / 2
    return (0..<stretches).flatMap { stretch -> [(x: Double, y: Double)] in
      let part = points[(stretch * points.count / stretches)..<((stretch + 1) * points.count / stretches)]
      guard let least = part.indices.min(by: { part[$0].y < part[$1].y }),
        let greatest = part.indices.max(by: { part[$0].y < part[$1].y })
      else { return [] }
      return Set([least, greatest]).sorted().map { part[$0] }
    }
  }
}
