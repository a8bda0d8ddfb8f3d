/// What all charts share: the drawing's size, its axes, and its name and description for those who do not see it.
struct ChartFrame {
  // Small enough that a phone shows the labels at their own size.
  static let width = 360.0
  static let height = 220.0
  static let left = 46.0
  static let right = 10.0
  static let top = 8.0
  static let bottom = 36.0

  let x: ChartAxis
  let y: ChartAxis

  func placeX(_ value: Double) -> Double {
    Self.left + x.position(value) * (Self.width - Self.left - Self.right)
  }

  func placeY(_ value: Double) -> Double {
    Self.height - Self.bottom - y.position(value) * (Self.height - Self.top - Self.bottom)
  }

  /// The drawing with its axes.
  ///
  /// - Parameter id: unique in the page.
  func svg(id: String, title: String, description: String, xTitle: String, xLabels: Bool = true, marks: [HTML]) -> HTML
  {
    let (right, base) = (Self.width - Self.right, Self.height - Self.bottom)
    let horizontals = y.ticks.map { tick -> HTML in
      let place = placeY(tick)
      return """
        <line class="grid" x1="\(Self.left)" x2="\(right)" y1="\(place)" y2="\(place)"/>\
        <text x="\(Self.left - 5)" y="\(place + 4)" text-anchor="end">\(y.label(tick))</text>
        """
    }
    let verticals =
      !xLabels
      ? []
      : x.ticks.map { tick -> HTML in
        let place = placeX(tick)
        return """
          <line class="axis" x1="\(place)" x2="\(place)" y1="\(base)" y2="\(base + 4)"/>\
          <text x="\(place)" y="\(base + 16)" text-anchor="middle">\(x.label(tick))</text>
          """
      }
    return """
      <svg viewBox="0 0 \(Self.width) \(Self.height)" width="\(Self.width * 2)" height="\(Self.height * 2)" role="img" \
      aria-labelledby="\(id)-title \(id)-desc"><title id="\(id)-title">\(title)</title>\
      <desc id="\(id)-desc">\(description)</desc>
      \(horizontals)
      <line class="axis" x1="\(Self.left)" x2="\(right)" y1="\(base)" y2="\(base)"/>
      \(verticals)
      <text x="\((Self.left + right) / 2)" y="\(Self.height - 4)" text-anchor="middle">\(xTitle)</text>
      \(marks)
      </svg>

      """
  }
}
