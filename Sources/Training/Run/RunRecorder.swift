import Foundation
import Models
import RunRecords
import Support

/// Writes down what a stage measures: rows of `metrics.jsonl`, TensorBoard's events, and the run's page.
struct RunRecorder {
  private let folder: RunFolder
  private let log: MetricsLog
  private let events: EventFile
  private let imagesPerStep: Int
  private let imagesPerEpoch: Int
  private let began = Date()
  /// What the processes before this one trained for.
  private let secondsBefore: Double

  /// Forgets what was written of steps that will be made again, and writes the page once, so that a file that cannot be
  /// written is known before work is spent.
  ///
  /// - Parameter step: where the run goes on; nothing for one that begins.
  init(_ folder: RunFolder, of stage: some TrainingStage, resumedAt step: Int?) throws {
    self.folder = folder
    imagesPerStep = stage.imagesPerStep
    imagesPerEpoch = stage.imagesPerEpoch
    log = MetricsLog(folder.metrics)
    try log.truncate(after: step ?? -1)
    secondsBefore = log.rows().compactMap(\.seconds).max() ?? 0
    events = try EventFile(folder: folder.folder, firstStep: (step ?? -1) + 1)
    try writeReport()
  }

  /// - Parameter step: steps made so far.
  func note(_ values: [String: Double], split: String, step: Int) throws {
    let row = MetricsRow(
      step: step, split: split, values: values, epoch: Double(step * imagesPerStep) / Double(max(imagesPerEpoch, 1)),
      seconds: secondsBefore + Date().timeIntervalSince(began), peakMemoryBytes: peakMemoryBytes())
    try log.append(row)
    try events.append(row)
  }

  func note(picture: URL, step: Int) throws {
    try events.append(picture: picture, tag: "samples", step: step)
  }

  func writeReport() throws { try RunReport(of: folder.url).write(to: folder.report) }
}

extension RunReport {
  /// Pictures of each stage in the page.
  private static let pictureCount = 4

  /// The page on the stages that a run's folder holds.
  init(of run: URL) {
    self.init(
      name: run.lastPathComponent,
      stages: TrainingStageName.allCases.compactMap { stage in
        let folder = RunFolder(run, stage: stage)
        guard FileManager.default.fileExists(atPath: folder.folder.path) else { return nil }
        // A page is made of what can be read; what cannot be is said where it is used.
        let settings = (try? ConfigurationResolver.listing(folder.configuration)) ?? []
        return StageRecord(
          name: stage.rawValue, title: stage.pageTitle, columns: stage.columns,
          totalSteps: settings.first { $0.key == "steps" }.flatMap { Int($0.value) },
          settings: settings, rows: MetricsLog(folder.metrics).rows(),
          sheets: SampleSheet.newest(Self.pictureCount, in: folder.samples), sheetRows: stage.sheetRows)
      }, program: ThoraxVersion.software)
  }
}
