import Foundation
import Models
import Testing
import Torch

@testable import Training

@Suite("Latents that are encoded once")
struct LatentCacheTests {
  @Test("the statistics of all files are those of all latents", arguments: [1, 7, 16, 100])
  func statistics(shardSize: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      let generator = try Generator(seed: 4)
      let offset = try Tensor([0, 1000, -3, 0.01], shape: [1, 4, 1, 1])
      let latents = (try Tensor.randn([50, 4, 3, 5], generator: generator) + offset)
      let stored = try latents.to(.float16).to(.float64)
      let cache = try LatentCache.encode(
        by: FeatureEncoding(
          plan: FeaturePlan(folder: folder, key: "k", count: 50, batch: 1, shardSize: shardSize),
          limits: RunLimits { false }, note: { _ in }, progress: { _ in })
      ) { try latents.narrow(dim: 0, start: $0.lowerBound, length: $0.count) }
      for channel in 0..<4 {
        let values = try stored.select(dim: 1, index: channel)
        let (mean, deviation) = (try values.mean().item(), try values.std(dim: [0, 1, 2]).item())
        #expect(abs(cache.statistics.mean[channel] - mean) < 1e-9)
        #expect(abs(cache.statistics.standardDeviation[channel] - deviation) < 1e-9)
      }
      let rows = try stored.indexSelect(dim: 0, index: Tensor(indices: [49, 3])).doubles()
      #expect(try cache.latents([49, 3]).to(.float64).doubles() == rows)
      let opened = try #require(LatentCache.open(folder, key: "k"))
      #expect(opened.statistics == cache.statistics)
    }
  }

  @Test("where an image is moved to depends on the seed, the image and the copy alone")
  func shifts() {
    let shift = ImageShift(maximum: 4, seed: 7)
    #expect(shift.corner(ofImage: 12, copy: 0) == [4, 4])
    #expect(shift.corner(ofImage: 12, copy: 1) == ImageShift(maximum: 4, seed: 7).corner(ofImage: 12, copy: 1))
    var counts: [[Int]: Int] = [:]
    for image in 0..<2_000 { for copy in 1...2 { counts[shift.corner(ofImage: image, copy: copy), default: 0] += 1 } }
    #expect(counts.count == 81)
    // 4,000 draws among 81 places: 49 each, and a deviation of 7.
    #expect(counts.values.allSatisfy { (15...90).contains($0) })
    let other = ImageShift(maximum: 4, seed: 8)
    #expect((0..<100).contains { shift.corner(ofImage: $0, copy: 1) != other.corner(ofImage: $0, copy: 1) })
    #expect((0..<100).contains { shift.corner(ofImage: $0, copy: 1) != shift.corner(ofImage: $0, copy: 2) })
  }

  @Test("examples are the images in order, each as often as it is seen")
  func examples() {
    let plain = ExampleImages([0, 1, 2, 3])
    #expect(!plain.hasCopies && plain.count == 4 && (0..<4).allSatisfy { plain[$0] == $0 && plain.copy($0) == 0 })
    let copied = ExampleImages([0, 1, 1, 1, 2])
    #expect(copied.hasCopies && (0..<5).map { copied[$0] } == [0, 1, 1, 1, 2])
    #expect((0..<5).map { copied.copy($0) } == [0, 0, 1, 2, 0])
  }

  @Test("images are encoded as they are and moved, whatever batch they come in")
  func images() throws {
    let data = try TinyDataset()
    defer { data.remove() }
    let batches = try PixelBatches(data.dataset, split: .train)
    let shift = ImageShift(maximum: 2, seed: 1)
    let examples = ExampleImages((0..<UInt32(batches.records.count)).flatMap { [$0, $0] })
    let all = try LatentCache.images(of: 0..<examples.count, examples, in: batches, shift)
    let plain = try batches.images(0..<batches.records.count)
    for example in 0..<examples.count {
      let alone = try LatentCache.images(of: example..<(example + 1), examples, in: batches, shift)
      #expect(try alone.floats() == all.narrow(dim: 0, start: example, length: 1).floats())
      let image = try plain.narrow(dim: 0, start: example / 2, length: 1)
      let corner = shift.corner(ofImage: example / 2, copy: example % 2)
      if example % 2 == 0 { #expect(try alone.floats() == image.floats()) }
      // What lies inside after the move is the image's own.
      let moved = try alone.narrow(dim: 2, start: 2, length: 28).narrow(dim: 3, start: 2, length: 28)
      let own = try image.narrow(dim: 2, start: corner[0], length: 28).narrow(dim: 3, start: corner[1], length: 28)
      #expect(try moved.contiguous().floats() == own.contiguous().floats())
    }
  }
}
