import Foundation
import Support
import WebPages

/// What other commands wrote into the folder of an evaluation, which its report shows too: `utility.json` of `thorax
/// evaluate utility`, `sweep.json` of `thorax evaluate sweep`.
public struct StoredResults: Sendable {
  public var utility: UtilityReport?
  public var sweep: SamplingSweep.Report?

  public init(utility: UtilityReport? = nil, sweep: SamplingSweep.Report? = nil) {
    (self.utility, self.sweep) = (utility, sweep)
  }

  /// Reads what is there.
  ///
  /// - Parameter model: SHA-256 of the model that is evaluated; nil for images of which no model is known, beside which a
  ///   sweep means nothing.
  /// - Throws: ``MeasurementError/report(path:reason:)`` for a file that is no such report, or a sweep of another model.
  public init(in folder: String, model: String?) throws(MeasurementError) {
    utility = try UtilityReport.stored(in: folder)
    guard let model else { return }
    sweep = try SamplingSweep.Report.stored(in: folder)
    if let sweep, sweep.hash != model {
      let other = String(sweep.hash.prefix(12)).onOneLine(limit: 12)
      throw .report(
        path: Self.path(SamplingSweep.Report.fileName, in: folder),
        reason: "it is of another model, \(other): remove it or measure again")
    }
  }

  /// Parts of a page.
  var sections: [WebPage.Section] { [sweep?.section, utility?.section].compactMap { $0 } }

  /// The end of a report in Markdown; empty without any.
  public var markdown: String {
    [
      sweep.map { "\n## \(SamplingSweep.Report.title)\n\n\($0.markdown)\n" },
      utility.map { "\n## \(UtilityReport.title)\n\n\($0.markdown)" },
    ].compactMap { $0 }.joined()
  }

  private static func path(_ name: String, in folder: String) -> String {
    URL(fileURLWithPath: folder).appendingPathComponent(name).path
  }

  /// A report in a folder of results; nil if there is none.
  ///
  /// - Parameter command: What writes such a file.
  static func read<Report: Decodable>(
    _ name: String, in folder: String, writtenBy command: String
  ) throws(MeasurementError) -> Report? {
    let path = path(name, in: folder)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = try? BoundedFile.contents(of: path),
      let report = try? JSONDecoder().decode(Report.self, from: data)
    else {
      throw .report(path: path, reason: "it is not what 'thorax \(command)' writes: remove it or measure again")
    }
    return report
  }
}
