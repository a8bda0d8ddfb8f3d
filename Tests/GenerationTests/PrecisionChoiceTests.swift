import Foundation
import Models
import TestSupport
import Testing
import Torch

@testable import Generation

@Suite struct PrecisionChoiceTests {
  @Test func automaticIsWhatTheModelAndTheProcessorAllow() throws {
    let hasIntegers = try Tensor.quantisesConvolutions()
    #expect(try PrecisionChoice.automatic.resolved(on: .cpu) == .float32)
    #expect(try PrecisionChoice.automatic.resolved(on: .cpu, allowingInt8: true) == (hasIntegers ? .int8 : .float32))
    for allowed in [false, true] {
      #expect(try PrecisionChoice.automatic.resolved(on: .cuda(0), allowingInt8: allowed) == .bfloat16)
      #expect(try PrecisionChoice.float32.resolved(on: .cpu, allowingInt8: allowed) == .float32)
    }
    #expect(throws: TorchError.integersUnavailable(.cuda(0))) { try PrecisionChoice.int8.resolved(on: .cuda(0)) }
    if hasIntegers {
      #expect(try PrecisionChoice.int8.resolved(on: .cpu) == .int8)
    } else {
      #expect(throws: TorchError.integersUnavailable(.cpu)) { try PrecisionChoice.int8.resolved(on: .cpu) }
    }
  }

  @Test func namesAreRead() throws {
    for (name, choice) in [("INT8", PrecisionChoice.int8), ("fp32", .float32), ("bfloat16", .bfloat16)] {
      #expect(try PrecisionChoice(name: name) == choice)
    }
    #expect(throws: RequestError.self) { try PrecisionChoice(name: "int4") }
    #expect(PrecisionChoice.int8.dtype == .float32)
  }

  /// Wide enough for its convolutions to be rounded, where the tiny model's are not.
  @Test(.enabled(if: (try? Tensor.quantisesConvolutions()) == true, "the processor has no AVX-512 VNNI"))
  func aModelThatAllowsIntegersDrawsInThemByItself() async throws {
    try await withTinyModel { model, root in
      var description = TinyModel.description
      description.architecture = TinyModel.wideArchitecture
      description.allowsInt8 = true
      let path = root.appendingPathComponent("wide").path
      try ModelFolder.write(
        description, weights: TinyModel.weights(of: description.architecture), card: "", to: path)
      func draw(_ precision: PrecisionChoice) async throws -> (image: GeneratedImage, latents: [Float]) {
        let host = try await ModelHost.load(
          ModelFolder(path: path), textEncoder: model.encoder, device: .device(.cpu), precision: precision, threads: 1)
        var request = GenerationRequest(prompt: "effusion", seed: 3)
        request.keepsLatents = true
        let image = try #require(try await host.generate(request).images.first)
        return (image, try #require(image.latents).values)
      }
      let (integers, exact, automatic) = (try await draw(.int8), try await draw(.float32), try await draw(.automatic))
      #expect(integers.latents != exact.latents && integers.latents == automatic.latents)
      #expect(automatic.image.drawn.provenance.precision == "int8" && exact.image.drawn.provenance.precision == "fp32")
      let errors = zip(integers.latents, exact.latents).map { Double($0 - $1) }
      let deviation = (errors.map { $0 * $0 }.reduce(0, +) / Double(errors.count)).squareRoot()
      let whole = (exact.latents.map { Double($0 * $0) }.reduce(0, +) / Double(errors.count)).squareRoot()
      #expect(deviation < 0.05 * whole, "\(deviation) of \(whole)")
    }
  }
}
