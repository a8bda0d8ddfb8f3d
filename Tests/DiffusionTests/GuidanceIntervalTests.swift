import Diffusion
import Testing

@Suite("The interval of guidance as text")
struct GuidanceIntervalTests {
  @Test(
    "is read as two times, or as none",
    arguments: [
      ("0.3-0.9", 0.3...0.9), ("0-1", 0.0...1.0), (".25-0.5", 0.25...0.5), ("0.5-0.5", 0.5...0.5),
      ("1e-05-2e-1", 1e-05...0.2), ("none", nil),
    ])
  func reading(text: String, range: ClosedRange<Double>?) {
    #expect(GuidanceInterval(text: text) == GuidanceInterval(range))
  }

  @Test(
    "is refused if it cannot be one",
    arguments: [
      "", "-", "0.3", "0.9-0.3", "-0.1-0.5", "0.5-1.1", "nan-0.5", "0.1-nan", "0.1-inf", "0.1-0.2-0.3", "0.1 - 0.2",
      "0,1-0,2", "None", "0.3–0.9",
    ])
  func refusing(text: String) {
    #expect(GuidanceInterval(text: text) == nil)
  }

  @Test(
    "comes back to the last bit",
    arguments: [0.1 + 0.2...0.9, 1e-300...1, Double.leastNonzeroMagnitude...Double(1).nextDown])
  func roundTrip(range: ClosedRange<Double>) {
    #expect(GuidanceInterval(text: GuidanceInterval(range).description)?.range == range)
  }
}
