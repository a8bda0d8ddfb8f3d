import Foundation
import Generation
import ImageFiles
import ImageOutput
import Models
import RadiographImport
import Support

@testable import Evaluation
@testable import RadiographData

/// A tiny model, of which it is counted what is drawn; or pictures that a test chooses.
struct WatchedGenerator: ImageGenerator {
  actor Log {
    private(set) var drawn = 0
    /// As many more are drawn before drawing fails.
    var left = Int.max

    func fail(after count: Int) { left = count }

    func count() throws {
      guard left > 0 else { throw CancellationError() }
      left -= 1
      drawn += 1
    }
  }

  let host: ModelHost
  let log = Log()
  /// The picture of a prompt, a seed and a number of steps, instead of the model's; nil for the model's.
  var picture: (@Sendable (_ prompt: String, _ seed: UInt64, _ steps: Int) throws -> GrayscaleImage)?

  var description: ModelDescription { host.description }
  var hash: String { host.hash }
  var byteCount: Int { host.byteCount }

  func draw(_ prompt: String, seed: UInt64, settings: DrawSettings) async throws -> SyntheticImage {
    try await log.count()
    var request = GenerationRequest(
      prompt: prompt, seed: seed, settings: SamplingOverrides(steps: settings.steps, guidance: settings.guidance))
    if picture != nil { request.settings.steps = 1 }
    var drawn = try await host.generate(request).images[0].drawn
    drawn.provenance.isWatermarked = false
    if let picture { drawn.image = try picture(prompt, seed, settings.steps ?? 0) }
    return drawn
  }

  func reconstruct(_ image: GrayscaleImage) async throws -> GrayscaleImage { try await host.reconstruct(image) }

  func latent(of image: GrayscaleImage, side: Int) async throws -> [Float] {
    try await host.latent(of: image, side: side)
  }
}

/// Pictures of 32 pixels that a tiny model could draw, and a dataset of them.
enum WavePictures {
  static let side = 32

  /// Waves that the seed decides; the lower half is bright if there is an effusion.
  static func picture(_ seed: UInt64, effusion: Bool) throws -> GrayscaleImage {
    var random = SplitMix64(seed: seed)
    let waves = (0..<4).map { _ in (0..<4).map { _ in Double(random.next(below: 1000)) / 1000 } }
    return try GrayscaleImage(
      width: side, height: side,
      pixels: (0..<side * side).map { index in
        let (x, y) = (Double(index % side), Double(index / side))
        let value = waves.reduce(90.0) { $0 + 12 * sin(0.6 * $1[0] * x + 0.6 * $1[1] * y + 6 * $1[2]) }
        return UInt8(min(max(value + (effusion && index / side >= 20 ? 90 : 0), 0), 255))
      })
  }

  /// Two hundred adults, half of them with an effusion, and two hundred children.
  static func makeDataset(in root: URL) throws -> RadiographDataset {
    let pictures = root.appendingPathComponent("pictures")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    var options = DatasetImport.Options()
    options.imageSize = side
    options.split = try SplitFractions("50/25/25")
    let folder = root.appendingPathComponent("dataset")
    for (source, labels) in [("nih", ["No Finding", "Effusion"]), ("kermany", ["Normal", "Pneumonia"])] {
      let entries = try (0..<200).map { patient in
        let file = pictures.appendingPathComponent("\(source)-\(patient).png")
        let hasFinding = patient % 2 == 1
        try Data(picture(UInt64(patient + 1000 * source.count), effusion: hasFinding).pngBytes()).write(to: file)
        return ImportEntry(
          path: file.lastPathComponent, file: file, patient: "\(patient)", study: "0",
          attributes: RadiographAttributes(
            labels: [labels[patient % 2]: .positive], vocabulary: labels, view: .anteroposterior,
            age: AgeRange(source == "nih" ? 50 : 3)), sections: [])
      }
      let list = ImportSource(
        name: source, kind: source, licence: "CC0-1.0", attribution: "", vocabulary: labels, root: pictures,
        entries: entries, exclusions: [])
      _ = try DatasetImport(list, into: folder, options: options).run()
    }
    return try RadiographDataset.open(folder)
  }
}
