import Foundation
import Testing

@testable import WebPages

@Suite struct ChartTests {
  @Test func linearAxesEndOnRoundNumbers() {
    let axis = ChartAxis.linear([0.3, 9.1], count: 5)
    #expect(axis.lower == 0 && axis.upper == 10 && axis.ticks == [0, 2, 4, 6, 8, 10])
    #expect(axis.position(5) == 0.5)
    #expect(ChartAxis.linear([0.823, 0.891], count: 4).lower > 0.7)
    #expect(ChartAxis.linear([3, 8], includesZero: true).lower == 0)
    let exact = ChartAxis.exact([0, 256], count: 6)
    #expect(exact.upper == 256 && exact.ticks == [0, 50, 100, 150, 200, 250])
  }

  @Test(arguments: [[], [Double.nan], [0], [5], [-3, -3], [1e-300, 2e-300], [1e300, -1e300], [.infinity, 1]])
  func everyDataGivesAnAxisOfSomeLength(values: [Double]) {
    for axis in [ChartAxis.exact(values), .linear(values), .linear(values, includesZero: true), .automatic(values)] {
      #expect(axis.lower < axis.upper && axis.ticks.count >= 2 && axis.ticks.count < 20, "\(axis)")
      #expect(axis.lower.isFinite && axis.upper.isFinite)
      for value in values where value.isFinite { #expect((-1e-9...1 + 1e-9).contains(axis.position(value))) }
    }
  }

  @Test func decadesAskForALogarithmicAxis() {
    let axis = ChartAxis.automatic([0.5329, 0.0010, 0.0035])
    #expect(axis.scale == .logarithmic && axis.lower == 0.001 && axis.upper == 1)
    #expect(abs(axis.position(0.01) - 1.0 / 3) < 1e-12)
    #expect(ChartAxis.automatic([0.4, 0.9]).scale == .linear)
    #expect(ChartAxis.automatic([0, 1000]).scale == .linear)
    #expect(ChartAxis.automatic([1e-30, 1e30]).ticks.count <= 8)
  }

  @Test func ticksAreLabelledWithTheDigitsThatTellThemApart() {
    let fine = ChartAxis.linear([0.82, 0.845], count: 5)
    #expect(fine.ticks.map(fine.label) == ["0.820", "0.825", "0.830", "0.835", "0.840", "0.845"])
    let steps = ChartAxis.linear([0, 69_330], count: 4)
    #expect(steps.ticks.map(steps.label) == ["0", "20k", "40k", "60k", "80k"])
    let pixels = ChartAxis.linear([0, 23_500_000], count: 2, includesZero: true)
    #expect(pixels.ticks.map(pixels.label) == ["0", "20M", "40M"])
    let small = ChartAxis.linear([0, 1e-4], count: 2)
    #expect(small.ticks.map(small.label) == ["0", "5e-5", "1e-4"])
  }

  @Test func aChartIsNamedAndDescribed() {
    let chart = LineChart(
      title: "Loss <a>", xTitle: "Step", series: [.init("Training", [(0, 0.5), (10, 0.25), (20, .nan)])])
    let html = chart.html(id: "loss").text
    #expect(html.contains("role=\"img\"") && html.contains("aria-labelledby=\"loss-title loss-desc\""))
    #expect(html.contains("<title id=\"loss-title\">Loss &lt;a&gt;</title>"))
    #expect(html.contains("Training: 0.5 at step 0, 0.25 at step 10; least 0.25, greatest 0.5."))
    #expect(!html.contains("nan"))
    #expect(LineChart(title: "", xTitle: "", series: [.init("", [])]).html(id: "x").isEmpty)
  }

  @Test func aScaleIsLogarithmicUnlessToldOtherwise() {
    let series = LineChart.Series("a", [(1, 0.01), (2, 0.9)])
    let automatic = LineChart(title: "SSIM", xTitle: "Step", series: [series])
    let linear = LineChart(title: "SSIM", xTitle: "Step", series: [series], xRange: 0...4, isLinear: true)
    #expect(automatic.html(id: "a").text.contains("SSIM, logarithmic scale"))
    #expect(!linear.html(id: "a").text.contains("logarithmic"))
    // The drawing is 304 wide from 46 on: 1 of 4 lies at a quarter.
    #expect(linear.html(id: "a").text.contains("cx=\"122\""))
  }

  @Test func thinningKeepsPeaks() {
    var points = (0..<10_000).map { (x: Double($0), y: 1.0) }
    points[4321].y = 9
    points[8765].y = -9
    let thinned = LineChart.thinned(points)
    #expect(thinned.count <= LineChart.pointLimit)
    #expect(thinned.contains { $0 == (4321, 9) } && thinned.contains { $0 == (8765, -9) })
    #expect(zip(thinned, thinned.dropFirst()).allSatisfy { $0.x < $1.x })
  }

  @Test func barsAreAsHighAsTheirCounts() {
    let histogram = Histogram(
      title: "Words", xTitle: "Words", subject: "Reports", start: 0, binWidth: 10, counts: [2, 0, 4])
    let html = histogram.html(id: "words").text
    let heights = html.matches(of: /<rect[^>]* height="([0-9.]+)"/).compactMap { Double($0.1) }
    #expect(heights.count == 2 && abs(heights[0] * 2 - heights[1]) < 0.02)
    #expect(html.contains("6 reports in 3 bins from 0 to 30; most in 20 to 29: 4."))
    #expect(html.contains("<th scope=\"row\">10 to 19</th><td class=\"n\">0</td><td class=\"n\">0 %</td>"))
  }
}
