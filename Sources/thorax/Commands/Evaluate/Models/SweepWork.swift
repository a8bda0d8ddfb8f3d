import Evaluation
import Foundation
import Generation
import Models
import RadiographData
import Support
import Terminal

/// Draws with each number of steps at each guidance and writes what it costs and brings into a folder: for `evaluate sweep`
/// and `ablate`.
struct SweepWork {
  var model: String
  /// The dataset's folder.
  var data: String
  var part: HeldOutPart
  var seed: UInt64
  var steps: [Int]
  /// Nil: the model's own.
  var guidance: [Double]?
  var samples: Int
  var extractor: ExtractorChoice?
  var judge: String?
  var output: String
  var console: Console
  var threads: Int?

  /// Writes sweep.json, sweep.md, sweep.html and the samples.
  ///
  /// - Parameter claims: What a publication says, by the number of steps.
  /// - Throws: `RequestError` for settings that mean nothing, before anything is loaded; what drawing and measuring throws.
  func run(claims: [String: String] = [:]) async throws -> SamplingSweep.Report {
    for number in steps { try SamplingOverrides(steps: number).validate() }
    for scale in guidance ?? [] { try SamplingOverrides(guidance: scale).validate() }
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: data))
    let host = try await ModelHost.load(model, threads: threads)
    for number in steps { _ = try host.sampling(for: SamplingOverrides(steps: number)) }
    var settings = SamplingSweep.Options(steps: steps, guidances: guidance ?? [host.description.sampling.guidance])
    (settings.samples, settings.seed, settings.part) = (samples, seed, part)
    (settings.extractor, settings.judge) = (extractor, judge)
    settings.training = TrainingRecord(model: try ModelCatalog.standard().path(for: model))
    let folder = try ResultFolder(output)
    let note = WorkNotes(console)
    let sweep = try SamplingSweep(host: host, dataset: dataset, options: settings) { note($0) }
    var report = try await sweep.run { steps in
      try SampleFolder(path: folder.path("samples/\(steps)-steps"), origin: SampleFolder.Origin(host, steps: steps))
    }
    report.claims = claims
    try folder.write(PrettyJSON.data(report), to: SamplingSweep.Report.fileName)
    try folder.write(report.markdown + "\n", to: "sweep.md")
    try folder.write(SweepPage(report: report, program: "thorax \(ThoraxVersion.current)").document(), to: "sweep.html")
    return report
  }
}
