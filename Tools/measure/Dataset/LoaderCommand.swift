import ArgumentParser
import Foundation
import RadiographData
import Support

/// Images a second into batches, and what memory that costs.
struct LoaderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loader", abstract: "Load batches of synthetic images from a warm cache.")

  @Option(help: "Stored images.")
  var images = 2_000

  @Option(help: "Width and height of the stored images.")
  var size = 256

  @Option(help: "Images in a batch.")
  var batch = 64

  @Option(help: "Seconds for each measurement.")
  var seconds = 5.0

  @Option(help: "Where to put the dataset meanwhile.")
  var folder: String?

  func run() throws {
    try withNewFolder(in: folder) { folder in
      let url = folder.appendingPathComponent("dataset")
      try StoredImages.make(images, size: size, folder: folder, dataset: url)
      let dataset = try RadiographDataset.open(url)
      try measure("plain", dataset, augmentation: nil)
      try measure("augmented", dataset, augmentation: ImageAugmentation())
    }
  }

  private func measure(_ name: String, _ dataset: RadiographDataset, augmentation: ImageAugmentation?) throws {
    var options = RadiographLoader.Options(batchSize: batch)
    options.augmentation = augmentation
    let filter = RecordFilter(split: .train)
    let loader = try RadiographLoader(dataset, matching: filter, options: options)
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: batch * loader.valuesPerImage)
    defer { values.deallocate() }
    func load(for seconds: Double) throws -> Double {
      let start = ContinuousClock.now
      var loaded = 0
      var epoch = 0
      while ContinuousClock.now - start < .seconds(seconds) {
        for step in 0..<loader.stepsPerEpoch { loaded += try loader.load(epoch: epoch, step: step, into: values).count }
        epoch += 1
      }
      return Double(loaded) / (Double((ContinuousClock.now - start) / .microseconds(1)) / 1e6)
    }
    _ = try load(for: 1)
    let before = residentMemoryBytes()
    var rates: [Double] = []
    var perProcessorSecond: [Double] = []
    for _ in 0..<3 {
      let spent = processorSeconds
      let start = ContinuousClock.now
      rates.append(try load(for: seconds / 3))
      let images = rates[rates.count - 1] * (Double((ContinuousClock.now - start) / .microseconds(1)) / 1e6)
      perProcessorSecond.append(images / (processorSeconds - spent))
    }
    report(
      name, String(format: "%.0f images/s (best of 3; least %.0f)", rates.max() ?? 0, rates.min() ?? 0),
      String(format: "%.0f images a second of one core", perProcessorSecond.max() ?? 0),
      "memory \(megabytes(before)), grew by \((residentMemoryBytes() - before) / 1024) KiB")
  }
}
