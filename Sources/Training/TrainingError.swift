import Foundation

/// What is wrong with a training run, as its user can mend it.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  case invalidSetting(key: String, value: String, remedy: String)
  case unknownSetting(key: String, known: [String])
  case unreadableConfiguration(path: String, reason: String)
  case runExists(path: String)
  /// Another process trains there; nil where it has not written itself down.
  case runInUse(path: String, process: Int?, host: String?, since: Date?)
  case notAFolder(path: String)
  case nothingToResume(path: String)
  case otherConfiguration(path: String, keys: [String])
  case noImages(path: String, split: String)
  case diverged(step: Int, loss: Double)
  case missingStage(path: String, stage: String)
  /// Ended on request, with a checkpoint.
  case interrupted(step: Int)

  public var description: String {
    switch self {
    case .invalidSetting(let key, let value, let remedy):
      "\(key) cannot be \(value): \(remedy)"
    case .unknownSetting(let key, let known):
      "there is no setting \(key): use one of \(known.joined(separator: ", "))"
    case .unreadableConfiguration(let path, let reason):
      "\(path) cannot be read as a configuration (\(reason)): give a YAML file of settings"
    case .runExists(let path):
      "\(path) holds a run already: add --resume to continue it, or name another folder"
    case .runInUse(let path, let process, let host, let since):
      "\(path) is being trained in by \(process.map { "process \($0)" } ?? "another process")"
        + (host.map { " on \($0)" } ?? "") + (since.map { " since \(Self.time($0))" } ?? "")
        + ": wait for its end, or name another folder"
    case .notAFolder(let path):
      "\(path) is a file: name a folder"
    case .nothingToResume(let path):
      "\(path) holds no checkpoint to resume from: leave out --resume to begin a run"
    case .otherConfiguration(let path, let keys):
      "\(path) was begun with other settings (\(keys.joined(separator: ", "))): resume with the same, or begin anew"
    case .noImages(let path, let split):
      "\(path) has no images in its \(split) part: import some, or choose another --split"
    case .diverged(let step, let loss):
      "the loss became \(loss) at step \(step): lower learningRate, and resume from the last checkpoint"
    case .interrupted(let step):
      "interrupted after \(step) steps, which are stored: add --resume to go on"
    case .missingStage(let path, let stage):
      "\(path) has no trained \(stage): run 'thorax train \(stage)' with this --output first"
    }
  }

  /// The date and the time of day, in this machine's time zone.
  private static func time(_ date: Date) -> String {
    let parts = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    return String(
      format: "%04d-%02d-%02d %02d:%02d:%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0, parts.hour ?? 0,
      parts.minute ?? 0, parts.second ?? 0)
  }
}
