import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// The folder of cases, if a checkout has it beside it.
private let cases = DataFixtures.shared.map { $0.appendingPathComponent("cases") }
  .flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }

/// Inputs on which imports went wrong.
@Suite(.enabled(if: cases != nil, "no folder cases beside the checkout"))
struct SharedCasesTests {
  private func records(_ name: String, mapping: String? = nil) throws -> [RadiographRecord] {
    let source = try #require(cases).appendingPathComponent(name)
    return try DataFixtures.withFolder { output in
      let listing =
        try mapping.map {
          try TableSource.list(source, mapping: TableMapping(named: source.appendingPathComponent($0).path))
        } ?? FolderSource.list(source)
      _ = try DatasetImport(listing, into: output, options: DataFixtures.options(size: 16)).run()
      return try RadiographDataset.open(output).records(requiresText: false)
    }
  }

  @Test(arguments: ["B1-sep-line", "B2-backslashes", "B2-dot-slash"])
  func bothTextsAreThere(name: String) throws {
    let records = try records(name)
    #expect(
      records.map { $0.sections.map(\.text) } == [
        ["Clear lungs. Größe normal."], ["Left effusion, \"moderate\"; 3 cm\nsecond line"],
      ])
    #expect(records.map(\.path) == ["images/a.png", "images/b.png"])
    #expect(records.map(\.patient) == ["\(name)/p1", "\(name)/p2"])
  }

  @Test func theDecomposedFileIsTheComposedName() throws {
    let records = try records("B3-nfd-table", mapping: "mapping.yaml")
    #expect(records.map { $0.sections.map(\.text) } == [["Clear lungs."]])
  }

  @Test func bothFormsAreTwoImages() throws {
    let records = try records("B3-both-forms")
    #expect(Set(records.map { ExactName($0.path) }).count == 2)
    for record in records {
      let isComposed = record.path.utf8.elementsEqual(record.path.precomposed.utf8)
      #expect(record.sections.map(\.text) == [isComposed ? "First." : "Second."])
    }
  }

  @Test func convertedImagesOfNIHAreFound() throws {
    let folder = try #require(DataFixtures.shared).appendingPathComponent("data/nih-more")
    guard FileManager.default.fileExists(atPath: folder.path) else { return }
    let source = try NIHSource.list(folder)
    #expect(source.entries.count == 2_296 && source.entries.allSatisfy { $0.file != nil })
    #expect(source.exclusions.allSatisfy { $0.reason != .unlisted && $0.reason != .missingImage })
  }
}
