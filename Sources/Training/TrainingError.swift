/// What is wrong with a training run, as its user can mend it.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  case invalidSetting(key: String, value: String, remedy: String)
  case unknownSetting(key: String, known: [String])
  case unreadableConfiguration(path: String, reason: String)
  case runExists(path: String)
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
}
