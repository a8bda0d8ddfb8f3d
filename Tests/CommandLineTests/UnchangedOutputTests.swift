import Crypto
import Foundation
import ImageFiles
import TensorFiles
import TestBasics
import Testing

/// What the shipped model draws and what twenty steps of each stage write, compared with the bytes in `unchanged.json`.
///
/// Kernels differ from one kind of processor to another, and so do the last bits: the fixture names the kinds that its
/// hashes hold for, and elsewhere a test is skipped. `THORAX_SLOW_TESTS=1 THORAX_RECORD=FILE swift test --filter
/// UnchangedOutput` writes the hashes of this machine's kind to FILE. With new weights take the images of every other kind
/// out of it by hand.
@Suite(.serialized, .slow, .tags(.slow))
struct UnchangedOutputTests {
  @Test(
    "forty images of the shipped model have the pixels that they had",
    .enabled(if: UnchangedOutput.isPossible("images"), "\(UnchangedOutput.reasonToSkip("images"))"))
  func images() throws {
    try withTemporaryFolder { folder in
      let arguments =
        ["generate"] + UnchangedOutput.prompts + [
          "--count", "8", "--seed", "0", "--output", "image.png", "--threads", "1", "--device", "cpu", "--precision",
          "fp32", "--no-watermark", "--quiet",
        ]
      let result = try UnchangedOutput.run(arguments, in: folder)
      #expect(result.status == 0, "\(result.errors)")
      let hashes = try (0..<40).map { index in
        let name = "image-0" + (index < 10 ? "0" : "") + "\(index).png"
        return UnchangedOutput.hash(try GrayscaleImage(contentsOf: folder.appendingPathComponent(name).path).pixels)
      }
      try UnchangedOutput.check(hashes, "images")
    }
  }

  @Test(
    "twenty steps of the autoencoder and of the diffusion model end with the state that they ended with",
    .enabled(if: UnchangedOutput.isPossible("training"), "\(UnchangedOutput.reasonToSkip("training"))"))
  func training() throws {
    try withTemporaryFolder { folder in
      try UnchangedOutput.writeRadiographs(to: folder.appendingPathComponent("source"))
      let steps: [[String]] = [
        ["data", "import", "folder", "source", "--output", "dataset", "--split", "60/20/20", "--seed", "1", "--quiet"],
        [
          "train", "vae", "--data", "dataset", "--output", "run", "--set", "steps=20", "--set", "warmupSteps=5",
          "--set",
          "batchSize=2", "--set", "cropSize=64", "--precision", "fp32", "--threads", "1", "--quiet",
        ],
        [
          "train", "diffusion", "--data", "dataset", "--output", "run", "--set", "steps=20", "--set", "warmupSteps=5",
          "--set", "batchSize=2", "--set", "promptsPerImage=2", "--precision", "fp32", "--threads", "1", "--quiet",
        ],
      ]
      for arguments in steps {
        let result = try UnchangedOutput.run(arguments, in: folder)
        #expect(result.status == 0, "\(arguments.joined(separator: " ")): \(result.errors)")
      }
      let hashes = try ["vae", "diffusion"].map { stage in
        let checkpoints = folder.appendingPathComponent("run/\(stage)/checkpoints")
        return try UnchangedOutput.hash(
          tensorsOf: checkpoints.appendingPathComponent("step-00000020.safetensors"))
      }
      try UnchangedOutput.check(hashes, "training")
    }
  }
}

private enum UnchangedOutput {
  static let prompts = [
    "Normal chest radiograph of an adult, clear lungs.",
    "Right lower lobe pneumonia with focal consolidation.",
    "Large left pleural effusion.",
    "Chest radiograph of a child with pneumonia.",
    "Cardiomegaly with small bilateral effusions; no pneumothorax.",
  ]

  private static let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let fixture = checkout.appendingPathComponent("Tests/Fixtures/unchanged.json")
  private static let recording = ProcessInfo.processInfo.environment["THORAX_RECORD"]

  /// The hashes by kind of processor and by what they are of.
  private typealias Hashes = [String: [String: [String]]]

  /// Vendor, family and model: what decides which kernels run.
  static let processor: String = {
    let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    var values: [String: String] = [:]
    for line in information.split(separator: "\n") {
      let parts = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
      if parts.count == 2, values[parts[0]] == nil { values[parts[0]] = parts[1] }
    }
    return ["vendor_id", "cpu family", "model"].map { values[$0] ?? "unknown" }.joined(separator: "/")
  }()

  static func isPossible(_ kind: String) -> Bool { recording != nil || expected[processor]?[kind] != nil }
  static func reasonToSkip(_ kind: String) -> String { "the fixture has no hashes of \(kind) for \(processor)" }

  private static let expected: Hashes = {
    guard let data = try? Data(contentsOf: fixture) else { return [:] }
    return (try? JSONDecoder().decode(Hashes.self, from: data)) ?? [:]
  }()

  static func run(_ arguments: [String], in folder: URL) throws -> Program.Result {
    try Program.run(
      arguments, in: folder, environment: ["THORAX_HOME": checkout.path, "OMP_NUM_THREADS": "1"], patience: 900)
  }

  static func check(_ hashes: [String], _ kind: String) throws {
    if let recording {
      let file = URL(fileURLWithPath: recording)
      var all = (try? JSONDecoder().decode(Hashes.self, from: Data(contentsOf: file))) ?? expected
      all[processor, default: [:]][kind] = hashes
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try (encoder.encode(all) + Data("\n".utf8)).write(to: file)
      return
    }
    #expect(hashes == expected[processor]?[kind])
  }

  static func hash(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The hash of all tensors' names and elements, in the order of the names.
  static func hash(tensorsOf file: URL) throws -> String {
    let file = try SafetensorsFile(path: file.path)
    let bytes = try file.names.sorted().flatMap { name in
      Array(name.utf8) + (try #require(file[name])).contiguousBytes()
    }
    return hash(bytes)
  }

  /// Fifteen pictures of 256 x 256 with a report each, made by whole numbers alone.
  static func writeRadiographs(to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for index in 0..<15 {
      let pixels = (0..<(256 * 256)).map { position -> UInt8 in
        let (x, y) = (position % 256, position / 256)
        let lung = (abs(x - 80 - index) * abs(y - 128)) / 40 + (abs(x - 176) * abs(y - 120 - index)) / 48
        return UInt8(min(255, lung + (x * (index + 3) + y * 7) % 23))
      }
      let name = folder.appendingPathComponent("image\(index)")
      try Data(GrayscaleImage(width: 256, height: 256, pixels: pixels).pngBytes())
        .write(to: name.appendingPathExtension("png"))
      try Data("FINDINGS: Radiograph number \(index), clear lungs. IMPRESSION: Normal.".utf8)
        .write(to: name.appendingPathExtension("txt"))
    }
  }
}
