import Support
import Testing

@Suite struct ValueTests {
  @Test("the median is the middle value, or the mean of the two")
  func median() {
    #expect([3.0, 1, 2].median == 2)
    #expect([4.0, 1, 3, 2].median == 2.5)
    #expect([Double]().median.isNaN)
  }

  @Test("some of a set at equal distances, and all of it where there are no more")
  func evenlySpaced() {
    #expect((0..<10).evenlySpaced(4) == [0, 2, 5, 7])
    #expect((0..<3).evenlySpaced(5) == [0, 1, 2])
    #expect([5, 6, 7, 8][2...].evenlySpaced(1) == [7])
    #expect((0..<0).evenlySpaced(3).isEmpty && (0..<3).evenlySpaced(0).isEmpty)
  }

  @Test("durations in seconds and milliseconds")
  func durations() {
    #expect(Duration.milliseconds(1_500).seconds == 1.5)
    #expect(Duration.microseconds(250).milliseconds == 0.25)
  }

  @Test("pretty JSON has its keys in order and slashes as they are, and refuses what JSON has no number for")
  func json() throws {
    let text = String(decoding: try PrettyJSON.data(["b": "1/2", "a": "x"]), as: UTF8.self)
    #expect(text == "{\n  \"a\" : \"x\",\n  \"b\" : \"1/2\"\n}")
    let error = #expect(throws: EncodingError.self) { try PrettyJSON.data([Double.nan]) }
    guard case .invalidValue(let value, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect((value as? Double)?.isNaN == true)
  }

  @Test("the process has needed memory")
  func memory() { #expect(peakMemoryBytes() > 1 << 20) }
}
