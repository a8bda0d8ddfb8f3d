import RadiographData
import Torch

// B batch, C channels (1), H height, W width

/// Batches of a dataset's pixels as tensors in [-1, 1].
struct PixelBatches {
  let dataset: RadiographDataset
  let records: RadiographRecords
  let device: Device

  /// - Parameter withoutTexts: whether images of which nothing is known but their pixels are among them.
  /// - Throws: ``TrainingError/noImages(path:split:)`` or ``TrainingError/noTexts(path:split:)`` if the part has no such
  ///   image, `DatasetError`.
  init(
    _ dataset: RadiographDataset, split: DatasetSplit, withoutTexts: Bool = false, device: Device = .cpu
  ) throws {
    self.device = device
    self.dataset = dataset
    records = try RadiographRecords(dataset, matching: RecordFilter(split: split, requiresText: !withoutTexts))
    guard !records.isEmpty else {
      let others =
        withoutTexts
        ? 0 : try RadiographRecords(dataset, matching: RecordFilter(split: split, requiresText: false)).count
      guard others == 0 else {
        throw TrainingError.noTexts(path: dataset.url.path, split: split.rawValue, images: others)
      }
      throw TrainingError.noImages(path: dataset.url.path, split: split.rawValue)
    }
  }

  private init(_ dataset: RadiographDataset, _ records: RadiographRecords, _ device: Device) {
    (self.dataset, self.records, self.device) = (dataset, records, device)
  }

  /// Those of the images that `isIncluded` accepts.
  ///
  /// - Throws: ``TrainingError/noImages(path:split:)`` if there is none, `DatasetError`.
  func filtered(_ split: DatasetSplit, _ isIncluded: (RadiographRecord) -> Bool) throws -> PixelBatches {
    let kept = try records.filter(isIncluded)
    guard !kept.isEmpty else { throw TrainingError.noImages(path: dataset.url.path, split: split.rawValue) }
    return PixelBatches(dataset, kept, device)
  }

  /// Whole images, changed a little.
  ///
  /// - Parameters:
  ///   - seeds: What the change of each image is drawn from.
  ///   - mirrored: Whether each is mirrored.
  ///   - draws: How each is corrupted before; empty for not at all.
  func augmented(
    _ indices: [Int], by augmentation: ImageAugmentation, seeds: [UInt64], mirrored: [Bool],
    draws: [CorruptionDraw?] = []
  ) throws -> Tensor {
    let size = dataset.imageSize
    let values = try zip(indices.indices, zip(seeds, mirrored)).flatMap { place, how in
      let values = try withPixels(of: indices[place], draws.isEmpty ? nil : draws[place]) {
        augmentation.values(of: $0, size: size, seed: how.0)
      }
      guard how.1 else { return values }
      return stride(from: 0, to: values.count, by: size).flatMap { values[$0..<($0 + size)].reversed() }
    }
    return try Tensor(values, shape: [indices.count, 1, size, size]).to(device)
  }

  private func withPixels<Value>(
    of index: Int, _ draw: CorruptionDraw?, _ body: (UnsafeBufferPointer<UInt8>) throws -> Value
  ) throws -> Value {
    try records.withPixels(of: index) { pixels in
      guard let draw else { return try body(pixels) }
      return try draw.pixels(of: pixels, size: dataset.imageSize).withUnsafeBufferPointer(body)
    }
  }

  /// Whole images.
  ///
  /// - Parameter draws: How each is corrupted; empty for not at all.
  func images(_ indices: some Collection<Int>, draws: [CorruptionDraw?] = []) throws -> Tensor {
    let size = dataset.imageSize
    return try crops(
      indices.enumerated().map { place, index in
        Crop(index: index, x: 0, y: 0, mirrored: false, draw: draws.isEmpty ? nil : draws[place])
      }, size: size)
  }

  /// A square part of an image.
  struct Crop {
    var index: Int
    var x: Int
    var y: Int
    var mirrored: Bool
    var draw: CorruptionDraw?
  }

  /// Crops at random places, mirrored at random when asked for.
  ///
  /// - Parameters:
  ///   - indices: The image of each row of the slice.
  ///   - generator: Draws for all rows of the step.
  func randomCrops(
    _ indices: [Int], _ slice: BatchSlice, size: Int, mirror: Bool, generator: Generator
  ) throws -> Tensor {
    let room = dataset.imageSize - size + 1
    let places = try Tensor.randint(0..<room, shape: [slice.batchSize, 2], generator: generator).int64s()
    let coins = try Tensor.randint(0..<2, shape: [slice.batchSize], generator: generator).int64s()
    return try crops(
      zip(indices, slice.rows).map { index, row in
        Crop(index: index, x: Int(places[2 * row]), y: Int(places[2 * row + 1]), mirrored: mirror && coins[row] == 1)
      }, size: size)
  }

  private func crops(_ crops: [Crop], size: Int) throws -> Tensor {
    let side = dataset.imageSize
    var bytes: [UInt8] = []
    bytes.reserveCapacity(crops.count * size * size)
    for crop in crops {
      try withPixels(of: crop.index, crop.draw) { pixels in
        for row in crop.y..<(crop.y + size) {
          let line = pixels[(row * side + crop.x)..<(row * side + crop.x + size)]
          if crop.mirrored { bytes.append(contentsOf: line.reversed()) } else { bytes.append(contentsOf: line) }
        }
      }
    }
    let image_BCHW = try Tensor(bytes: bytes, shape: [crops.count, 1, size, size], dtype: .uint8)
    return try image_BCHW.to(device).to(.float32) / 127.5 - 1.0
  }
}
