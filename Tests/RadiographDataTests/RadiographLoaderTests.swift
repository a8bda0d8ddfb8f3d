import Foundation
import RadiographTestSupport
import Support
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct RadiographLoaderTests {
  private static func withDataset(_ count: Int = 25, _ body: (RadiographDataset) throws -> Void) throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      for index in 0..<count {
        let name = source.appendingPathComponent("image\(index + 100)")
        try DataFixtures.writeImage(name.appendingPathExtension("png"), seed: index)
        try DataFixtures.write("A picture.", to: name.appendingPathExtension("txt"))
      }
      var options = DataFixtures.options()
      options.split = try SplitFractions("1/0/0")
      let output = folder.appendingPathComponent("dataset")
      _ = try DatasetImport(FolderSource.list(source), into: output, options: options).run()
      try body(RadiographDataset.open(output))
    }
  }

  private static func load(_ loader: RadiographLoader, epoch: Int, step: Int) throws -> (positions: [Int], [Float]) {
    var values = [Float](repeating: 7, count: loader.options.batchSize * loader.valuesPerImage)
    let positions = try values.withUnsafeMutableBufferPointer { try loader.load(epoch: epoch, step: step, into: $0) }
    return (positions, values)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 16, 17, 1000, 65_537])
  func anOrderHoldsEveryPlaceOnce(count: Int) {
    let order = ImageOrder(count: count, seed: 5, epoch: 3)
    #expect((0..<count).map { order[$0] }.sorted() == Array(0..<count))
    if count > 10 {
      #expect((0..<10).map { order[$0] } != Array(0..<10))
      let next = ImageOrder(count: count, seed: 5, epoch: 4)
      #expect((0..<10).map { order[$0] } != (0..<10).map { next[$0] })
    }
  }

  /// Neighbours are torn apart: the mean distance of two places in a row is that of random ones, a third of the count.
  @Test func anOrderIsShuffled() {
    let order = ImageOrder(count: 10_000, seed: 1, epoch: 0)
    let total = (0..<9_999).reduce(0) { (sum: Int, place: Int) in sum + abs(order[place] - order[place + 1]) }
    let mean = Double(total) / 9_999
    #expect(abs(mean - 3_333) < 100)
  }

  @Test func valuesAreTheStoredPixelsScaled() throws {
    try Self.withDataset { dataset in
      let loader = try RadiographLoader(dataset, options: .init(batchSize: 4, seed: 9))
      let records = try dataset.records()
      let (positions, values) = try Self.load(loader, epoch: 1, step: 2)
      #expect(positions.count == 4)
      for (place, position) in positions.enumerated() {
        let expected = try dataset.pixels(of: records[position]).map { Float($0) / 127.5 - 1 }
        #expect(Array(values[place * 1024..<(place + 1) * 1024]) == expected)
      }
      #expect(values.min() == -1 && values.max() == 1)
    }
  }

  @Test func anEpochHoldsEveryImageOnce() throws {
    try Self.withDataset { dataset in
      let loader = try RadiographLoader(dataset, options: .init(batchSize: 4, dropsLast: false))
      #expect(loader.stepsPerEpoch == 7)
      let positions = (0..<7).flatMap { loader.positions(epoch: 0, step: $0) }
      #expect(positions.sorted() == Array(0..<25) && positions != Array(0..<25))
      #expect(loader.positions(epoch: 0, step: 7).isEmpty && loader.positions(epoch: 0, step: -1).isEmpty)
      #expect(try RadiographLoader(dataset, options: .init(batchSize: 4)).stepsPerEpoch == 6)
      let ordered = try RadiographLoader(dataset, options: .init(batchSize: 25, isShuffled: false))
      #expect(ordered.positions(epoch: 3, step: 0) == Array(0..<25))
    }
  }

  @Test func ranksShareTheStepThatOneWouldTake() throws {
    try Self.withDataset { dataset in
      let alone = try RadiographLoader(dataset, options: .init(batchSize: 6, seed: 2, dropsLast: false))
      for step in 0..<5 {
        let shared = try (0..<3).flatMap { rank in
          try RadiographLoader(
            dataset, options: .init(batchSize: 2, seed: 2, dropsLast: false, rank: rank, rankCount: 3)
          ).positions(epoch: 1, step: step)
        }
        #expect(shared == alone.positions(epoch: 1, step: step))
      }
    }
  }

  @Test func changesBelongToTheSample() throws {
    try Self.withDataset { dataset in
      var options = RadiographLoader.Options(batchSize: 5, seed: 2, augmentation: ImageAugmentation())
      let first = try Self.load(RadiographLoader(dataset, options: options), epoch: 1, step: 1)
      let again = try Self.load(RadiographLoader(dataset, options: options), epoch: 1, step: 1)
      #expect(first == again)
      options.batchSize = 1
      let single = try RadiographLoader(dataset, options: options)
      for place in 0..<5 {
        let (positions, values) = try Self.load(single, epoch: 1, step: 5 + place)
        #expect(positions == [first.positions[place]])
        #expect(values == Array(first.1[place * 1024..<(place + 1) * 1024]))
      }
      options.augmentation = nil
      let plain = try Self.load(RadiographLoader(dataset, options: options), epoch: 1, step: 5)
      #expect(plain.1 != Array(first.1[..<1024]))
    }
  }

  @Test func aChangeMovesWhatItSays() {
    // One bright pixel at (20, 8), dark elsewhere.
    var pixels = [UInt8](repeating: 0, count: 1024)
    pixels[8 * 32 + 20] = 255
    func brightest(_ change: ImageAugmentation.Change) -> (x: Int, y: Int) {
      var values = [Float](repeating: 0, count: 1024)
      values.withUnsafeMutableBufferPointer { target in
        pixels.withUnsafeBufferPointer { ImageAugmentation.apply(change, to: $0, size: 32, into: target) }
      }
      let place = values.indices.max { values[$0] < values[$1] } ?? 0
      return (place % 32, place / 32)
    }
    let none = ImageAugmentation.Change(angle: 0, shiftX: 0, shiftY: 0, scale: 1, contrast: 1)
    #expect(brightest(none) == (20, 8))
    var shifted = none
    shifted.shiftX = 4 / 32
    shifted.shiftY = -2 / 32
    #expect(brightest(shifted) == (24, 6))
    var turned = none
    turned.angle = .pi / 2
    // A quarter turn about the centre (15.5, 15.5): (4.5, -7.5) becomes (7.5, 4.5).
    #expect(brightest(turned) == (23, 20))
  }

  @Test func aBoxFollowsTheImage() {
    let augmentation = ImageAugmentation(rotation: 20, shift: 0.1, scale: 0.2, contrast: 0)
    // Bright in columns 36 to 47 and rows 10 to 17 of 64.
    let pixels = (0..<4096).map { UInt8((36..<48).contains($0 % 64) && (10..<18).contains($0 / 64) ? 255 : 0) }
    let box = ImageBox(x: 36.0 / 64, y: 10.0 / 64, width: 12.0 / 64, height: 8.0 / 64)
    for seed in 0..<20 as Range<UInt64> {
      let values = pixels.withUnsafeBufferPointer { augmentation.values(of: $0, size: 64, seed: seed) }
      let weights = values.map { Double($0) + 1 }
      let sum = weights.reduce(0, +)
      let x = weights.indices.reduce(0) { $0 + weights[$1] * (Double($1 % 64) + 0.5) } / sum / 64
      let y = weights.indices.reduce(0) { $0 + weights[$1] * (Double($1 / 64) + 0.5) } / sum / 64
      let moved = augmentation.box(box, seed: seed)
      #expect(abs(moved.x + moved.width / 2 - x) < 0.01 && abs(moved.y + moved.height / 2 - y) < 0.01, "\(seed)")
      #expect(abs(moved.width * moved.height / (sum / 2 / 4096) - 1) < 0.1, "\(seed)")
      #expect(abs(moved.mirrored.x + moved.x + moved.width - 1) < 1e-12)
    }
  }

  /// The changes that can be drawn never turn left into right: their matrix has a positive determinant and is near 1.
  @Test func nothingIsEverMirrored() {
    let augmentation = ImageAugmentation()
    let changes = (0..<2_000).map { augmentation.change(seed: SplitMix64.mixed($0)) }
    for change in changes {
      #expect(abs(change.angle) <= 5 * .pi / 180 && abs(change.scale - 1) <= 0.05)
      #expect(abs(change.shiftX) <= 0.03 && abs(change.shiftY) <= 0.03 && abs(change.contrast - 1) <= 0.1)
    }
    #expect(Set(changes.map(\.angle)).count > 1_990)
    #expect(changes.contains { $0.angle > 0.05 } && changes.contains { $0.angle < -0.05 })
  }

  @Test(arguments: [
    RadiographLoader.Options(batchSize: 0), .init(batchSize: 1, rank: 2, rankCount: 2),
    .init(batchSize: 1, rank: -1), .init(batchSize: .max, rankCount: 2),
  ])
  func whatCannotBeLoadedIsRefused(options: RadiographLoader.Options) throws {
    try Self.withDataset(3) { dataset in
      #expect { try RadiographLoader(dataset, options: options) } throws: {
        DataFixtures.caseName($0) == "invalidLoading"
      }
    }
  }

  @Test func aBufferThatIsTooSmallIsRefused() throws {
    try Self.withDataset(3) { dataset in
      let loader = try RadiographLoader(dataset, options: .init(batchSize: 2))
      var values = [Float](repeating: 0, count: 2047)
      #expect(throws: DatasetError.invalidLoading("2047 values for 2 images of 1024")) {
        try values.withUnsafeMutableBufferPointer { try loader.load(epoch: 0, step: 0, into: $0) }
      }
    }
  }
}
