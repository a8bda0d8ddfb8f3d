import Foundation
import TestBasics
import TestSupport
import Testing

/// What a long command shows of its progress, on a terminal and elsewhere.
@Suite(.serialized, .enabled(if: PseudoTerminal.isPossible, "needs script and stty of Linux"))
struct ProgressTests {
  private static let generate = [
    "generate", "effusion", "--model", "tiny", "--seed", "1", "--steps", "100", "--count", "60",
  ]

  /// What was drawn over one another on the last line, in order; the last is empty if the line was removed.
  private func drawn(_ screen: String) -> [String] {
    screen.components(separatedBy: PseudoTerminal.wipe).dropFirst().map { String($0.prefix { $0 != "\r\n" }) }
  }

  @Test(.slow, .tags(.slow), arguments: [80, 40])
  func aTerminalHasOneLineWithABar(columns: Int) throws {
    try withWorkplace { place in
      let screen = try PseudoTerminal.run(Self.generate, in: place, before: "stty cols \(columns)")
      let lines = drawn(screen)
      #expect(lines.count > 3)
      #expect(lines.allSatisfy { $0.count < columns }, "\(lines)")
      #expect(lines.first?.contains("[") == true && lines.first?.contains("0 %") == true, "\(lines)")
      #expect(lines.contains { $0.contains("#") && $0.contains("left") }, "\(lines)")
      #expect(columns < 80 || lines.contains { $0.contains("/60 images") && $0.contains("images/s") }, "\(lines)")
      #expect(try place.images().count == 60)
    }
  }

  @Test func resultsStandOnLinesOfTheirOwn() throws {
    try withWorkplace { place in
      let screen = try PseudoTerminal.run(Self.generate + ["--output", "n.png"], in: place)
      for index in 10..<60 { #expect(screen.contains("\(PseudoTerminal.wipe)n-0\(index).png\r\n")) }
      #expect(screen.hasSuffix(PseudoTerminal.wipe), "the line is gone at the end")
    }
  }

  @Test func aWindowThatIsMadeSmallerIsNoticed() throws {
    try withWorkplace { place in
      let screen = try PseudoTerminal.run(
        Self.generate + ["--output", "n.png"], in: place,
        before: "stty cols 100; (while [ ! -e n-020.png ]; do sleep 0.02; done; stty cols 30 < /dev/tty) & true")
      let lines = drawn(screen).filter { $0.contains("%") }
      #expect(lines.contains { $0.count > 60 })
      #expect(lines.suffix(3).allSatisfy { $0.count < 30 }, "\(lines)")
    }
  }

  @Test func anErrorStandsOnALineOfItsOwn() throws {
    try withWorkplace { place in
      try FileManager.default.createDirectory(
        at: place.folder.appendingPathComponent("n-step-050.png"), withIntermediateDirectories: true)
      let screen = try PseudoTerminal.run(
        ["generate", "effusion", "--model", "tiny", "--steps", "100", "--output", "n.png", "--preview-every", "50"],
        in: place)
      #expect(screen.contains("error: "))
      #expect(screen.contains("\(PseudoTerminal.wipe)error: ") || screen.hasPrefix("error: "), "\(screen)")
    }
  }

  @Test(arguments: [["TERM": "dumb"], ["TERM": ""]])
  func aTerminalWithoutControlSequencesGetsNone(environment: [String: String]) throws {
    try withWorkplace { place in
      let screen = try PseudoTerminal.run(Self.generate + ["--quiet"], in: place, environment: environment)
      #expect(!screen.contains("\u{1B}") && screen.contains("cxr-059.png"))
    }
  }

  @Test func quietIsQuietOnATerminalToo() throws {
    try withWorkplace { place in
      let screen = try PseudoTerminal.run(Self.generate + ["--quiet", "--output", "n.png"], in: place)
      let names = (0..<60).map { "n-0\($0 < 10 ? "0" : "")\($0).png\r\n" }.joined()
      #expect(screen == names)
    }
  }

  @Test func thereIsNoColour() throws {
    try withWorkplace { place in
      let screen = try PseudoTerminal.run(Self.generate, in: place, environment: ["NO_COLOR": "1"])
      #expect(screen.contains(PseudoTerminal.wipe))
      #expect(screen.firstMatch(of: #/\e\[[0-9;]*m/#) == nil)
    }
  }

  @Test func aFileGetsNoLineThatIsDrawnOver() throws {
    try withWorkplace { place in
      let result = try place.run(Self.generate)
      #expect(result.status == 0 && !result.errors.contains("\u{1B}"), "\(result.errors)")
      // One line after ten seconds on a machine that is very busy; never one for each image or step.
      #expect(result.errorLines.count < 8 && result.errorLines.allSatisfy { $0.hasPrefix("drawing:  ") })
    }
  }

  @Test func anImportShowsTheSame() throws {
    try withWorkplace { place in
      let nih = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/nih").path
      let screen = try PseudoTerminal.run(
        ["data", "import", "nih", nih, "--output", "d", "--size", "32"], in: place, before: "stty cols 90")
      #expect(screen.contains("\(PseudoTerminal.wipe)importing "), "\(screen)")
      #expect(screen.contains("13 images imported"))
    }
  }
}

/// The program on a terminal of its own.
private enum PseudoTerminal {
  static let wipe = "\r\u{1B}[K"

  static let isPossible =
    FileManager.default.isExecutableFile(atPath: "/usr/bin/script") && FileManager.default.fileExists(atPath: "/proc")

  /// What the terminal shows, line ends as terminals have them.
  static func run(
    _ arguments: [String], in place: Workplace, environment: [String: String] = [:], before: String = ":"
  ) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
    let words = ([Program.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
    process.arguments = ["-qec", "\(before); \(words)", "/dev/null"]
    process.currentDirectoryURL = place.folder
    process.environment = ProcessInfo.processInfo.environment.merging(place.environment) { $1 }
      .merging(["TERM": "xterm", "COLUMNS": "", "SHELL": "/bin/sh"]) { $1 }.merging(environment) { $1 }
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let screen = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: screen, as: UTF8.self)
  }
}
