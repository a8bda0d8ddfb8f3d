import Diffusion
import Foundation
import ImageFiles
import Models
import TestBasics
import TestSupport
import Testing
import Torch

@testable import Generation

extension ModelHost {
  /// What the host's own thread holds: only that thread makes and frees its tensors.
  func liveHandles() throws -> Int { try LibTorch.liveHandlesOfThread() }
}

@Suite struct ModelHostTests {
  private let request = GenerationRequest(prompt: "Clear lungs, no effusion.", seed: 11)

  @Test func theSameRequestGivesTheSameBytesWhateverCameBefore() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      let first = try await host.generate(request).images[0].encoded(as: .png)
      _ = try await host.generate(GenerationRequest(prompt: "effusion", seed: 5, count: 2))
      let again = try await host.generate(request).images[0].encoded(as: .png)
      let elsewhere = try await ModelHost.load(model).generate(request).images[0].encoded(as: .png)
      #expect(first == again)
      #expect(first == elsewhere)
    }
  }

  @Test(arguments: SamplerKind.allCases)
  func imageKIsTheImageOfSeedPlusK(sampler: SamplerKind) async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      var request = request
      request.settings = SamplingOverrides(steps: 3, sampler: sampler, eta: sampler == .ddim ? 0.7 : nil)
      request.count = 3
      let together = try await host.generate(request).images
      for (index, image) in together.enumerated() {
        request.seed = 11 + UInt64(index)
        request.count = 1
        let alone = try await host.generate(request).images[0]
        #expect(try image.encoded(as: .png) == alone.encoded(as: .png))
        #expect(image.provenance.seed == request.seed)
      }
      #expect(together[0].image != together[1].image)
    }
  }

  @Test func theInitialNoiseIsThatOfPyTorchsGenerator() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      let noise = try Tensor.randn([1, 4, 8, 8], generator: Generator(seed: 11)).floats()
      var given = request
      given.seed = 99
      given.initialLatents = [Latents(shape: [4, 8, 8], values: noise)]
      let drawn = try await host.generate(request).images[0].image
      #expect(try await host.generate(given).images[0].image == drawn)
    }
  }

  @Test func guidanceOneIsTheUnguidedModelAndOthersDiffer() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      func image(_ guidance: Double, negative: String? = nil, _ prompt: String) async throws -> GrayscaleImage {
        let settings = SamplingOverrides(guidance: guidance, negative: negative)
        return try await host.generate(GenerationRequest(prompt: prompt, seed: 1, settings: settings)).images[0].image
      }
      let plain = try await image(1, "clear lungs")
      #expect(try await image(1, negative: "effusion", "clear lungs") == plain)
      #expect(try await image(3, "clear lungs") != plain)
      #expect(try await image(3, negative: "effusion", "clear lungs") != image(3, "clear lungs"))
      #expect(try await image(1, "effusion") != plain)
      // With the prompt itself as what to avoid, guidance has nowhere to go.
      let away = try await image(3, negative: "clear lungs", "clear lungs")
      #expect(zip(away.pixels, plain.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
      _ = try await image(1, "")
    }
  }

  @Test func guidanceFromOppositesLeadsAwayFromTheirMean() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      func latents(_ prompt: String, from: GuidanceReference? = nil, negative: String? = nil) async throws -> [Float] {
        let settings = SamplingOverrides(
          steps: 1, guidance: 4, guidanceRescale: 0, guidanceInterval: .always, guidanceFrom: from, negative: negative,
          sampler: .ddim)
        let request = GenerationRequest(prompt: prompt, seed: 1, settings: settings, keepsLatents: true)
        return try #require(try await host.generate(request).images[0].latents).values
      }
      // One step is linear in what guidance leads away from.
      let prompt = "right effusion in a man"
      let (none, first, second) = (
        try await latents(prompt, from: .nothing),
        try await latents(prompt, negative: "left effusion in a woman"),
        try await latents(prompt, negative: "woman, chest radiograph: clear lungs and a normal heart")
      )
      let opposites = try await latents(prompt, from: .opposites)
      let scale = opposites.reduce(1) { max($0, abs($1)) }
      #expect(first != second)
      let mean = none.indices.map { (none[$0] + first[$0] + second[$0]) / 3 }
      #expect(zip(opposites, mean).allSatisfy { abs($0 - $1) < 1e-4 * scale })
      // A negative prompt goes before, and a prompt that has no opposites is led away from no text.
      #expect(try await latents(prompt, from: .opposites, negative: "left effusion in a woman") == first)
      #expect(try await latents("chest", from: .opposites) == latents("chest", from: .nothing))
      #expect(try await latents("chest") == latents("chest", from: .nothing))
    }
  }

  @Test func guidanceWithinAnIntervalCallsThePromptAloneOutsideIt() async throws {
    try await withTinyModel { model, root in
      func image(_ interval: ClosedRange<Double>?, guidance: Double = 4) async throws -> GrayscaleImage {
        var description = TinyModel.description
        description.sampling.guidance = guidance
        description.sampling.guidanceInterval = interval
        let path = root.appendingPathComponent(UUID().uuidString).path
        try ModelFolder.write(description, weights: TinyModel.weights(), card: "", dtype: .float32, to: path)
        let host = try await ModelHost.load(
          ModelFolder(path: path), textEncoder: model.encoder, device: .device(.cpu), precision: .float32, threads: 1)
        return try await host.generate(request).images[0].image
      }
      let everywhere = try await image(nil)
      #expect(try await image(0...1) == everywhere)
      #expect(try await image(0.3...0.8) != everywhere)
      // An interval that no step falls into leaves the prompt alone.
      #expect(try await image(0.001...0.002) == image(nil, guidance: 1))
    }
  }

  @Test func eventsComeInOrderAndEndWithTheResult() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      var request = request
      request.settings.steps = 4
      request.count = 2
      request.previewInterval = 2
      var seen: [String] = []
      for try await event in host.events(for: request) {
        switch event {
        case .step(let image, let step, let steps): seen.append("\(image):\(step)/\(steps)")
        case .preview(let step, let preview):
          seen.append("preview \(preview.index):\(step)")
          #expect(preview.previewStep == step)
        case .image(let image): seen.append("image \(image.index)")
        case .finished(let result): seen.append("finished \(result.images.count)")
        }
      }
      let each = (0..<2).flatMap { image in
        ["\(image):1/4", "\(image):2/4", "preview \(image):2", "\(image):3/4", "\(image):4/4", "image \(image)"]
      }
      #expect(seen == each + ["finished 2"])
    }
  }

  @Test func cancellingStopsBetweenTwoSteps() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      var request = request
      request.settings.steps = 1000
      request.count = 50
      let steps = Counter()
      let endless = request
      let work = Task {
        try await host.generate(endless) { event in
          if case .step = event { steps.increment() }
        }
      }
      while steps.value < 3 { try await Task.sleep(for: .milliseconds(1)) }
      work.cancel()
      await #expect(throws: CancellationError.self) { try await work.value }
      #expect(steps.value < 50_000)
      // The host goes on as if nothing had been.
      _ = try await host.generate(self.request)
    }
  }

  @Test func generatingAndFailingInTheMiddleLeaveNoHandleBehind() async throws {
    struct Stop: Error {}
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      var several = request
      several.count = 3
      several.previewInterval = 1
      // The host keeps what it made for the last prompt: the count is taken once that is there.
      _ = try await host.generate(several)
      let before = try await host.liveHandles()
      #expect(before > 0)
      for _ in 0..<3 { _ = try await host.generate(several) }
      #expect(try await host.liveHandles() == before)
      let failing = several
      await #expect(throws: Stop.self) {
        try await host.generate(failing) { event in
          if case .step(image: 1, step: 2, _) = event { throw Stop() }
        }
      }
      #expect(try await host.liveHandles() == before)
      var refused = several
      refused.initialLatents = [Latents(shape: [4, 8, 9], values: Array(repeating: 0, count: 288))]
      let latents = refused
      await #expect(throws: LatentsError.count(1, expected: 3)) { try await host.generate(latents) }
      #expect(try await host.liveHandles() == before)
    }
  }

  @Test func requestsBeyondTheModelAreRefused() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      func refuses(_ error: some Error & Equatable, _ change: (inout GenerationRequest) -> Void) async {
        var request = request
        change(&request)
        await #expect(throws: error) { try await host.generate(request) }
      }
      func range(_ what: String, _ value: String, _ allowed: String) -> RequestError {
        .outOfRange(what: what, value: value, allowed: allowed)
      }
      await refuses(range("steps", "0", "at least 1")) { $0.settings.steps = 0 }
      await refuses(range("steps", "1001", "1 to 1000, the model's timesteps")) { $0.settings.steps = 1001 }
      await refuses(range("guidance", "101.0", "0 to 100")) { $0.settings.guidance = 101 }
      await refuses(range("guidance-rescale", "nan, which is not a number", "0 to 1")) {
        $0.settings.guidanceRescale = .nan
      }
      await refuses(RequestError.emptyPrompt(index: 0)) { $0.prompt = " " }
      await refuses(range("count", "0", "1 to 100000")) { $0.count = 0 }
      await refuses(range("seed", "18446744073709551615", "one that leaves room for 2 images")) {
        $0.count = 2
        $0.seed = .max
      }
      await refuses(range("preview-every", "0", "at least 1")) { $0.previewInterval = 0 }
      await refuses(LatentsError.shape([4, 8, 9], expected: [4, 8, 8])) {
        $0.initialLatents = [Latents(shape: [4, 8, 9], values: Array(repeating: 0, count: 288))]
      }
      await refuses(LatentsError.notFinite) {
        $0.initialLatents = [Latents(shape: [4, 8, 8], values: Array(repeating: .nan, count: 256))]
      }
      await refuses(LatentsError.count(0, expected: 1)) { $0.initialLatents = [] }
    }
  }

  @Test(.slow, .tags(.slow), arguments: [1, 1000])
  func everySamplerTakesTheFewestAndTheMostSteps(steps: Int) async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      for sampler in SamplerKind.allCases {
        var request = request
        request.settings = SamplingOverrides(steps: steps, guidance: 1, sampler: sampler)
        let taken = Counter()
        let image = try await host.generate(request) { event in
          guard case .step(image: 0, let step, steps) = event else { return }
          taken.increment()
          #expect(step == taken.value, "\(sampler)")
        }.images[0]
        #expect(taken.value == steps, "\(sampler)")
        #expect(image.provenance.steps == steps && image.provenance.sampler == sampler)
        #expect(Set(image.image.pixels).count > 1, "\(sampler) draws a picture")
      }
    }
  }

  @Test func longPromptsAreCutWithANote() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      let long = GenerationRequest(prompt: String(repeating: "no effusion. ", count: 80_000), seed: 1)
      let truncation = try #require(try await host.generate(long).truncation)
      #expect(truncation.keptTokenCount == 30)
      #expect(try await host.generate(request).truncation == nil)
    }
  }

  @Test func timingsAddUp() async throws {
    try await withTinyModel { model, _ in
      let timings = try await ModelHost.load(model).generate(request).timings
      #expect(timings.text > 0 && timings.denoise > 0 && timings.decode > 0)
      #expect(timings.total >= timings.text + timings.denoise + timings.decode)
    }
  }
}

private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0

  var value: Int { lock.withLock { count } }
  func increment() { lock.withLock { count += 1 } }
}

@Suite struct ReleasedCheckpointGenerationTests {
  @Test func aCheckpointOfTheAuthorsCodeGenerates() async throws {
    try await withTinyModel { model, _ in
      let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")
      let source = try ModelSource(path: fixtures.appendingPathComponent("released/tiny.pt").path)
      #expect(source.description.preset == "released")
      #expect(source.description.sampling.guidance == 3)
      #expect(source.description.textEncoder.name == "tiny")
      let host = try await ModelHost.load(
        source, textEncoder: model.encoder, device: .device(.cpu), precision: .float32, threads: 1)
      var request = GenerationRequest(prompt: "clear lungs", seed: 1, settings: SamplingOverrides(steps: 2))
      let guided = try await host.generate(request).images[0]
      #expect(guided.image.width == 256 && guided.image.height == 256)
      #expect(guided.provenance.modelName == "tiny" && guided.provenance.modelHash.count == 64)
      request.settings.guidance = 1
      #expect(try await host.generate(request).images[0].image != guided.image)
    }
  }
}
