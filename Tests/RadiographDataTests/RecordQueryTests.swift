import Foundation
import RadiographImport
import RadiographTestSupport
import Testing

@testable import RadiographData

@Suite struct RecordQueryTests {
  /// Two images with text, one without, a copy of the latter, a lateral one, and one that is listed and not there.
  private static func dataset(in folder: URL) throws -> RadiographDataset {
    let source = folder.appendingPathComponent("source")
    for (seed, name) in ["a", "b", "plain", "side"].enumerated() {
      try DataFixtures.writeImage(source.appendingPathComponent("\(name).png"), seed: 10 * seed)
    }
    try FileManager.default.copyItem(
      at: source.appendingPathComponent("plain.png"), to: source.appendingPathComponent("plain-copy.png"))
    try DataFixtures.write(
      """
      file_name,text,view
      a.png,Clear lungs.,PA
      b.png,Effusion.,PA
      plain.png,,PA
      plain-copy.png,,PA
      side.png,Clear lungs.,LATERAL
      gone.png,,PA

      """, to: source.appendingPathComponent("metadata.csv"))
    var options = DataFixtures.options()
    options.missingImages = .skip
    options.split = try SplitFractions("100/0/0")
    let output = folder.appendingPathComponent("dataset")
    _ = try DatasetImport(FolderSource.list(source), into: output, options: options).run()
    return try RadiographDataset.open(output)
  }

  @Test func withoutTextEveryFrontalImageCountsOnce() throws {
    try DataFixtures.withFolder { folder in
      let dataset = try Self.dataset(in: folder)
      #expect(try dataset.records(split: .train).map(\.path) == ["a.png", "b.png"])
      let all = try dataset.records(split: .train, requiresText: false).map(\.path)
      // In the order of import, of two copies the first.
      #expect(all == ["a.png", "b.png", "plain-copy.png"])
      #expect(try dataset.records(split: .test, requiresText: false).isEmpty)
    }
  }

  @Test func recordsReadAFewAtATimeAreThoseReadAtOnce() throws {
    try DataFixtures.withFolder { folder in
      let dataset = try Self.dataset(in: folder)
      for filter in [RecordFilter(), RecordFilter(requiresText: false), .everything, RecordFilter(split: .test)] {
        let all = try dataset.records(matching: filter)
        let records = try RadiographRecords(dataset, matching: filter)
        #expect(records.count == all.count && records.isEmpty == all.isEmpty)
        #expect(try records.records(records.indices) == all)
        let alone = try records.indices.flatMap { try records.records($0..<($0 + 1)) }
        #expect(alone == all)
        var places: [Int] = []
        try records.forEach { place, record in
          #expect(record == all[place])
          places.append(place)
          if record.hasPixels {
            let pixels = try records.withPixels(of: place) { Array($0) }
            #expect(try pixels == dataset.pixels(of: record))
          } else {
            #expect {
              try records.withPixels(of: place) { _ in }
            } throws: {
              if case DatasetError.noPixels = $0 { true } else { false }
            }
          }
        }
        #expect(places == Array(all.indices))
      }
    }
  }

  @Test func theLoaderTakesTheSameImages() throws {
    try DataFixtures.withFolder { folder in
      let dataset = try Self.dataset(in: folder)
      let options = RadiographLoader.Options(batchSize: 1)
      #expect(try RadiographLoader(dataset, options: options).imageCount == 2)
      let filter = RecordFilter(requiresText: false)
      #expect(try RadiographLoader(dataset, matching: filter, options: options).imageCount == 3)
    }
  }
}
