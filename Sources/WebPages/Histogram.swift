/// Counts of values in bins of one width, side by side, with the numbers as a table on request.
public struct Histogram: Sendable {
  public var title: String
  public var xTitle: String
  /// Where the first bin begins, and how wide each is.
  public var start: Double
  public var binWidth: Double
  public var counts: [Int]
  /// What is counted, such as `Reports`.
  public var subject: String

  public init(title: String, xTitle: String, subject: String, start: Double, binWidth: Double, counts: [Int]) {
    self.title = title
    self.xTitle = xTitle
    self.subject = subject
    self.start = start
    self.binWidth = binWidth
    self.counts = counts
  }

  /// The chart; nothing where nothing was counted.
  ///
  /// - Parameter id: unique in the page.
  public func html(id: String) -> HTML {
    let total = counts.reduce(0, +)
    guard total > 0 else { return .empty }
    let end = start + Double(counts.count) * binWidth
    let frame = ChartFrame(
      x: .exact([start, end], count: 6), y: .linear(counts.map(Double.init), count: 4, includesZero: true))
    let bars = counts.enumerated().filter { $0.element > 0 }.map { index, count -> HTML in
      let lower = start + Double(index) * binWidth
      let (from, to) = (frame.placeX(lower), frame.placeX(lower + binWidth))
      let (top, base) = (frame.placeY(Double(count)), frame.placeY(0))
      let gap = to - from > 4 ? 1.0 : 0
      return
        "<rect class=\"block s0\" x=\"\(from)\" y=\"\(top)\" width=\"\(to - from - gap)\" height=\"\(base - top)\"/>"
    }
    let rows = counts.enumerated().map { index, count in
      DataTable.Row([binName(index), NumberText.count(count), NumberText.percent(Double(count) / Double(total))])
    }
    let table = DataTable(
      caption: title, columns: [.init(xTitle), .number(subject), .number("Share")], rows: rows)
    return """
      <figure class="chart"><figcaption>\(title)</figcaption>
      \(frame.svg(id: id, title: title, description: description, xTitle: xTitle, marks: bars))\
      </figure>
      \(HTML.details("Numbers of this chart", table.html()))
      """
  }

  var description: String {
    guard let most = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return "" }
    let range = "\(NumberText.value(start)) to \(NumberText.value(start + Double(counts.count) * binWidth))"
    return "\(NumberText.count(counts.reduce(0, +))) \(subject.lowercased()) in \(counts.count) bins from \(range); "
      + "most in \(binName(most)): \(NumberText.count(counts[most]))."
  }

  private func binName(_ index: Int) -> String {
    let lower = start + Double(index) * binWidth
    let upper = lower + binWidth
    // Bins of whole numbers are named by the numbers they hold.
    if binWidth == binWidth.rounded(), start == start.rounded() {
      return binWidth == 1 ? NumberText.value(lower) : "\(NumberText.value(lower)) to \(NumberText.value(upper - 1))"
    }
    return "\(NumberText.value(lower)) to below \(NumberText.value(upper))"
  }
}
