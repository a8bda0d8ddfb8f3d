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

  @Test("log odds that are as high among real radiographs as others are among drawn ones")
  func counterparts() {
    let numbers = (0...10).map(Double.init)
    let real = LabelOdds(present: [numbers, []], absent: [[], numbers])
    let drawn = LabelOdds(present: [[1, 2, 3], [1, 2, 3]], absent: [[1, 2, 3], [1, 2, 3]])
    func counterpart(_ odds: Double, _ label: Int, _ isPresent: Bool, leavingOut share: Double = 0) -> Double? {
      real.counterpart(of: odds, among: drawn, label: label, isPresent: isPresent, leavingOut: share)
    }
    // What lies between two has the place between theirs; what lies beyond all that of the last.
    #expect(counterpart(2, 0, true) == 5 && counterpart(2, 1, false) == 5)
    #expect(counterpart(1.5, 0, true) == 2.5 && counterpart(0, 0, true) == 0 && counterpart(99, 0, true) == 10)
    #expect(counterpart(2, 0, true, leavingOut: 0.5) == 7.5 && counterpart(2, 1, false, leavingOut: 0.5) == 2.5)
    #expect(counterpart(2, 0, false) == nil && counterpart(2, 1, true) == nil)
    #expect(drawn.counterpart(of: 2, among: real, label: 1, isPresent: true, leavingOut: 0) == nil)
  }

  @Test("a model that draws as real radiographs are is asked for nothing")
  func equal() throws {
    let logits = try Tensor.randn([200, 1], generator: Generator(seed: 1)).rows()
    let odds = LabelOdds(logits, signs: logits.indices.map { [$0 < 100 ? 1 : -1] }, labels: 1)
    #expect(odds.present[0].count == 100 && odds.absent[0].count == 100)
    for isPresent in [true, false] {
      let values = isPresent ? odds.present[0] : odds.absent[0]
      let moved = values.map {
        odds.counterpart(of: $0, among: odds, label: 0, isPresent: isPresent, leavingOut: 0) ?? .infinity
      }
      #expect(zip(values, moved).allSatisfy { abs($0 - $1) < 1e-12 }, "\(values) \(moved)")
    }
  }

  @Test("of a dataset, the log odds of a label are those of its images that have it, and of no others")
  func dataset() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let (part, classifier) = (try dataset.data().training, try Self.classifier())
    var shown: [Int] = []
    try part.records.forEach { if $1.attributes.state(of: "Effusion") == .positive { shown.append($0) } }
    #expect(shown.count > LabelOdds.leastCount)
    let examples = try ExampleRadiographs(part, labels: Self.labels)
    let rows = examples.images_B1HW.reduce(0) { $0 + $1.shape[0] }
    #expect(rows == examples.attributes.count && rows < part.records.count)
    let odds = try RealOdds(classifier, of: examples, device: .cpu)
    let expected = try classifier(part.images(shown)).doubles().enumerated().filter { $0.offset % 2 == 0 }.map(
      \.element)
    #expect(odds.labels.present[0].count == shown.count)
    #expect(zip(odds.labels.present[0], expected.sorted()).allSatisfy { abs($0 - $1) < 1e-4 })
    // Nothing is called normal there.
    #expect(odds.labels.absent == [[], []])
    let few = try ExampleRadiographs(part, labels: Self.labels, limit: 3)
    #expect((3...6).contains(few.attributes.count))
    #expect(try RealOdds(classifier, of: few, device: .cpu).labels.present == [[], []])
  }

  @Test("what is enlarged from small files is no example")
  func enlarged() throws {
    let dataset = try LabelledDataset(imageSize: 64)
    defer { dataset.remove() }
    let examples = try ExampleRadiographs(dataset.data().training, labels: Self.labels)
    #expect(examples.attributes.isEmpty && examples.images_B1HW.isEmpty)
    #expect(try RealOdds(Self.classifier(), of: examples, device: .cpu).labels.present == [[], []])
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
      #expect(odds.labels.absent[label].count == 12)
      #expect(zip(odds.labels.absent[label], expected).allSatisfy { abs($0 - $1) < 1e-4 })
      let mean = normal.reduce(0) { $0 + heights[$1] } / 12
      #expect(abs(usual[label] - mean) < 1e-4)
    }
    #expect(odds.labels.present[0].count == 12 && odds.labels.present[1].isEmpty)
  }
}
