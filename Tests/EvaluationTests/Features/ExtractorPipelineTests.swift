import Foundation
import ImageFiles
import RadiographModels
import TestBasics
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite("Images on their way to a feature extractor")
struct ExtractorPipelineTests {
  @Test("a folder of images has the distances that pytorch-fid and clean-fid print")
  func frechetInceptionDistance() throws {
    let folder = try TemporaryFolder()
    for (name, (count, width, height, kind)) in ExtractorReference.sets {
      try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
      for index in 0..<count {
        let image = try ExtractorReference.picture(index, width: width, height: height, kind: kind)
        try Data(image.pngBytes()).write(to: URL(filePath: folder.path("\(name)/\(index).png")))
      }
    }
    let network = try ExtractorReference.inception()
    var distances: [Double] = []
    for pipeline in InceptionPipeline.allCases {
      let extractor = InceptionExtractor(network, hash: "drawn", pipeline: pipeline)
      let (real, drawn) = try (
        FeatureStatistics.computed(of: FolderImages(path: folder.path("real")), with: extractor),
        FeatureStatistics.computed(of: FolderImages(path: folder.path("drawn")), with: extractor, batchSize: 3)
      )
      #expect(real.provenance.count == 24 && drawn.provenance.count == 20)
      let distance = try real.frechetDistance(to: drawn)
      let expected = try #require(try ExtractorReference.number("fid.\(pipeline)"))
      #expect(abs(distance - expected) < 1e-4, "\(pipeline): \(distance) and \(expected)")
      distances.append(distance)
    }
    // Or the tolerance could not tell the pipelines apart.
    #expect(abs(distances[0] - distances[1]) > 1e-3)
  }

  /// Differences at every seventh row and column, of which there are `count`.
  private func differences(_ input: NetworkInput, _ expected: [Float], count: Int) -> [Float] {
    var found: [Float] = []
    for row in 0..<count {
      for column in 0..<count {
        let value = input.values[7 * (row * input.width + column)]
        found.append(abs(value - expected[row * count + column]))
      }
    }
    return found
  }

  @Test("RAD-DINO's images are prepared as transformers' processor does it, within a grey level")
  func visionTransformerInput() throws {
    let network = try VisionTransformer(ParameterStore.shapesOnly().root)
    let extractor = VisionTransformerExtractor(network, hash: "none")
    let image = try ExtractorReference.picture(4, width: 330, height: 301, kind: 5)
    let input = try extractor.preparation.input(from: image)
    #expect(input.width == 518 && input.height == 518)
    let expected = try ExtractorReference.tensor("dino.input").floats()
    let differences = differences(input, expected, count: 74)
    let level: Float = 1 / 255 / 0.2583
    #expect(differences.allSatisfy { $0 < 1.01 * level })
    // Pillow's weights are whole numbers of 22 bits.
    #expect(differences.count { $0 > 0.01 * level } < differences.count / 100)
    let tall = try ExtractorReference.picture(4, width: 40, height: 90, kind: 5)
    #expect(try extractor.preparation.input(from: tall).values.count == 518 * 518)
  }

  @Test("TorchXRayVision's images are prepared as its functions do it")
  func denseNetInput() throws {
    let network = try ChestDenseNet(ParameterStore.shapesOnly().root, labels: 18)
    let extractor = ChestDenseNetExtractor(network, labels: 18, hash: "none")
    let image = try ExtractorReference.picture(4, width: 330, height: 301, kind: 5)
    let input = try extractor.preparation.input(from: image)
    #expect(input.width == 224 && input.height == 224)
    let expected = try ExtractorReference.tensor("densenet.input").floats()
    let differences = differences(input, expected, count: 32)
    #expect(differences.allSatisfy { $0 < 0.01 }, "\(differences.max() ?? 0)")
  }

  @Test("images of different sizes go through one batch, and each is as it is alone")
  func differentSizes() throws {
    let network = try ExtractorReference.inception()
    let images = try [(80, 90), (120, 70), (299, 299)].enumerated().map { index, sides in
      try ExtractorReference.picture(index, width: sides.0, height: sides.1, kind: 6)
    }
    for pipeline in InceptionPipeline.allCases {
      let extractor = InceptionExtractor(network, hash: "drawn", pipeline: pipeline)
      let together = try extractor.features(of: images)
      for (index, image) in images.enumerated() {
        let alone = try extractor.features(of: [image]).values
        #expect(zip(alone, together.values[index * 2048..<(index + 1) * 2048]).allSatisfy { abs($0 - $1) < 1e-4 })
      }
      let logits = try #require(try extractor.logits(of: images, batchSize: 2))
      #expect(logits.rows == 3 && logits.columns == 1008)
    }
  }
}
