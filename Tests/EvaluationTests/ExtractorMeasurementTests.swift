import Foundation
import ImageFiles
import RadiographData
import RadiographImport
import Support
import TestBasics
import TestSupport
import Testing

@testable import Evaluation

@Suite("Figures in the features of a network")
struct ExtractorMeasurementTests {
  private static func phantoms(_ count: Int, seed: UInt64, blurred: Bool = false) throws -> DrawnImages {
    DrawnImages(
      title: "phantoms",
      items: try (0..<count).map { index in
        var image = try PhantomDrawing(Phantom(seed: seed, index: index).description).image(size: 64)
        if blurred {
          image = try GrayPlane(image).resized(width: 16, height: 16).resized(width: 64, height: 64).grayscale
        }
        return DrawnImages.Item(name: "\(index)", image: image, facts: ImageFacts())
      })
  }

  @Test("distances and shares lie in their intervals, beside those of real images, and blurred samples are outside")
  func intervals() throws {
    let folder = try TemporaryFolder()
    var options = try PhantomSource.options(size: 64)
    options.split = try SplitFractions("60/10/30")
    let data = URL(fileURLWithPath: folder.path("dataset"))
    _ = try DatasetImport(PhantomSource.list(count: 300, seed: 1), into: data, options: options).run()
    let dataset = try RadiographDataset.open(data)
    let records = try dataset.records(matching: RecordFilter(requiresText: false))
    let judge = folder.path("judge.safetensors")
    try TinyJudge.write(to: judge, labels: ["a"], side: 64)
    let measurement = ExtractorMeasurement(ExtractorChoice(path: judge), note: { _ in })
    func figures(_ samples: DrawnImages) throws -> [String: MeasuredFigure] {
      let found = try measurement.figures(
        ComparedImages(
          samples: samples,
          heldOut: DatasetImages(dataset, records: records.filter { $0.split == .test }, title: "test"),
          training: DatasetImages(dataset, records: records.filter { $0.split == .train }, title: "training"),
          side: 64, seed: 1))
      return Dictionary(
        found.map { (String($0.name.replacing(", Thorax classifier (small)", with: "")), $0) },
        uniquingKeysWith: { first, _ in first })
    }
    let alike = try figures(Self.phantoms(80, seed: 2))
    for name in ["Fréchet distance", "kernel distance", "precision", "recall", "density", "coverage", "Vendi score"] {
      let figure = try #require(alike[name], "\(alike.keys)")
      let (interval, real) = (try #require(figure.interval), try #require(figure.realInterval))
      let mean = try #require(figure.real)
      #expect(interval.contains(figure.value) && real.contains(mean), "\(figure)")
      #expect(interval.overlaps(real), "\(figure)")
      #expect(figure.how.hasSuffix("intervals by patient"))
    }
    let blurred = try figures(Self.phantoms(80, seed: 2, blurred: true))
    let (frechet, kernel) = (try #require(blurred["Fréchet distance"]), try #require(blurred["kernel distance"]))
    for figure in [frechet, kernel] {
      let (interval, real) = (try #require(figure.interval), try #require(figure.realInterval))
      #expect(interval.lowerBound > real.upperBound, "\(figure)")
    }
    let coverage = try #require(blurred["coverage"])
    #expect(coverage.value < 0.5 * (alike["coverage"]?.value ?? 0))
  }
}
