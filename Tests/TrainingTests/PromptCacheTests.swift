import Foundation
import Models
import Support
import Testing
import Torch

@testable import Training

@Suite("Texts that are encoded once")
struct PromptCacheTests {
  /// Two hidden states for each letter of a text: its place, and the number of texts of the batch.
  final class Letters: TextConditioner {
    let hiddenWidth = 2
    let maximumTokens = 100
    private(set) var batches: [[String]] = []

    func encode(_ prompts: [String], maximumLength: Int, paddedTo length: Int?) throws -> [EncodedPrompt] {
      batches.append(prompts)
      return try prompts.map { prompt in
        let codes = prompt.utf8.flatMap { [Float($0), Float(prompts.count)] }
        return EncodedPrompt(
          hiddenStates_LD: try Tensor(codes, shape: [codes.count / 2, 2]), tokenCount: codes.count / 2, truncation: nil)
      }
    }
  }

  /// 300 images with three texts each, of which one is all images', one ten images' and one its own.
  private static let captions = ListedCaptions(
    (0..<300).map { ["chest", "group \($0 / 10)", "image \($0)"] })

  private func encode(
    _ captions: any CaptionSource = captions, in folder: URL, key: String = "k", by encoder: Letters = Letters(),
    stopAfter asks: Int = .max
  ) throws -> PromptCache {
    var asked = 0
    let limits = RunLimits {
      asked += 1
      return asked > asks
    }
    return try PromptCache.encode(
      captions, in: folder, key: key, encoder: { encoder }, tokenLimit: 100, limits: limits, note: { _ in },
      progress: { _, _ in })
  }

  private func text(_ prompts: PromptCache, _ image: Int, _ text: Int) throws -> String {
    let (hidden_BSD, mask_BS) = try prompts.batch([(image, text), (299, 2)])
    let count = Int(try mask_BS.select(dim: 0, index: 0).to(.float32).sum().item())
    let codes = try hidden_BSD.select(dim: 0, index: 0).select(dim: 1, index: 0).floats()
    #expect(codes[count...].allSatisfy { $0 == 0 })
    return String(decoding: codes[..<count].map { UInt8($0) }, as: UTF8.self)
  }

  @Test("each distinct text is encoded once, and every image finds its texts")
  func lookup() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let encoder = Letters()
      let prompts = try encode(in: folder, by: encoder)
      let texts = encoder.batches.flatMap { $0 }
      #expect(texts.count == 331 && Set(texts).count == 331)
      #expect(encoder.batches.dropLast().allSatisfy { $0.count == 64 })
      #expect(prompts.textsPerImage == 3)
      for image in stride(from: 0, to: 300, by: 7) {
        #expect(try text(prompts, image, 0) == "chest")
        #expect(try text(prompts, image, 1) == "group \(image / 10)")
        #expect(try text(prompts, image, 2) == "image \(image)")
      }
      let opened = try #require(PromptCache.open(folder))
      #expect(try text(opened, 123, 1) == "group 12")
    }
  }

  @Test("stored texts are not encoded again; other texts, images or another encoder are")
  func keys() throws {
    try withTemporaryFolder { (folder: URL) throws in
      func batches(_ captions: any CaptionSource, key: String = "k") throws -> Int {
        let encoder = Letters()
        _ = try encode(captions, in: folder, key: key, by: encoder)
        return encoder.batches.count
      }
      let changed = ListedCaptions((0..<300).map { ["chest", "group \($0 / 10)", "image \($0 == 299 ? -1 : $0)"] })
      let fewer = ListedCaptions((0..<150).map { ["chest", "group \($0 / 10)", "image \($0)"] })
      #expect(try batches(Self.captions) == 6)
      #expect(try batches(Self.captions) == 0)
      #expect(try batches(changed) == 6)
      #expect(try batches(changed) == 0)
      #expect(try batches(fewer) == 3)
      #expect(try batches(fewer, key: "other") == 3)
      #expect(try batches(fewer, key: "other") == 0)
    }
  }

  @Test("a stop after any batch keeps what was encoded, and going on makes the same batches", arguments: 0...8)
  func stops(asks: Int) throws {
    try withTemporaryFolder { (folder: URL) throws in
      let (whole, part) = (folder.appendingPathComponent("whole"), folder.appendingPathComponent("part"))
      let undisturbed = Letters()
      _ = try encode(in: whole, by: undisturbed)
      let encoder = Letters()
      // The first time it is asked no text was looked at.
      if asks < 7 {
        #expect(throws: EncodingStopped(reason: .stopped)) { try encode(in: part, by: encoder, stopAfter: asks) }
        #expect(encoder.batches.count == max(0, asks - 1))
        #expect(PromptCache.open(part) == nil)
      }
      _ = try encode(in: part, by: encoder)
      #expect(encoder.batches == undisturbed.batches)
      let names = try FileManager.default.contentsOfDirectory(atPath: whole.path)
      #expect(try FileManager.default.contentsOfDirectory(atPath: part.path).sorted() == names.sorted())
      for name in names {
        let files = [whole, part].map { $0.appendingPathComponent(name) }
        #expect(try Data(contentsOf: files[0]) == Data(contentsOf: files[1]))
      }
    }
  }

  @Test("numbers of texts that are damaged are made again")
  func damagedNumbers() throws {
    try withTemporaryFolder { (folder: URL) throws in
      _ = try encode(in: folder)
      let url = folder.appendingPathComponent("numbers-of-texts.safetensors")
      var bytes = try Data(contentsOf: url)
      bytes[bytes.count - 3] ^= 1
      try bytes.write(to: url)
      #expect(PromptCache.open(folder) == nil)
      let encoder = Letters()
      let prompts = try encode(in: folder, by: encoder)
      #expect(encoder.batches.isEmpty)
      #expect(try text(prompts, 298, 2) == "image 298")
    }
  }

  @Test("texts are numbered in the order in which they first come")
  func numbering() {
    var numbering = TextNumbering()
    var expected: [String: Int32] = [:]
    var random = SplitMix64(seed: 3)
    for _ in 0..<20_000 {
      let text = "text \(random.next(below: 6_000))"
      let number = expected[text] ?? Int32(expected.count)
      expected[text] = number
      if numbering.number(of: text) != number { Issue.record("\(text): not \(number)") }
    }
    #expect(numbering.count == expected.count)
  }

  @Test("some texts by number are made from the images that they first come with, forwards and backwards")
  func distinct() throws {
    try withTemporaryFolder { (folder: URL) throws in
      _ = try encode(in: folder)
      let numbers = try TextNumbers(contentsOf: folder.appendingPathComponent("numbers-of-texts.safetensors"))
      #expect(numbers.count == 331)
      var texts = DistinctTexts(numbers, captions: Self.captions)
      let all = try texts.texts(0..<331)
      for range in [0..<1, 40..<90, 90..<91, 200..<331, 10..<11, 330..<331, 0..<64] {
        #expect(try texts.texts(range) == Array(all[range]))
      }
      #expect(throws: TrainingError.damagedFeatures(path: "the numbers of the texts")) {
        try texts.texts(320..<332)
      }
    }
  }
}
