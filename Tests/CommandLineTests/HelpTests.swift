import Foundation
import Testing

@Suite struct HelpTests {
  @Test func versionIsOneLineOnStandardOutput() throws {
    let result = try withTemporaryFolder { try Program.run(["--version"], in: $0) }
    #expect(result.status == 0)
    #expect(result.output.wholeMatch(of: #/\d+\.\d+\.\d+\n/#) != nil)
    #expect(result.errors.isEmpty)
  }

  @Test(arguments: [[], ["--help"], ["generate", "--help"], ["help", "generate"]])
  func helpIsAResult(arguments: [String]) throws {
    let result = try withTemporaryFolder { try Program.run(arguments, in: $0) }
    #expect(result.status == 0)
    #expect(result.output.contains("USAGE: thorax"))
    #expect(result.errors.isEmpty)
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func shellsGetACompletionScript(shell: String) throws {
    let result = try withTemporaryFolder { try Program.run(["--generate-completion-script", shell], in: $0) }
    #expect(result.status == 0)
    #expect(result.output.contains("generate"))
    #expect(result.output.contains("sampler"))
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs Linux's /dev/full"))
  func aFullStandardOutputIsAnError() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "\"$0\" --version > /dev/full 2> /dev/null", Program.path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 74)
  }
}
