import Foundation
import Models
import RunRecords

/// What a run is doing, as another process sees it: read from the run's files, without a lock.
public struct RunStatus: Encodable, Sendable, Equatable {
  public enum State: String, Encodable, Sendable {
    /// A process trains, or prepares to.
    case running
    /// No process trains, and steps are left.
    case stopped
    /// All steps are made.
    case finished
  }

  /// The process that trains, as it has written itself down.
  public struct Owner: Encodable, Sendable, Equatable {
    public var process: Int
    public var host: String
  }

  /// The stage that was trained last.
  public var stage: String
  /// Steps made, by the last row that was measured or the newest checkpoint: a process that trains may have made up to
  /// ``rowInterval`` more.
  public var step: Int
  /// The step of the newest checkpoint, from which a stopped run goes on; nil if there is none.
  public var checkpoint: Int?
  /// After how many steps a row is written; nil if the run's settings do not say.
  public var rowInterval: Int?
  public var steps: Int
  /// At the speed of the last rows; nil if nothing was measured yet, or nothing is left or running.
  public var secondsLeft: Double?
  /// The training loss of the last row.
  public var loss: Double?
  public var state: State
  public var owner: Owner?

  enum CodingKeys: String, CodingKey {
    case stage, step, steps, checkpoint, loss, state, owner
    case secondsLeft = "seconds_left"
    case rowInterval = "row_interval"
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(stage, forKey: .stage)
    try values.encode(step, forKey: .step)
    try values.encode(steps, forKey: .steps)
    // null says that it is not known.
    try values.encode(checkpoint, forKey: .checkpoint)
    try values.encode(rowInterval, forKey: .rowInterval)
    try values.encode(secondsLeft, forKey: .secondsLeft)
    try values.encode(loss, forKey: .loss)
    try values.encode(state, forKey: .state)
    try values.encode(owner, forKey: .owner)
  }

  /// Reads a run.
  ///
  /// - Throws: ``TrainingError/notARun(path:)`` if the folder holds no stage that was begun; `FileAccessError`,
  ///   ``TrainingError/unreadableConfiguration(path:reason:)``.
  public init(of run: URL) throws {
    func changed(_ folder: RunFolder) -> Date? {
      let newest = folder.newestStep().map { folder.checkpoint(step: $0) }
      return [folder.metrics, folder.configuration, newest].compactMap { url in
        url.flatMap { try? FileManager.default.attributesOfItem(atPath: $0.path)[.modificationDate] as? Date }
      }.max()
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: run.path)) ?? []
    let stages = names.map { RunFolder(run, stage: $0) }
      .filter { FileManager.default.fileExists(atPath: $0.configuration.path) }
      .compactMap { folder in changed(folder).map { (folder, $0) } }
    guard let folder = stages.max(by: { $0.1 < $1.1 })?.0 else { throw TrainingError.notARun(path: run.path) }

    stage = folder.stage
    let settings = try ConfigurationResolver.listing(folder.configuration)
    steps = settings.first { $0.key == "steps" }.flatMap { Int($0.value) } ?? 0
    let rows = MetricsLog(folder.metrics).rows()
    rowInterval = settings.first { $0.key == "cadence.log" }.flatMap { Int($0.value) }
    checkpoint = folder.newestStep()
    step = max(rows.map(\.step).max() ?? 0, checkpoint ?? 0)
    loss = rows.last { $0.split == .training }?.values[.loss]
    let isHeld = RunLock.isHeld(run)
    owner = isHeld ? RunLock.owner(of: run).map { Owner(process: Int($0.process), host: $0.host) } : nil
    // A stage runs if it is not finished and the run's lock is held: if it is finished, the owner is preparing another
    // stage. It is finished with its last checkpoint, which comes after its last row and its last validation.
    let isStored = (checkpoint ?? 0) >= steps && steps > 0
    state = isStored ? .finished : isHeld ? .running : .stopped
    let trained = rows.filter { $0.split == .training && $0.seconds != nil }.suffix(10)
    if state == .running, let first = trained.first, let last = trained.last, last.step > first.step,
      let began = first.seconds, let ended = last.seconds
    {
      secondsLeft = (ended - began) / Double(last.step - first.step) * Double(steps - step)
    }
  }

  /// What each stage of a run measured by epoch, as Markdown tables; empty if nothing was measured yet.
  public static func tables(of run: URL) -> String { RunPage(of: run).markdown }

  /// What one stage of a run measured by epoch, as a Markdown table; empty if nothing was measured yet.
  public static func table(of stage: TrainingStageName, in run: URL) -> String {
    RunPage(of: run).markdown(of: stage.rawValue)
  }
}
