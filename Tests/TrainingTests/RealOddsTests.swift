import Foundation
import RadiographData
import RadiologyReports
import Testing
import Torch
import TorchNN

@testable import RadiographModels
@testable import Training

@Suite("What a classifier says of real radiographs")
struct RealOddsTests {
  private static let labels = ["Effusion", "Mass"]

  private static func classifier() throws -> LabelClassifier {
    let store = ParameterStore(generator: try Generator(seed: 3))
    return try LabelClassifier(store.root, ClassifierArchitecture(network: .places, labels: labels, side: 16))
  }

  @Test("the share of radiographs below a target, and above one of an absent label")
  func targets() {
    let numbers = (0...10).map(Double.init)
    let odds = RealOdds(present: [numbers, []], absent: [[], numbers], usualHeight_1L: nil)
    #expect(odds.target(0, isPresent: true, share: 0.25) == 2.5)
    #expect(odds.target(1, isPresent: false, share: 0.25) == 7.5)
    #expect(odds.target(0, isPresent: false, share: 0.5) == nil && odds.target(1, isPresent: true, share: 0.5) == nil)
    #expect(odds.target(0, isPresent: true, share: 1) == 10 && odds.target(1, isPresent: false, share: 1) == 0)
  }

  @Test("of a dataset, the log odds of a label are those of its images that have it, and of no others")
  func dataset() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let (part, classifier) = (try dataset.data().training, try Self.classifier())
    var shown: [Int] = []
    try part.records.forEach { if $1.attributes.state(of: "Effusion") == .positive { shown.append($0) } }
    #expect(shown.count > RealOdds.leastCount)
    let examples = try ExampleRadiographs(part, labels: Self.labels)
    let rows = examples.images_B1HW.reduce(0) { $0 + $1.shape[0] }
    #expect(rows == examples.attributes.count && rows < part.records.count)
    let odds = try RealOdds(classifier, of: examples, device: .cpu)
    let expected = try classifier(part.images(shown)).doubles().enumerated().filter { $0.offset % 2 == 0 }.map(
      \.element)
    #expect(odds.present[0].count == shown.count)
    #expect(zip(odds.present[0], expected.sorted()).allSatisfy { abs($0 - $1) < 1e-4 })
    // Nothing is called normal there.
    #expect(odds.absent == [[], []])
    let few = try ExampleRadiographs(part, labels: Self.labels, limit: 3)
    #expect((3...6).contains(few.attributes.count))
    #expect(try RealOdds(classifier, of: few, device: .cpu).present == [[], []])
  }

  @Test("what is absent, and the usual height, are those of normal radiographs")
  func normal() throws {
    let classifier = try Self.classifier()
    let image_B1HW = try Tensor.randn([24, 1, 32, 32], generator: Generator(seed: 1))
    let attributes = (0..<24).map { row in
      RadiographAttributes(labels: row % 2 == 0 ? [NIHLabels.noFinding: .positive] : ["Effusion": .positive])
    }
    let examples = ExampleRadiographs(
      images_B1HW: [
        try image_B1HW.narrow(dim: 0, start: 0, length: 10), try image_B1HW.narrow(dim: 0, start: 10, length: 14),
      ], attributes: attributes)
    let odds = try RealOdds(classifier, of: examples, device: .cpu)
    let said = try classifier.placeOdds(image_B1HW)
    let (logits, heights) = (try said.logits_BL.doubles(), try said.upward_BL.doubles())
    let usual = try #require(try odds.usualHeight_1L?.doubles())
    for label in 0..<2 {
      let normal = stride(from: 0, to: 24, by: 2).map { $0 * 2 + label }
      let expected = normal.map { logits[$0] }.sorted()
      #expect(odds.absent[label].count == 12)
      #expect(zip(odds.absent[label], expected).allSatisfy { abs($0 - $1) < 1e-4 })
      let mean = normal.reduce(0) { $0 + heights[$1] } / 12
      #expect(abs(usual[label] - mean) < 1e-4)
    }
    #expect(odds.present[0].count == 12 && odds.present[1].isEmpty)
  }
}
