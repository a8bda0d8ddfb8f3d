import Foundation
import Models
import Support
import TestBasics
import Testing
import Torch

@testable import Training

/// What training holds of a dataset, at two sizes: the memory of batches must not grow with it.
///
/// Latents and hidden states are tiny, so that files for as many images as MIMIC-CXR has are written in seconds; what is
/// held of each image is the same as with whole ones. `docs/training-cache.md` holds the figures.
@Suite("Memory of the stored latents and texts", .serialized)
struct FlatMemoryTests {
  /// Five images a text that they share, and one of its own.
  private static let textsPerImage = 6

  private static func encodeAll(_ images: Int, in folder: URL) throws {
    let limits = RunLimits { false }
    _ = try LatentCache.encode(
      by: FeatureEncoding(
        plan: FeaturePlan(folder: folder.appendingPathComponent("latents"), key: "k", count: images, batch: 1024),
        limits: limits, note: { _ in }, progress: { _ in })
    ) { items in
      try Tensor(items.map { Float($0 % 977) }, shape: [items.count, 1, 1, 1]).expand(size: [items.count, 4, 2, 2])
    }
    _ = try PromptCache.encode(
      ListedCaptions(imageCount: images, textsPerImage: textsPerImage) { image in
        ["image \(image)"] + (1..<textsPerImage).map { "group \(image / 5) \($0)" }
      }, in: folder.appendingPathComponent("texts"), key: "k", encoder: { Places() }, tokenLimit: 8, limits: limits,
      note: { _ in }, progress: { _, _ in })
  }

  /// Three hidden states for every text.
  private struct Places: TextConditioner {
    let hiddenWidth = 2
    let maximumTokens = 8

    func encode(_ prompts: [String], maximumLength: Int, paddedTo length: Int?) throws -> [EncodedPrompt] {
      let all = try Tensor.ones([3, 2])
      return prompts.map { _ in EncodedPrompt(hiddenStates_LD: all, tokenCount: 3, truncation: nil) }
    }
  }

  /// Memory that is this process's alone, without pages of files, which the system takes back as it likes.
  private static func privateBytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }

  /// Takes 300 batches of 32, and prints what is held then beyond what was before anything was opened: private bytes,
  /// bytes of tensors, microseconds for a batch.
  static func measureBatches(_ images: Int, in folder: URL) throws {
    _ = try Tensor.randn([64, 64], generator: Generator(seed: 1)).matmul(Tensor.ones([64, 64])).floats()
    let before = privateBytes()
    let latents = try #require(LatentCache.open(folder.appendingPathComponent("latents")))
    let examples = DiffusionExamples(
      latentCache: latents, images: ExampleImages((0..<UInt32(images)).map { $0 }), statistics: latents.statistics,
      prompts: try #require(PromptCache.open(folder.appendingPathComponent("texts"))))
    let randomness = TrainingRandomness(seed: 3)
    let order = EpochOrder(of: images, randomness: randomness)
    let start = ContinuousClock.now
    for step in 0..<300 {
      let slice = BatchSlice(step: step, batchSize: 32, rows: 0..<32)
      let chosen = try order.examples(of: slice)
      let batch = try examples.batch(
        chosen, slice, choosingTextWith: randomness.generator(.crop, step: step))
      let expected = Double(Float(chosen[5] % 977) - Float(latents.statistics.mean[0]))
      let found = try batch.latent_BCHW.select(dim: 0, index: 5).max().item() * latents.statistics.standardDeviation[0]
      #expect(abs(found - expected) < 0.1)
    }
    let microseconds = (ContinuousClock.now - start) / .microseconds(1) / 300
    print("measured", privateBytes() - before, try TensorMemory.liveBytes() ?? 0, Int(microseconds))
    withExtendedLifetime((examples, order)) {}
  }

  private func measure(_ images: Int, in root: URL) async throws -> [Int] {
    let folder = root.appendingPathComponent("\(images)")
    let start = ContinuousClock.now
    try Self.encodeAll(images, in: folder)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let result = try await #require(
      processExitsWith: .success, observing: [\.standardOutputContent]
    ) { [images = images as Int, path = folder.path as String] in
      try FlatMemoryTests.measureBatches(images, in: URL(fileURLWithPath: path))
    }
    let output = String(decoding: result.standardOutputContent, as: UTF8.self)
    let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("measured ") })
    let figures = line.split(separator: " ").dropFirst().compactMap { Int($0) }
    print(
      "\(images) images: encoded in \(Int(seconds)) s; private \(figures[0]) bytes, tensors \(figures[1]) bytes,",
      "\(figures[2]) microseconds a batch")
    return figures
  }

  private func compare(_ few: Int, _ many: Int) async throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-memory-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    let (small, large) = (try await measure(few, in: root), try await measure(many, in: root))
    // 4 bytes of the order of an epoch, 1 to 2 of the files; the rest is what allocation rounds up.
    #expect(large[0] - small[0] < 16 * (many - few) + 4_000_000)
    #expect(large[1] == small[1])
    // A cost that grows with the images would be 75 times as high; other work on the machine makes a few times.
    #expect(large[2] < 6 * small[2] + 5_000)
  }

  @Test("of 5,000 and of 40,000 images batches hold the same")
  func small() async throws { try await compare(5_000, 40_000) }

  @Test("of 5,000 images and of as many as MIMIC-CXR has batches hold the same", .slow, .tags(.slow))
  func whole() async throws { try await compare(5_000, 377_110) }
}
