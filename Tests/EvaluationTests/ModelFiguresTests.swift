import Foundation
import ImageFiles
import RadiographModels
import Support
import Testing

@testable import Evaluation

@Suite("Figures of a model")
struct ModelFiguresTests {
  @Test("numbers are short, and targets say whether they are met")
  func numbers() {
    #expect(
      [0.9651, 36.5, 2, 0.5, 0, -1.25, 123.456, 0.000214, 1e-9].map(MeasuredFigure.text) == [
        "0.965", "36.5", "2", "0.5", "0", "-1.25", "123.46", "0.00021", "0",
      ])
    #expect(FigureTarget.atLeast(1).isMet(by: 1) && !FigureTarget.atLeast(1).isMet(by: 0.99))
    #expect(FigureTarget.atMost(2).isMet(by: 2) && !FigureTarget.atMost(2).isMet(by: .nan))
    #expect(FigureTarget.between(0.85, 1.15).isMet(by: 1) && !FigureTarget.between(0.85, 1.15).isMet(by: 1.2))
    #expect("\(FigureTarget.between(0.85, 1.15))" == "0.85 to 1.15")
  }

  private static let report = FigureReport(
    model: .init(name: "tiny", hash: "0123456789abcdef", steps: 4, guidance: 2, sampler: "euler"),
    images: [.init(source: "nih", training: 8, heldOut: 2, heldOutPatients: 1)], seed: 7,
    figures: [
      MeasuredFigure(
        "PSNR", value: 35.125, interval: 34...36, count: 2, target: .atLeast(36.5), unit: "dB", how: "mean"),
      MeasuredFigure("diversity", value: 1, count: 9, real: 1.01, target: .between(0.85, 1.15), how: "pairs"),
      MeasuredFigure("distance", value: .infinity, count: 9, how: "none"),
    ])

  @Test("the table names figure, model, real against real and target")
  func table() {
    let table = Self.report.markdown
    #expect(table.contains("| PSNR | 35.12 dB (34 to 36) |  | at least 36.5 dB, **missed** |"))
    #expect(table.contains("| diversity | 1 | 1.01 | 0.85 to 1.15, met |"))
    #expect(table.contains("- PSNR (n = 2): mean"))
    #expect(table.contains("4 steps of euler at guidance 2, seed 7"))
  }

  @Test("the JSON holds value, interval, count, target and how, and no infinity")
  func json() throws {
    struct Read: Decodable {
      struct Figure: Decodable {
        var name: String
        var value: Double?
        var ci95: [Double]?
        var n: Int
        var real: Double?
        var target: String?
        var met: Bool?
        var how: String
      }
      var seed: UInt64
      var figures: [Figure]
    }
    let read = try JSONDecoder().decode(Read.self, from: Self.report.json())
    #expect(read.seed == 7)
    #expect(read.figures.map(\.value) == [35.125, 1, nil])
    #expect(read.figures.map(\.met) == [false, true, nil])
    #expect(read.figures[0].ci95 == [34, 36])
    #expect(read.figures.map(\.n) == [2, 9, 9])
    #expect(read.figures[1].real == 1.01)
  }

  @Test("readers' prompts are five different ones of each kind")
  func prompts() {
    #expect(Set(ReaderPrompt.all.map(\.text)).count == 20)
    for kind in RadiographKind.allCases { #expect(ReaderPrompt.all.count { $0.kind == kind } == 5) }
    #expect(Set(ReaderPrompt.contactSheet).count == 8)
  }

  /// Noise pictures, the smoother the more often neighbours are averaged, the darker the smaller the gain.
  private static func pictures(
    _ count: Int, seed: UInt64, smoothing: Int = 0, gain: Double = 1
  ) throws -> [GrayscaleImage] {
    var random = SplitMix64(seed: seed)
    return try (0..<count).map { _ in
      var row = (0..<64 * 64).map { _ in Double(random.next(below: 256)) }
      for _ in 0..<smoothing { row = row.indices.map { (row[$0] + row[($0 + 1) % row.count]) / 2 } }
      return try GrayscaleImage(width: 64, height: 64, pixels: row.map { UInt8($0 * gain) })
    }
  }

  /// What the shipped model's file asks for.
  private static func targets() throws -> FigureTargets {
    try FigureTargets(
      model: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("models/thorax-small").path)
  }

  @Test("a set is as real as itself, and blurred, dark pictures show in diversity, texture and distance")
  func realism() throws {
    let heldOut = try RealismMeasurement.Compared(Self.pictures(40, seed: 1))
    let training = try GrayImages(Self.pictures(60, seed: 2)).thumbnails(size: 32)
    let measurement = try RealismMeasurement(
      training: training, heldOut: heldOut, patients: (0..<40).map { "\($0 / 2)" })
    let same = try measurement.compare(heldOut)
    #expect(abs(same.diversity - 1) < 1e-9)
    #expect(same.bands.allSatisfy { $0 == 0 })
    #expect(abs(same.distance) < 1e-6)

    let changed = try RealismMeasurement.Compared(Self.pictures(40, seed: 3, smoothing: 6, gain: 0.25))
    let draws = try (4..<7).map { try RealismMeasurement.Compared(Self.pictures(40, seed: $0)) }
    let figures = try measurement.figures(samples: changed, realDraws: draws, seed: 0)
    let real = try figures.prefix(2).map { try #require($0.real) }
    #expect(figures[0].value < 0.8 && abs(real[0] - 1) < 0.1)
    #expect(figures[1].value > 3 && real[1] < 1)
    #expect(figures[3].value > 2)
    for figure in figures {
      let interval = try #require(figure.interval)
      #expect(interval.contains(figure.value) && interval.lowerBound < interval.upperBound, "\(figure.name)")
    }
    #expect(try Self.targets().applied(to: figures).map(\.isMet) == [false, false, nil, false])
  }

  @Test("a copy of a training image is found, new pictures are as far away as real ones")
  func memorisation() throws {
    func images(_ count: Int, seed: UInt64) throws -> GrayImages { try GrayImages(Self.pictures(count, seed: seed)) }
    let training = try Self.pictures(20, seed: 1)
    let measurement = try MemorisationMeasurement(space: "pixels", training: GrayImages(training).features, seed: 0)
    let real = try images(40, seed: 2)
    let new = try images(40, seed: 3)
    let patients = (0..<40).map { "\($0)" }
    let (figures, _) = try measurement.figures(
      people: "all", samples: new.features, real: real.features, patients: patients)
    #expect(figures.map(\.name).allSatisfy { $0.hasSuffix(", all") } && figures.count == 3)
    #expect(abs(figures[0].value - 1) < 0.05 && abs(figures[1].value - 1) < 0.05 && figures[2].value <= 0.1)

    let copies = try GrayImages([training[4], training[11], training[0]])
    let (copied, nearest) = try measurement.figures(samples: copies.features, real: real.features, patients: patients)
    #expect(copied[0].value < 1e-3 && copied[1].value < 1e-3 && copied[2].value == 1)
    #expect(nearest.map(\.index) == [4, 11, 0])

    // Two copies among many samples: the median does not see them, the first percentile does.
    let few = try GrayImages(Array(repeating: training[4], count: 2) + Self.pictures(98, seed: 5))
    let mixed = try measurement.figures(samples: few.features, real: real.features, patients: patients).figures
    #expect(abs(mixed[0].value - 1) < 0.05 && mixed[1].value < 0.5 && mixed[2].value >= 0.02)
  }
}
