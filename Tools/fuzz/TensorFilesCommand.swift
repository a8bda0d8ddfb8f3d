import ArgumentParser
import DeveloperTools
import Support
import TensorFiles

/// Fuzzes `SafetensorsFile` or `TorchArchive`.
struct TensorFilesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tensor-files",
    abstract: "Fuzz the reader of safetensors files or of PyTorch checkpoints.")

  @Argument(help: "The files' format.")
  var format: TensorFileFuzzer.Format

  @OptionGroup var options: CaseOptions

  @Option(help: "Cases to run.")
  var cases = 1_000_000

  @Option(
    help: ArgumentHelp(
      "Write every case and whether it was accepted to a file instead, for Tools/reference/compare_safetensors.py.",
      valueName: "file"))
  var dump: String?

  func run() throws {
    let range = try options.range(cases)
    let fuzzer = try TensorFileFuzzer(
      format: format, seed: options.seed, folders: options.folders, timeLimit: .seconds(options.timeLimit))
    guard let dump else { return try options.run(range, of: fuzzer) }
    CrashReport.install()
    try write(range, of: fuzzer, to: dump)
  }

  /// Writes each case: its length in 8 bytes, 1 or 0 for accepted or refused, its bytes.
  private func write(_ range: Range<Int>, of fuzzer: TensorFileFuzzer, to path: String) throws {
    let file = try AtomicFile(path: path)
    for index in range {
      let bytes = fuzzer.bytes(ofCase: index)
      try file.write(withUnsafeBytes(of: UInt64(bytes.count).littleEndian, Array.init))
      try file.write([fuzzer.accepts(case: index) ? 1 : 0])
      try file.write(bytes)
    }
    try file.commit()
  }
}

extension TensorFileFuzzer.Format: ExpressibleByArgument {}
