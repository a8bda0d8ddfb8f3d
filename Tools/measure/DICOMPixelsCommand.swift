import ArgumentParser
import DICOMFiles
import Foundation
import ImageFiles

/// Shows what the DICOM reader makes of files, for scripts that compare it with pydicom.
struct DICOMPixelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dicom-pixels",
    abstract: "Write the grey values of DICOM files, or time their preparation.",
    discussion: "docs/data-dicom.md holds the figures.",
    subcommands: [ValuesCommand.self, TimeCommand.self])
}

extension DICOMPixelsCommand {
  struct ValuesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "values",
      abstract: "Write each file's grey values after every stage, for Tools/reference/compare_dicom.py.",
      discussion: """
        Writes FOLDER/<number>-<stage>.f32 (float32, little endian), and prints a line of JSON for each file: its size \
        and the range by stage, or the error.
        """)

    @Argument(help: "Folder to write to.", completion: .directory)
    var folder: String

    @Argument(help: "DICOM files.", completion: .file())
    var files: [String]

    private struct Line: Encodable {
      var file: String
      var error: String?
      var width: Int?
      var height: Int?
      var transferSyntax: String?
      var photometric: String?
      var bitsStored: Int?
      var frames: Int?
      var range: [String: [Float]] = [:]
    }

    private static let stages: [(name: String, stage: DICOMStage)] = [
      ("stored", .stored), ("modality", .modality), ("voi", .voi), ("display", .display),
    ]

    func run() throws {
      let encoder = JSONEncoder()
      for (number, path) in files.enumerated() {
        let line = try values(of: path, number: number)
        print(String(decoding: try encoder.encode(line), as: UTF8.self))
      }
    }

    private func values(of path: String, number: Int) throws -> Line {
      var line = Line(file: path)
      do {
        let file = try DICOMFile(Data(contentsOf: URL(fileURLWithPath: path)))
        line.transferSyntax = file.attributes.transferSyntaxName
        line.photometric = file.attributes.photometricInterpretation
        line.bitsStored = file.attributes.bitsStored
        line.frames = file.attributes.frames
        for (name, stage) in Self.stages {
          let pixels = try file.pixels(stage)
          line.width = pixels.width
          line.height = pixels.height
          line.range[name] = [pixels.range.lowerBound, pixels.range.upperBound]
          try pixels.values.withUnsafeBytes { Data($0) }.write(
            to: URL(fileURLWithPath: folder).appendingPathComponent("\(number)-\(name).f32"))
        }
      } catch let error as DICOMError {
        line.error = error.description
      }
      return line
    }
  }

  struct TimeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "time",
      abstract: "Decode, window and resample each file, for Benchmarks/dicom.py.",
      discussion: "Prints the seconds for all files, a line for each round.")

    @Argument(help: "Width and height of the prepared images.")
    var size: Int

    @Argument(help: "Rounds.")
    var rounds: Int

    @Argument(help: "DICOM files.", completion: .file())
    var files: [String]

    func validate() throws {
      guard size > 0 else { throw ValidationError("size \(size): give a whole number above 0") }
      guard rounds > 0 else { throw ValidationError("rounds \(rounds): give a whole number above 0") }
    }

    func run() throws {
      for _ in 0..<rounds {
        var total = Duration.zero
        for path in files {
          let data = try Data(contentsOf: URL(fileURLWithPath: path))
          total += try ContinuousClock().measure {
            _ = try ImagePreprocessing(size: size)(DICOMFile(data).pixels())
          }
        }
        print(total / .seconds(1))
      }
    }
  }
}
