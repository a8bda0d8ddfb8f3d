import Foundation
import ImageFiles
import RadiographData
import RadiologyReports
import Support
import TestBasics
import TestSupport
import Testing

@testable import Evaluation

@Suite("Judges of what prompts ask for")
struct JudgeTests {
  private static func withJudge(_ labels: [String], _ body: (OwnExtractor) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let file = folder.path("judge.safetensors")
    try TinyJudge.write(to: file, labels: labels, side: 64)
    try body(OwnExtractor(contentsOf: file))
  }

  private static func mirrored(_ image: GrayscaleImage) throws -> GrayscaleImage {
    let pixels = (0..<image.width * image.height).map { index in
      image[image.width - 1 - index % image.width, index / image.width]
    }
    return try GrayscaleImage(width: image.width, height: image.height, pixels: pixels)
  }

  @Test("a mirrored image is on the other side by as much, and one that is its own mirror image on neither")
  func sides() throws {
    try Self.withJudge(["Mass", "Effusion"]) { judge in
      let image = try CopyGateTests.chest(3, side: 64)
      let half = Array(image.pixels.enumerated().filter { $0.offset % 64 < 32 }.map(\.element))
      let symmetric = try GrayscaleImage(
        width: 64, height: 64,
        pixels: (0..<64 * 64).map { half[$0 / 64 * 32 + min($0 % 64, 63 - $0 % 64)] })
      let inputs = try [image, Self.mirrored(image), symmetric].map { try judge.preparation.input(from: $0) }
      let sides = try judge.places(of: inputs).map { $0.map(\.rightward) }
      for label in 0..<2 {
        #expect(abs(sides[0][label] + sides[1][label]) < 1e-5 && abs(sides[0][label]) > 1e-4, "\(sides)")
        #expect(abs(sides[2][label]) < 1e-5)
      }
    }
  }

  @Test("the best threshold is that of all thresholds whose sensitivity and specificity are greatest")
  func threshold() throws {
    var random = SplitMix64(seed: 4)
    for _ in 0..<50 {
      let count = 5 + random.next(below: 30)
      let scores = (0..<count).map { _ in Double(random.next(below: 8)) }
      let labels = (0..<count).map { $0 == 0 || ($0 > 1 && random.next(below: 3) == 0) }
      let examples = try ScoredLabels(scores: scores, labels: labels)
      func gain(_ threshold: Double) -> Double {
        let confusion = ConfusionMetrics(examples, threshold: threshold)
        return (confusion.recall ?? 0) + (confusion.specificity ?? 0)
      }
      let best = try examples.bestThreshold()
      #expect(Set(scores).allSatisfy { gain($0) <= gain(best) + 1e-12 })
    }
    #expect(throws: MetricError.singleClass(what: "positive", count: 2)) {
      try ScoredLabels(scores: [1, 2], labels: [true, true]).bestThreshold()
    }
  }

  @Test("everybody is asked for with every finding, and what is compared shares its seed")
  func asked() {
    let all = AskedImage.all(AskedFinding.all, rounds: 2)
    #expect(Set(all.map { "\($0.text) \($0.place)" }).count == all.count)
    for finding in AskedFinding.all {
      let people = all.filter { $0.finding == finding && $0.purpose == .finding }.map(\.person)
      #expect(people.count == 16 && AskedImage.Person.all.allSatisfy(people.contains), "\(finding.label)")
      let sides = [Laterality.left, .right].map { side in
        all.filter { $0.finding == finding && $0.purpose == .side(side) }
      }
      #expect(sides[0].map(\.place) == sides[1].map(\.place) && sides[0].isEmpty != finding.hasSide)
      #expect(zip(sides[0], sides[1]).allSatisfy { $0.text == $1.text.replacing("right", with: "left") })
      #expect(all.contains { $0.purpose == .negated && $0.text.hasSuffix(": \(finding.negation)") })
    }
    // The reader of prompts finds what is asked for, and does not find what is denied.
    #expect(all.filter { $0.purpose == .normal }.allSatisfy { $0.finding == nil })
  }

  @Test("samples that are one picture are alike within their prompt, and small images are left out")
  func diversity() throws {
    let images = try (0..<4).map { try CopyGateTests.chest($0, side: 192) }
    let measurement = DiversityMeasurement(seed: 0)
    let same = try measurement.figures(byPrompt: [Array(repeating: images[0], count: 3)], real: images)
    let found = try #require(same.first)
    let real = try #require(found.real)
    #expect(abs(found.value - 1) < 1e-5 && real < 0.9 && found.count == 1)
    #expect(try measurement.figures(byPrompt: [[images[0]]], real: images).isEmpty)
    let small = try (0..<4).map { try CopyGateTests.chest($0, side: 64) }
    #expect(try measurement.figures(byPrompt: [small], real: small).isEmpty)
  }
}
