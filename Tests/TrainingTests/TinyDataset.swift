import Foundation
import ImageFiles
import RadiographData
import RadiographImport
import RadiographModels

@testable import Training

/// Forty small pictures with captions, imported as a user imports a folder.
struct TinyDataset {
  let root: URL
  let dataset: RadiographDataset

  /// - Parameter caption: What the picture of a number shows.
  init(caption: (Int) -> String = Self.caption) throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-tiny-\(UUID())")
    try Self.writeSource(in: root, numbers: 0..<40, caption: caption)
    try Self.importSource(in: root)
    dataset = try RadiographDataset.open(root.appendingPathComponent("dataset"))
  }

  /// A copy of a dataset and all that lies beside it.
  init(copying other: URL) throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-tiny-\(UUID())")
    try FileManager.default.copyItem(at: other, to: root)
    dataset = try RadiographDataset.open(root.appendingPathComponent("dataset"))
  }

  static func caption(_ number: Int) -> String { "chest number \(number % 4)" }

  /// Writes pictures, and a caption of each unless it goes without.
  static func writeSource(
    in root: URL, numbers: Range<Int>, caption: (Int) -> String? = Self.caption
  ) throws {
    let source = root.appendingPathComponent("source")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    for index in numbers {
      let pixels = (0..<(32 * 32)).map { position -> UInt8 in
        let (x, y) = (position % 32, position / 32)
        return UInt8((x * (index % 5 + 1) * 7 + y * (index % 3) * 11 + index * 13) % 256)
      }
      let name = source.appendingPathComponent("image\(index)")
      try Data(GrayscaleImage(width: 32, height: 32, pixels: pixels).pngBytes())
        .write(to: name.appendingPathExtension("png"))
      if let caption = caption(index) {
        try Data(caption.utf8).write(to: name.appendingPathExtension("txt"))
      }
    }
  }

  /// Imports the pictures into the dataset beside them.
  static func importSource(in root: URL, seed: UInt64? = nil) throws {
    var options = DatasetImport.Options()
    options.imageSize = 32
    options.split = try SplitFractions("60/20/20")
    if let seed { options.seed = seed }
    let source = root.appendingPathComponent("source")
    _ = try DatasetImport(FolderSource.list(source), into: root.appendingPathComponent("dataset"), options: options)
      .run()
  }

  /// What a stage sees of it; validation looks at all images.
  func data() throws -> StageData {
    let validation = try PixelBatches(dataset, split: .validation)
    return StageData(
      training: try PixelBatches(dataset, split: .train), validation: validation,
      validated: Array(validation.records.indices))
  }

  func run(_ name: String) -> URL { root.appendingPathComponent(name) }

  func remove() { try? FileManager.default.removeItem(at: root) }

  /// An autoencoder of a few thousand parameters: 32x32 to 4x8x8.
  static let autoencoder = AutoencoderArchitecture(
    latentChannels: 4,
    encoder: [.pixelUnshuffle(factor: 4), .convolution(channels: 8), .residual, .convolution(channels: 8)],
    decoder: [.convolution(channels: 16), .residual, .pixelShuffle(factor: 4)])

  static func recipe(steps: Int) throws -> AutoencoderRecipe {
    var recipe: AutoencoderRecipe = try RecipeCatalog.recipe("small")
    recipe.steps = steps
    recipe.batchSize = 4
    recipe.cropSize = 16
    recipe.warmupSteps = 2
    recipe.precision = .float32
    return recipe
  }
}
