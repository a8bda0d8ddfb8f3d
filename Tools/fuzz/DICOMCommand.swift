import ArgumentParser
import DeveloperTools
import Foundation

/// Fuzzes `DICOMFile`.
struct DICOMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dicom", abstract: "Fuzz the reader of DICOM files.")

  @OptionGroup var options: CaseOptions

  @Option(help: "Cases to run.")
  var cases = 200_000

  @Option(help: ArgumentHelp("Write the cases as files into a folder instead.", valueName: "folder"))
  var dump: String?

  func run() throws {
    let range = try options.range(cases)
    let fuzzer = try DICOMFuzzer(
      seed: options.seed, folders: options.folders, timeLimit: .seconds(options.timeLimit))
    if let dump {
      for index in range {
        try Data(fuzzer.bytes(ofCase: index)).write(
          to: URL(fileURLWithPath: dump).appendingPathComponent("\(index).dcm"))
      }
      return
    }
    try options.run(range, of: fuzzer)
  }
}
