// What the DICOM reader makes of files, for scripts that hold it against pydicom:
//
//     dicom-pixels values FOLDER FILE...    each file's grey values into FOLDER/<number>-<stage>.f32 (float32, little
//                                           endian), and a line of JSON a file: size, range by stage, or the error
//     dicom-pixels time SIZE REPEATS FILE...    decodes, windows and resamples each file to SIZE x SIZE; prints the
//                                           seconds that all files took, a line a repeat

import DICOMFiles
import Foundation
import ImageFiles

struct Line: Encodable {
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

let stages: [(name: String, stage: DICOMStage)] = [
  ("stored", .stored), ("modality", .modality), ("voi", .voi), ("display", .display),
]

func values(of path: String, number: Int, into folder: URL) throws -> Line {
  var line = Line(file: path)
  do {
    let file = try DICOMFile(Data(contentsOf: URL(fileURLWithPath: path)))
    line.transferSyntax = file.attributes.transferSyntaxName
    line.photometric = file.attributes.photometricInterpretation
    line.bitsStored = file.attributes.bitsStored
    line.frames = file.attributes.frames
    for (name, stage) in stages {
      let pixels = try file.pixels(stage)
      line.width = pixels.width
      line.height = pixels.height
      line.range[name] = [pixels.range.lowerBound, pixels.range.upperBound]
      try pixels.values.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent("\(number)-\(name).f32"))
    }
  } catch let error as DICOMError {
    line.error = error.description
  }
  return line
}

func prepare(_ data: Data, size: Int) throws -> GrayscaleImage {
  try ImagePreprocessing(size: size)(DICOMFile(data).pixels().plane)
}

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "values" where arguments.count > 2:
  let encoder = JSONEncoder()
  for (number, path) in arguments.dropFirst(2).enumerated() {
    let line = try values(of: path, number: number, into: URL(fileURLWithPath: arguments[1]))
    print(String(decoding: try encoder.encode(line), as: UTF8.self))
  }
case "time" where arguments.count > 3:
  guard let size = Int(arguments[1]), let repeats = Int(arguments[2]), size > 0, repeats > 0 else { exit(64) }
  let paths = arguments.dropFirst(3)
  for _ in 0..<repeats {
    var total = Duration.zero
    for path in paths {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      total += try ContinuousClock().measure { _ = try prepare(data, size: size) }
    }
    print(total / .seconds(1))
  }
default:
  print("usage: dicom-pixels values FOLDER FILE... | time SIZE REPEATS FILE...")
  exit(64)
}
