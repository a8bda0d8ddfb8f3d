import ArgumentParser
import Foundation
import ImageOutput
import Support
import Synchronization
import Terminal

/// `thorax verify`.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Say of pictures whether Thorax drew them, and whether their files were changed.",
    discussion: """
      The watermark outlives other formats, crops and windows; the signature holds for the pixels and the thorax: texts of the \
      file as it was written. A picture without either may still have been drawn by a model. Ends with 65 if a file was changed \
      since it was signed, or is signed by another key than --public-key.
      """)

  @Argument(help: "PNG, JPEG or DICOM files.", completion: .file())
  var files: [String]

  @Option(
    help: ArgumentHelp(
      "The public key that signatures have to be of, as keys show prints it (default: your own, if there is one).",
      valueName: "key"))
  var publicKey: String?

  @Flag(
    help: "Also look in crops that were brought back to the old size, which takes several times as long.")
  var thorough = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  private struct Report: Encodable {
    struct Watermark: Encodable {
      var found: Bool
      var falsePositiveRate: Double
      var payload: String?

      enum CodingKeys: String, CodingKey {
        case found, payload
        case falsePositiveRate = "false_positive_rate"
      }
    }

    struct File: Encodable {
      var path: String
      var watermark: Watermark?
      var signature: String?
      var publicKey: String?
      var isExpectedKey: Bool?
      var model: String?
      var seed: UInt64?
      var error: String?

      init(path: String, error: String) {
        self.path = path
        self.error = error
      }

      init(_ path: String, _ found: ImageVerification, expected: String?) {
        self.path = path
        watermark = Watermark(
          found: found.watermark.isFound, falsePositiveRate: found.watermark.falsePositiveRate,
          payload: found.watermark.payload?.hexadecimal)
        signature = found.signature
        publicKey = found.publicKey
        isExpectedKey = found.publicKey.flatMap { key in expected.map { $0 == key } }
        model = found.provenance?.modelName
        seed = found.provenance?.seed
      }

      enum CodingKeys: String, CodingKey {
        case path, watermark, signature, model, seed, error
        case publicKey = "public_key"
        case isExpectedKey = "expected_key"
      }
    }

    var files: [File]
  }

  func run() async throws {
    try common.check()
    try publicKey.map(SigningKey.requirePublicKey)
    let expected = try publicKey ?? SigningKey.standard()?.publicKey
    let detector = WatermarkDetector(thorough: thorough)
    let meter = common.console.meter("looking", unit: "files", total: files.count)
    var report = Report(files: [])
    var failure: (any Error)?
    // A few at a time, on all cores, and printed in the order given.
    let together = 4 * ProcessInfo.processInfo.activeProcessorCount
    for start in stride(from: 0, to: files.count, by: together) {
      let paths = Array(files[start..<min(start + together, files.count)])
      for (path, result) in zip(paths, Self.verifications(of: paths, detector)) {
        do {
          let found = try result.get()
          let file = Report.File(path, found, expected: expected)
          report.files.append(file)
          if !json { try Console.writeResult("\(path.onOneLine(limit: 200)): \(Self.words(file, found))") }
        } catch {
          // The others are still looked at.
          failure = failure ?? error
          report.files.append(Report.File(path: path, error: Failure(error).message))
          if files.count > 1 { common.console.note("\(path.onOneLine(limit: 200)): \(Failure(error).message)") }
        }
      }
      meter.update(start + paths.count)
    }
    meter.finish()
    if json { try Console.writeJSON(report) }
    if let failure { throw failure }
    let altered = report.files.count { $0.signature == "altered" }
    // Where no key was asked for, that of somebody else is news and no fault.
    let foreign = publicKey == nil ? 0 : report.files.count { $0.isExpectedKey == false }
    if altered + foreign > 0 {
      throw SignatureError.notAsSigned(altered: altered, foreign: foreign, files: report.files.count)
    }
  }

  private static func verifications(
    of paths: [String], _ detector: WatermarkDetector
  ) -> [Result<ImageVerification, any Error>] {
    let results = Mutex([Int: Result<ImageVerification, any Error>]())
    DispatchQueue.concurrentPerform(iterations: paths.count) { index in
      let result = Result { try ImageVerification(path: paths[index], detector: detector) }
      results.withLock { $0[index] = result }
    }
    return results.withLock { results in paths.indices.compactMap { results[$0] } }
  }

  private static func words(_ file: Report.File, _ found: ImageVerification) -> String {
    var words: [String] = []
    if found.watermark.isFound {
      let rate = String(format: "%.0e", max(found.watermark.falsePositiveRate, 1e-99))
      var text = "drawn by Thorax (watermark, by chance in less than \(rate) of pictures"
      if let payload = file.watermark?.payload { text += ", model \(payload)" }
      words.append(text + ")")
    } else {
      words.append("no watermark")
    }
    if found.modelAgrees == false { words.append("its texts name another model than its watermark") }
    switch found.signature {
    case "valid":
      let whose = file.isExpectedKey.map { $0 ? "by the expected key" : "BY ANOTHER KEY" } ?? "by"
      words.append("signed \(whose) \(found.publicKey ?? "")")
    case "altered": words.append("ALTERED since it was signed")
    default: words.append("unsigned")
    }
    if found.frames > 1 { words.append("the first of \(found.frames) frames alone was looked at") }
    return words.joined(separator: "; ")
  }
}
