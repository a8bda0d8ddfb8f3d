import Foundation
import ImageFiles
import RadiographTestSupport
import RadiologyReports
import Support
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct PhantomTests {
  @Test func aPhantomDependsOnSeedAndIndexAlone() throws {
    let phantoms = (0..<50).map { Phantom(seed: 7, index: $0) }
    #expect((0..<50).map { Phantom(seed: 7, index: $0) } == phantoms)
    #expect(Set(phantoms.map(\.name)).count == 50 && phantoms[3].name == "phantom-7-000003")
    #expect(Phantom(seed: 8, index: 0).description != phantoms[0].description)
    let short = try PhantomSource.list(count: 3, seed: 7).entries
    let long = try PhantomSource.list(count: 9, seed: 7).entries
    #expect(short.map(\.path) == long.prefix(3).map(\.path))
    #expect(short.map(\.sections) == long.prefix(3).map(\.sections))
    // Pictures must not change: models were trained on them.
    let image = try PhantomPictures.image(phantoms[0].description)
    #expect(try PhantomPictures.image(phantoms[0].description) == image)
    #expect(try PhantomPictures.image(phantoms[1].description) != image)
  }

  @Test func descriptionsAreWithinTheirBounds() {
    var zones: Set<String> = []
    for index in 0..<2_000 {
      let description = PhantomDescription(seed: 11, index: index)
      #expect(description.heartSize.ratios.contains(description.heartRatio))
      if let effusion = description.effusion { #expect(effusion.amount.levels.contains(effusion.level)) }
      guard let opacity = description.opacity else { continue }
      zones.insert("\(opacity.side) \(opacity.zone)")
      #expect(opacity.amount.diameters.contains(opacity.diameter))
      let geometry = PhantomGeometry(description.body)
      #expect(PhantomDescription.Zone(depth: geometry.depth(opacity.y)) == opacity.zone)
      // The patient's right is on the image's left.
      #expect((opacity.x < description.body.center) == (opacity.side == .right))
      #expect(description.effusion?.side != opacity.side || opacity.zone == .upper)
    }
    #expect(zones.count == 6)
  }

  @Test func anOpacityBrightensItsPlace() throws {
    for index in 0..<40 {
      var description = PhantomDescription(seed: 12, index: index)
      guard let opacity = description.opacity else { continue }
      let with = try PhantomPictures.image(description, size: 128)
      description.opacity = nil
      let without = try PhantomPictures.image(description, size: 128)
      let (x, y) = (Int(opacity.x * 128), Int(opacity.y * 128))
      #expect(Int(with[x, y]) - Int(without[x, y]) > 40)
      let changed = zip(with.pixels, without.pixels).count { $0 != $1 }
      let area = Double.pi * opacity.diameter * opacity.diameter / 4 * 128 * 128
      #expect(abs(Double(changed) / area - 1) < 0.5)
    }
  }

  @Test func reportsSayWhatIsDrawn() throws {
    let labeller = try FindingLabeller.standard()
    for index in 0..<300 {
      let phantom = Phantom(seed: 13, index: index)
      let description = phantom.description
      for text in [phantom.report.text, phantom.report.findings, phantom.report.impression] {
        let labels = labeller.label(text)
        let opacity = labels[.lungOpacity] == .positive || labels[.lungLesion] == .positive
        #expect(opacity == (description.opacity != nil), "\(text)")
        #expect((labels[.pleuralEffusion] == .positive) == (description.effusion != nil), "\(text)")
        #expect((labels[.cardiomegaly] == .positive) == (description.heartSize != .normal), "\(text)")
      }
      let findings = labeller.label(phantom.report.findings)
      #expect((findings[.supportDevices] == .positive) == (description.device != nil), "\(phantom.report.findings)")
      let sides = findings.mentions.filter { $0.finding == .pleuralEffusion && $0.state == .positive }
        .compactMap(\.laterality?.rawValue)
      if let effusion = description.effusion { #expect(sides.allSatisfy { $0 == effusion.side.rawValue }) }
    }
  }

  @Test func reportsNameSideZoneAndSizes() {
    for index in 0..<500 {
      let phantom = Phantom(seed: 14, index: index)
      let text = phantom.report.findings.lowercased()
      let description = phantom.description
      if let opacity = description.opacity {
        let zone = opacity.zone == .middle ? "mid" : opacity.zone.rawValue
        #expect(text.contains("\(opacity.side.rawValue) \(zone)"), "\(text)")
        if opacity.amount == .small { #expect(!text.contains("large round") && !text.contains("large nodular")) }
      }
      if let effusion = description.effusion { #expect(text.contains(effusion.amount.rawValue), "\(text)") }
      let isMarked = text.contains("markedly") || text.contains("marked c") || text.contains("severe")
      #expect(isMarked == (description.heartSize == .markedlyEnlarged), "\(text)")
    }
  }

  @Test func aDatasetHasThePicturesAndTexts() throws {
    try DataFixtures.withFolder { folder in
      let output = folder.appendingPathComponent("dataset")
      let options = try PhantomSource.options(size: 48)
      let first = try DatasetImport(PhantomSource.list(count: 30, seed: 5), into: output, options: options).run()
      #expect(first.imported == 30 && first.excluded.isEmpty)
      // More of the same seed are added to those that are there.
      let second = try DatasetImport(PhantomSource.list(count: 40, seed: 5), into: output, options: options).run()
      #expect(second.imported == 10 && second.alreadyThere == 30)
      let dataset = try RadiographDataset.open(output)
      let records = try dataset.records()
      #expect(records.count == 40 && Set(records.map(\.patient)).count == 40)
      for (index, record) in records.enumerated() {
        let phantom = Phantom(seed: 5, index: index)
        #expect(record.path == phantom.name + ".png")
        #expect(try dataset.image(of: record) == PhantomPictures.image(phantom.description, size: 48))
        #expect(record.sections.map(\.text) == [phantom.report.findings, phantom.report.impression])
        #expect((record.attributes.state(of: "Lung Opacity") == .positive) == (phantom.description.opacity != nil))
      }
      #expect(try dataset.verify().isSound)
      #expect(Set(records.map(\.split)).count == 3)
    }
  }

  @Test(arguments: [0, -1, 100_001, Int.max])
  func countsOutOfBoundsAreRefused(count: Int) {
    #expect(throws: PhantomError.count(count)) { try PhantomSource.list(count: count, seed: 0) }
  }

  @Test(arguments: [0, 8, 24, 33, 520, -64, Int.max])
  func sizesOutOfBoundsAreRefused(size: Int) {
    #expect(throws: PhantomError.size(size)) { try PhantomSource.options(size: size) }
  }
}
