import Testing

@testable import Terminal

@Suite struct ProgressLineTests {
  private static let importing = ProgressLine(
    label: "importing nih", unit: "images", done: 1_081, total: 2_296, rate: 38.2, elapsed: 28)

  @Test func aWideTerminalHasEverything() {
    #expect(
      Self.importing.text(columns: 100)
        == "importing nih  [#############...............]  47 %  1,081/2,296 images  38.2 images/s  0:32 left")
  }

  @Test(arguments: [
    (80, "importing nih  [######........]  47 %  1,081/2,296 images  38.2 images/s  0:32 left"),
    (40, "importing nih  [##...]  47 %  0:32 left"),
    (20, "importing nih"),
  ])
  func aNarrowTerminalHasLess(columns: Int, text: String) {
    let line = Self.importing.text(columns: columns)
    #expect(line.count < columns)
    if columns > 20 { #expect(line.contains("47 %") && line.contains("0:32 left") && line.contains("[")) }
    if columns == 80 { #expect(line.contains("1,081/2,296 images") && line.contains("38.2 images/s")) }
    if columns <= 20 { #expect(line == "47 %") }
  }

  @Test func noLineIsEverTooWideAndEveryOneHasTheShare() {
    let lines = [
      Self.importing,
      ProgressLine(label: "training", unit: "steps", done: 7, total: 1_000_000, rate: 0.001, detail: "loss 0.1234"),
      ProgressLine(label: String(repeating: "胸部X線", count: 9), unit: "images", done: 5, total: 10, rate: 2),
    ]
    for line in lines {
      for columns in 6...200 {
        let text = line.text(columns: columns)
        #expect(TerminalWindow.width(of: text) < columns, "\(columns): \(text)")
        #expect(text.contains(" %"), "\(columns): \(text)")
      }
      for columns in [0, 1, 2, 3] { #expect(line.text(columns: columns).count <= 2) }
    }
  }

  @Test func withoutATotalTheCountAndTheTimeAreSaid() {
    let line = ProgressLine(label: "listing", unit: "files", done: 12_345, total: nil, rate: 250, elapsed: 49.4)
    #expect(line.text(columns: 80) == "listing  12,345 files  250 files/s  0:49")
    #expect(line.text(columns: 30) == "listing  12,345 files  0:49")
    #expect(line.plain == "listing:  12,345 files  250 files/s  0:49")
  }

  @Test func aHundredPercentIsSaidOfWhatIsDoneAndOfNothingElse() {
    func share(_ done: Double, of total: Double) -> String {
      ProgressLine(label: "x", unit: "y", done: done, total: total).text(columns: 6)
    }
    #expect(share(0, of: 7) == "0 %")
    #expect(share(999_999, of: 1_000_000) == "99 %")
    #expect(share(7, of: 7) == "100 %")
    #expect(share(8, of: 7) == "100 %")
    #expect(share(0, of: 0) == "100 %")
    #expect(share(-1, of: 7) == "0 %")
  }

  @Test func theBarIsFullWhenAllIsDone() {
    let line = ProgressLine(label: "x", unit: "y", done: 3, total: 3).text(columns: 80)
    #expect(line.contains("[############################]") && !line.contains("."))
    #expect(!line.contains("left"))
  }

  @Test(arguments: [
    (0.0, "0:00"), (9.4, "0:09"), (59.6, "1:00"), (307, "5:07"), (3_599.6, "1:00:00"), (3_912, "1:05:12"),
    (86_399, "23:59:59"), (97_200, "1 d 3 h"), (1e9, "very long"), (.infinity, "very long"), (.nan, "very long"),
  ])
  func durationsReadAsAClockDoes(seconds: Double, text: String) {
    #expect(ProgressLine.duration(seconds) == text)
  }

  @Test func slowWorkIsCountedByTheMinuteOrTheHour() {
    func speed(_ rate: Double) -> String {
      ProgressLine(label: "a", unit: "steps", done: 1, total: 2, rate: rate).plain
    }
    #expect(speed(250).contains("250 steps/s"))
    #expect(speed(1).contains("1.0 steps/s"))
    #expect(speed(0.5).contains("30.0 steps/min"))
    #expect(speed(0.01).contains("36.0 steps/h"))
  }
}

@Suite struct ProgressRateTests {
  @Test func nothingIsSaidBeforeAnythingWasDone() {
    var rate = ProgressRate(time: 0, done: 0)
    #expect(rate.update(time: 5, done: 0) == nil)
    #expect(rate.update(time: 10, done: 5) == 0.5)
  }

  @Test func whatWasDoneBeforeDoesNotCount() {
    var rate = ProgressRate(time: 0, done: 5_000)
    #expect(rate.update(time: 10, done: 5_020) == 2)
  }

  @Test func theLastMinuteDecides() {
    var rate = ProgressRate(time: 0, done: 0)
    var (done, last) = (0.0, 0.0)
    // A hundred seconds of one a second, then two minutes of ten a second.
    for second in 1...220 {
      done += second <= 100 ? 1 : 10
      last = rate.update(time: Double(second), done: done) ?? 0
    }
    #expect(last == 10)
  }
}

@Suite struct ProgressMeterTests {
  @Test func plainLinesComeEverMoreSeldom() {
    #expect(ProgressMeter.interval(after: 0) == 10)
    #expect(ProgressMeter.interval(after: 100) == 10)
    #expect(ProgressMeter.interval(after: 3_600) == 180)
    #expect(ProgressMeter.interval(after: 360_000) == 600)
  }
}
