import Evaluation
import Foundation
import Generation
import Models
import RunRecords
import Support
import Terminal
import Training

/// The work of `thorax evaluate run`: the distances of the samples of a run's steps.
struct RunDistanceWork {
  /// A network, and what was measured by it.
  struct Column {
    let measurement: SampleDistanceMeasurement
    var distances: SampleDistances
  }

  let snapshots: RunSnapshots
  let comparison: SampleComparison
  let folder: ResultFolder
  let console: Console
  let threads: Int?
  let note: WorkNotes

  private var url: URL { URL(fileURLWithPath: folder.path) }

  init(_ snapshots: RunSnapshots, _ comparison: SampleComparison, console: Console, threads: Int?) throws {
    (self.snapshots, self.comparison, self.console, self.threads) = (snapshots, comparison, console, threads)
    note = WorkNotes(console)
    folder = try ResultFolder(RunFolder(snapshots.run, stage: .diffusion).distances.path)
  }

  /// The column of a network, with what was measured by it before.
  func column(_ extractor: any FeatureExtractor) throws -> Column {
    note("features of \(comparison.real.count) validation images by \(extractor.name)")
    let measurement = try SampleDistanceMeasurement(
      comparison, with: extractor, keeping: FeatureStatisticsStore(folder: folder.path("statistics")))
    var distances = SampleDistances(
      measure: measurement.measure, network: measurement.network, extractor: extractor.name,
      extractorHash: extractor.hash, preprocessing: extractor.preprocessing, averageWidth: snapshots.averageWidth,
      samples: comparison.samples, seed: comparison.seed, images: comparison.real.count,
      imagesHash: measurement.imagesHash)
    if let stored = distances.stored(in: url) { return Column(measurement: measurement, distances: stored) }
    note("features of \(SampleComparison.trainingDraws) x \(comparison.samples) training images in their place")
    distances.trainingDistance = try measurement.trainingDistance()
    distances.trainingDraws = SampleComparison.trainingDraws
    try distances.write(in: url)
    return Column(measurement: measurement, distances: distances)
  }

  /// Draws and measures the samples of a step, unless all columns have them.
  func measure(_ step: Int, in columns: inout [Column]) async throws {
    try Task.checkCancellation()
    guard let model = try snapshots.model(at: step) else {
      return console.note("step \(step) is left out: the run has removed its checkpoint meanwhile")
    }
    let missing = columns.indices.filter { columns[$0].distances[step]?.model != model.hash }
    guard !missing.isEmpty, let drawn = try await draw(model) else { return }
    for index in missing {
      let distance: Double
      do {
        distance = try columns[index].measurement.distance(of: drawn)
      } catch MetricError.notFinite {
        console.note("step \(step) has no distance: the features of its samples are not finite")
        continue
      }
      // Another call may have measured other steps meanwhile.
      columns[index].distances = columns[index].distances.stored(in: url) ?? columns[index].distances
      columns[index].distances.set(.init(step: step, distance: distance, model: model.hash))
      try columns[index].distances.write(in: url)
      note("step \(step): \(String(format: "%.4g", distance)) by \(columns[index].distances.network)")
    }
  }

  /// Returns nil for a model that draws what is not finite.
  private func draw(_ model: RunSnapshots.Model) async throws -> DrawnImages? {
    let meter = console.meter("drawing samples of step \(model.step)", unit: "samples", total: comparison.samples)
    defer { meter.finish() }
    do {
      let host = try await model.export.host(
        dtype: .float32, beside: FileManager.default.temporaryDirectory.appendingPathComponent("thorax"),
        textEncoder: snapshots.textEncoderFolder(), threads: threads)
      let kept = try SampleFolder(
        path: folder.path("step-\(model.step)-\(model.hash.prefix(12))"), origin: SampleFolder.Origin(host))
      return try await comparison.draw(from: host, keptIn: kept) { meter.update($0) }
    } catch ModelError.notFinite {
      console.note("step \(model.step) has no distance: its samples are not finite")
      return nil
    }
  }

  /// Says how to keep the weights of more steps, if the run has validated some of which it has none.
  func noteUnkeptSteps(_ columns: [Column]) {
    guard snapshots.averageWidth == nil else { return }
    let validated = snapshots.validatedSteps
    let unkept = validated.filter { step in
      !snapshots.steps.contains(step) && columns.contains { $0.distances[step] == nil }
    }
    guard !unkept.isEmpty else { return }
    console.note(
      "\(unkept.count) of \(validated.count) validated steps have no distance, since the run keeps no weights of them: "
        + "train with --set cadence.keep=\(max(20, validated.count)) and cadence.checkpoint as cadence.validate")
  }
}
