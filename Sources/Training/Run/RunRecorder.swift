import Foundation
import Models
import RunRecords
import Support
import Torch

/// Writes down what a stage measures: rows of `metrics.jsonl`, TensorBoard's events, and the run's page.
struct RunRecorder {
  private let folder: RunFolder
  private let log: MetricsLog
  private let events: EventFile
  private let imagesPerStep: Int
  private let imagesPerEpoch: Int
  private let began = Date()
  private let device: Device
  /// The seconds of training of the processes before this one.
  private let secondsBefore: Double

  /// Removes the records of steps that will be made again, and writes the page once, so that a file that cannot be
  /// written is found before any work is done.
  ///
  /// - Parameter step: The step at which the run is resumed; nil for a new run.
  init(_ folder: RunFolder, of objective: some Objective, resumedAt step: Int?) throws {
    self.folder = folder
    device = try objective.trained[0].store.parameters.first?.value.device ?? .cpu
    try TensorMemory.resetPeak(on: device)
    imagesPerStep = objective.batchSize
    imagesPerEpoch = objective.imagesPerEpoch
    try RunFolder.write(objective.description, to: folder.description)
    log = MetricsLog(folder.metrics)
    try log.truncate(after: step ?? -1)
    secondsBefore = log.rows().compactMap(\.seconds).max() ?? 0
    events = try EventFile(folder: folder.folder, firstStep: (step ?? -1) + 1)
    try writePage()
  }

  /// - Parameter step: steps made so far.
  func note(_ values: [Metric: Double], _ split: MeasuredSplit, step: Int) throws {
    let row = MetricsRow(
      step: step, split: split, values: values, epoch: Double(step * imagesPerStep) / Double(max(imagesPerEpoch, 1)),
      seconds: secondsBefore + Date().timeIntervalSince(began),
      peakMemoryBytes: try TensorMemory.peakBytes(on: device), peakResidentBytes: peakMemoryBytes())
    try log.append(row)
    try events.append(row)
  }

  func note(picture: URL, step: Int) throws {
    try events.append(picture: picture, tag: "samples", step: step)
  }

  func writePage() throws { try RunPage(of: folder.url).write(to: folder.report) }
}

extension RunPage {
  /// Pictures of each stage in the page.
  private static let pictureCount = 4

  /// The page on all stages in a run's folder, each shown by its own description. What cannot be read of a stage is
  /// left out.
  init(of run: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: run.path)) ?? []
    let known = TrainingStageName.allCases.map(\.rawValue)
    func place(_ name: String) -> (Int, String) { (known.firstIndex(of: name) ?? known.count, name) }
    self.init(
      name: run.lastPathComponent,
      stages: names.sorted { place($0) < place($1) }.compactMap { name in
        let folder = RunFolder(run, stage: name)
        guard let description = try? RunFolder.read(StageDescription.self, from: folder.description) else {
          return nil
        }
        let settings = (try? ConfigurationResolver.listing(folder.configuration)) ?? []
        return StageRecord(
          description, totalSteps: settings.first { $0.key == "steps" }.flatMap { Int($0.value) }, settings: settings,
          rows: MetricsLog(folder.metrics).rows(), sheets: SampleSheet.newest(Self.pictureCount, in: folder.samples),
          distances: SampleDistances.all(in: folder.distances))
      }, program: ThoraxVersion.software)
  }
}
