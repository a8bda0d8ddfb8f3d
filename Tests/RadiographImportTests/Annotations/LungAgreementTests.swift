import Foundation
import ImageFiles
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// The template against what radiologists drew: ChestX-Det outlines an emphysematous lung from its top to the
/// costophrenic angle and out to the ribs.
@Suite struct LungAgreementTests {
  private struct Difference {
    var top: Double
    var bottom: Double
    var outside: Double
  }

  /// In parts of the lungs' height and width, for every outlined lung of ours that is at least 45 % of the image high.
  private static func differences(_ data: URL) throws -> [Difference] {
    let source = try NIHSource.list(
      ["nih", "nih-more", "nih-children"].map { data.appendingPathComponent($0) },
      annotations: [data.appendingPathComponent("nih-annotations/chestx-det")])
    var found: [Difference] = []
    for entry in source.entries {
      let lungs = entry.boxes.filter { $0.label == "Emphysema" && $0.box.height > 0.45 }
      guard !lungs.isEmpty, let file = entry.file else { continue }
      let image = try ImageFilePixels(file).image(ImagePreprocessing(size: 128), limits: .standard)
      let frame = ChestTemplate.standard.lungs(of: image.prepared.image)
      for box in lungs.map(\.box) {
        let isRight = box.x + box.width / 2 < frame.spine
        let outside = isRight ? frame.rightEdge - box.x : box.x + box.width - frame.leftEdge
        found.append(
          Difference(
            top: (box.y - frame.apex) / frame.height, bottom: (box.y + box.height - frame.base) / frame.height,
            outside: outside / frame.width))
      }
    }
    return found
  }

  @Test(.enabled(if: DataFixtures.shared != nil, "the publishers' data is not there"))
  func theLungsAreWherePeopleOutlinedThem() throws {
    let data = try #require(DataFixtures.shared).appendingPathComponent("data")
    let found = try Self.differences(data)
    #expect(found.count == 52)
    func check(_ name: String, _ values: [Double], mean: Double, median: Double, ninth: Double) {
      let sizes = values.map(abs).sorted()
      let text = "\(name): \(values.reduce(0, +) / Double(values.count)), \(sizes[26]), \(sizes[46])"
      #expect(abs(values.reduce(0, +) / Double(values.count)) < mean, "\(text)")
      #expect(sizes[sizes.count / 2] < median, "\(text)")
      #expect(sizes[sizes.count * 9 / 10] < ninth, "\(text)")
    }
    // They leave out what the collar bones hide, so that their top is lower.
    check("top", found.map(\.top), mean: 0.07, median: 0.05, ninth: 0.16)
    check("bottom", found.map(\.bottom), mean: 0.03, median: 0.05, ninth: 0.14)
    check("outside", found.map(\.outside), mean: 0.02, median: 0.03, ninth: 0.06)
  }

  /// A finding in one lung has one side: ChestX-Det has a box for each lung.
  @Test(.enabled(if: DataFixtures.shared != nil, "the publishers' data is not there"))
  func outlinedLungsHaveASide() throws {
    let data = try #require(DataFixtures.shared).appendingPathComponent("data")
    let source = try NIHSource.list(
      [data.appendingPathComponent("nih-more")],
      annotations: [data.appendingPathComponent("nih-annotations/chestx-det")])
    var (placed, all) = (0, 0)
    for entry in source.entries where entry.boxes.contains(where: { $0.label == "Effusion" }) {
      guard let file = entry.file, all < 60 else { continue }
      let image = try ImageFilePixels(file).image(ImagePreprocessing(size: 128), limits: .standard)
      let placement = BoxPlacement(ChestTemplate.standard.lungs(of: image.prepared.image))
      for box in entry.boxes where box.label == "Effusion" {
        let found = placement.finding(box)
        all += 1
        if found.side != nil, found.zones.last == .lower { placed += 1 }
      }
    }
    #expect(all >= 50 && Double(placed) / Double(all) >= 0.95, "\(placed) of \(all)")
  }
}
