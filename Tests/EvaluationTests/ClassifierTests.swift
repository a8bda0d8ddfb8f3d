import Foundation
import RadiographModels
import Testing

@testable import Evaluation
@testable import Training

@Suite("Classifier of radiographs")
struct ClassifierTests {
  @Test("learns from its examples, and judges other images by them")
  func learns() throws {
    let (classifier, _) = try RadiographClassifier.trained(
      on: SyntheticChests.data(ofEachKind: 12, seed: 1), recipe: SyntheticChests.recipe(steps: 80)
    ) { _, _ in }
    let unseen = try SyntheticChests.examples(ofEachKind: 10, seed: 2)
    let measurement = try AgreementMeasurement(classifier: classifier, heldOut: unseen, seed: 0)
    for judgement in Judgement.allCases { #expect(try #require(measurement.realAccuracy[judgement]) > 0.9) }

    let figures = try measurement.figures(.init(thumbnails: unseen.images, kinds: unseen.kinds))
    #expect(figures.map(\.count) == [40, 20, 20, 40])
    #expect(figures.allSatisfy { $0.value > 0.9 })
    let findings = try measurement.findingFigures(.init(thumbnails: unseen.images, kinds: unseen.kinds))
    #expect(
      findings.map(\.name)
        == ["pneumonia", "normal"].flatMap { finding in ["precision", "recall", "F1"].map { "\(finding), \($0)" } })
    #expect(findings.allSatisfy { $0.value > 0.9 && $0.real == $0.value })
    // Asked for the opposite of what they show, the same pictures disagree.
    let opposite = unseen.kinds.map { RadiographKind(isChild: $0.isChild, hasPneumonia: !$0.hasPneumonia) }
    let disagreeing = try measurement.figures(.init(thumbnails: unseen.images, kinds: opposite))
    #expect(disagreeing[0].value < 0.1)
    #expect(disagreeing[3].value == figures[3].value)
  }

  @Test("the same recipe on the same examples makes the same weights")
  func deterministic() throws {
    let examples = try SyntheticChests.data(ofEachKind: 3, seed: 1)
    func weights(_ recipe: ClassifierRecipe) throws -> [Float] {
      let (_, store) = try RadiographClassifier.trained(on: examples, recipe: recipe) { _, _ in }
      return try #require(store["output.weight"]).value.floats()
    }
    var recipe = SyntheticChests.recipe(steps: 3)
    let first = try weights(recipe)
    #expect(try weights(recipe) == first)
    recipe.seed = 1
    #expect(try weights(recipe) != first)
  }

  @Test("a file is read again for the same recipe and examples, and for no other")
  func file() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-classifier-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = ClassifierFile(path: folder.appendingPathComponent("classifier.safetensors").path)
    let examples = try SyntheticChests.data(ofEachKind: 2, seed: 1)
    let recipe = SyntheticChests.recipe(steps: 2)
    #expect(try file.load(for: examples, recipe: recipe) == nil)

    let (classifier, store) = try RadiographClassifier.trained(on: examples, recipe: recipe) { _, _ in }
    try file.write(store, for: examples, recipe: recipe)
    let loaded = try #require(try file.load(for: examples, recipe: recipe))
    #expect(
      try loaded.probabilities(pixels: examples.pixels, count: 8)
        == classifier.probabilities(pixels: examples.pixels, count: 8))
    #expect(try file.load(for: examples, recipe: SyntheticChests.recipe(steps: 3)) == nil)
    #expect(try file.load(for: SyntheticChests.data(ofEachKind: 2, seed: 2), recipe: recipe) == nil)
  }

  @Test("a judgement weights its two classes alike and leaves out other patients")
  func balancedAccuracy() throws {
    let kinds = [
      RadiographKind(isChild: true, hasPneumonia: true), .init(isChild: true, hasPneumonia: true),
      .init(isChild: true, hasPneumonia: true), .init(isChild: true, hasPneumonia: false),
      .init(isChild: false, hasPneumonia: true), .init(isChild: false, hasPneumonia: false),
    ]
    let images = try GrayImages(pixels: [Float](repeating: 0, count: 6), count: 6, height: 1, width: 1)
    let examples = try ClassifierExamples(images: images, kinds: kinds)
    // Always "pneumonia": right for all three with it, wrong for the one without.
    let probabilities = [[Double]](repeating: [0.9, 0.1, 0.9], count: 6)
    #expect(examples.accuracy(of: .pneumoniaInChild, probabilities: probabilities) == 0.5)
    #expect(examples.accuracy(of: .child, probabilities: probabilities) == 0.5)
    #expect(examples.count(for: .pneumoniaInChild) == 4)
    #expect(examples.count(for: .pneumoniaInAdult) == 2)
  }

  @Test("every image needs a kind, and every kind an image")
  func missingExamples() throws {
    let kinds = [RadiographKind](repeating: .init(isChild: true, hasPneumonia: true), count: 4)
    let images = try GrayImages(pixels: [Float](repeating: 0, count: 6), count: 6, height: 1, width: 1)
    #expect(throws: MetricError.countMismatch(what: "kinds of images", expected: 6, found: 4)) {
      try ClassifierExamples(images: images, kinds: kinds)
    }
    let most = kinds + [.init(isChild: true, hasPneumonia: false), .init(isChild: false, hasPneumonia: false)]
    #expect(throws: MetricError.tooFew(what: "images of adults with pneumonia", found: 0, minimum: 1)) {
      try ClassifierExamples(images: images, kinds: most)
    }
  }

  @Test("images are moved with their borders repeated, and mirrored")
  func moved() {
    let pixels: [Float] = [1, 2, 3, 4, 5, 6]
    func moved(down: Int = 0, right: Int = 0, mirrored: Bool = false) -> [Float] {
      ClassifierBatch.moved(pixels, height: 2, width: 3, down: down, right: right, mirrored: mirrored)
    }
    #expect(moved() == pixels)
    #expect(moved(right: 1) == [1, 1, 2, 4, 4, 5])
    #expect(moved(down: -1) == [4, 5, 6, 4, 5, 6])
    #expect(moved(mirrored: true) == [3, 2, 1, 6, 5, 4])
  }

  @Test("a classifier learns from images of every kind, each with its pixels and its kind")
  func data() {
    let kinds = RadiographKind.allCases
    func data(pixels: Int, kinds: [RadiographKind]) throws {
      _ = try ClassifierData(pixels: [Float](repeating: 0, count: pixels), height: 2, width: 3, kinds: kinds)
    }
    #expect(throws: Never.self) { try data(pixels: 24, kinds: kinds) }
    #expect(throws: TrainingError.classifierData(reason: "23 pixels for 4 images of 3x2")) {
      try data(pixels: 23, kinds: kinds)
    }
    #expect(throws: TrainingError.classifierData(reason: "no image of children with pneumonia")) {
      try data(pixels: 18, kinds: kinds.dropLast())
    }
  }

  @Test("brightness and contrast do not reach the network")
  func standardised() {
    let plain = RadiographClassifier.standardised([0, 1, 2, 5])
    let brighter = RadiographClassifier.standardised([10, 13, 16, 25])
    for (a, b) in zip(plain, brighter) { #expect(abs(a - b) < 1e-6) }
    #expect(abs(plain.reduce(0, +)) < 1e-6)
    #expect(RadiographClassifier.standardised([3, 3]) == [0, 0])
  }
}
