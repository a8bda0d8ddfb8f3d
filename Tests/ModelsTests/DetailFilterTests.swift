import Foundation
import Generation
import ImageFiles
import TestSupport
import Testing
import Torch

@testable import Models

@Suite("Details of drawn images made stronger")
struct DetailFilterTests {
  private struct Reference: Decodable {
    struct Case: Decodable {
      var amount: Double
      var fineDeviation: Double
      var coarseDeviation: Double
      var values: [Float]
    }
    var height: Int
    var width: Int
    var image: [Float]
    var cases: [Case]
  }

  @Test("differences of Gaussians agree with SciPy's, borders too (2e-6)")
  func reference() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/detail_gain.json")
    let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    let image_11HW = try Tensor(reference.image, shape: [1, 1, reference.height, reference.width])
    #expect(reference.cases.count == 2)
    for expected in reference.cases {
      let gain = DetailGain(
        amount: expected.amount, fineDeviation: expected.fineDeviation, coarseDeviation: expected.coarseDeviation)
      let values = try DetailFilter(gain, device: .cpu)(image_11HW).floats()
      #expect(values.count == expected.values.count)
      let difference = zip(values, expected.values).map { abs($0 - $1) }.max() ?? .infinity
      #expect(difference < 2e-6, "\(expected.amount): \(difference)")
    }
  }

  @Test("what is drawn has stronger details, what the autoencoder keeps of an image does not")
  func drawing() async throws {
    try await withTinyModel { model, root in
      func load(_ gain: DetailGain?) async throws -> ModelHost {
        var description = TinyModel.description
        description.detailGain = gain
        let path = root.appendingPathComponent("model-\(gain?.amount ?? 0)").path
        try ModelFolder.write(description, weights: TinyModel.weights(), card: "", to: path)
        return try await ModelHost.load(
          ModelFolder(path: path), textEncoder: model.encoder, device: .device(.cpu), precision: .float32, threads: 1)
      }
      let gain = DetailGain(amount: 1.5)
      let (plain, strong) = (try await load(nil), try await load(gain))
      #expect(strong.description.detailGain == gain && strong.hash != plain.hash)
      let request = GenerationRequest(prompt: "Clear lungs.", seed: 3)
      let drawn = try await (plain.generate(request), strong.generate(request))
      let images = (drawn.0.images[0].image, drawn.1.images[0].image)
      func roughness(_ image: GrayscaleImage) -> Int {
        zip(image.pixels, image.pixels.dropFirst()).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
      }
      #expect(roughness(images.1) > roughness(images.0))
      let kept = try await (plain.reconstruct(images.0), strong.reconstruct(images.0))
      #expect(kept.0 == kept.1)
    }
  }
}
