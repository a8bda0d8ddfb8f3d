import Foundation
import Models
import Support

/// What is wrong with a training run, as its user can mend it.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// What is not an ordinary number if a run diverges.
  public enum Quantity: String, Sendable {
    case loss, gradients, weights

    var sentence: String {
      switch self {
      case .loss: "the loss is infinite or not a number"
      case .gradients: "the gradients are infinite or not numbers"
      case .weights: "the weights are infinite or not numbers"
      }
    }
  }

  case invalidSetting(key: String, value: String, remedy: String)
  case unknownSetting(key: String, known: [String])
  /// A setting that names a label, a source or the like, which the dataset does not have.
  case unknownName(key: String, name: String, path: String, known: [String])
  case unreadableConfiguration(path: String, reason: String)
  /// What is wrong with a setting that stands in a line of a settings file.
  indirect case inFile(path: String, line: Int, error: TrainingError)
  case runExists(path: String)
  /// Another process trains there; nil where it has not written itself down.
  case runInUse(path: String, process: Int?, host: String?, since: Date?)
  case notAFolder(path: String)
  case nothingToResume(path: String)
  /// A folder without a stage that was begun.
  case notARun(path: String)
  case otherConfiguration(path: String, keys: [String])
  case noImages(path: String, split: String)
  /// Images whose side the networks cannot halve as often as they do.
  case unfitImages(path: String, side: Int, multiple: Int)
  /// Images are there, and nothing that a text could be made of.
  case noTexts(path: String, split: String, images: Int)
  /// A distillation whose teacher has other weights than the one that it was begun with.
  case teacherChanged(path: String)
  /// A classifier of a reward is not what the run was begun with.
  case classifierChanged(path: String)
  /// What was trained on is not what the run was begun with: images of the training and of the validation part.
  case datasetChanged(path: String, begun: [Int], found: [Int])
  /// An image that the run's validation looks at.
  case imageGone(name: String)
  /// The validation part holds images that the run's autoencoder was trained on.
  case validationWasTrainedOn(path: String, images: Int)
  /// A loss, gradients or weights are not ordinary numbers: the step was not taken. `checkpoint` is the newest's step.
  case diverged(step: Int, quantity: Quantity, checkpoint: Int?)
  /// A checkpoint whose content is not what was written.
  case damagedCheckpoint(path: String)
  /// All checkpoints of a stage are damaged; `reason` says what is wrong with the newest.
  case noWholeCheckpoint(path: String, reason: String)
  /// A file of the best weights whose content is not what was written.
  case damagedWeights(path: String)
  /// A checkpoint whose tensors are not those of the run's networks.
  case foreignCheckpoint(path: String, reason: String)
  /// A file of stored latents or texts that holds something else than was written.
  case damagedFeatures(path: String)
  /// A checkpoint of a program that came after this one.
  case newerCheckpoint(path: String, format: Int)
  case missingStage(path: String, stage: TrainingStageName)
  /// A stage without a checkpoint and without best weights.
  case noKeptWeights(path: String)
  /// A dataset whose images are not those of a run: images of the training and of the validation part.
  case otherDataset(path: String, begun: [Int], found: [Int])
  /// No average of several widths was followed.
  case noSnapshots(path: String)
  /// A step has fewer images than there are processes.
  case tooManyProcesses(count: Int, imagesPerStep: Int)
  /// What the first process has encoded is not what this one finds.
  case otherFeatures(path: String)
  /// Ended on request before the first step; what was encoded is stored.
  case interruptedPreparing
  /// A step does not fit into the memory that was given, however it is divided.
  case memoryTooSmall(bytes: Int, least: Int)
  /// What a classifier cannot learn from.
  case classifierData(reason: String)
  /// Patients with two images or more, of whom a re-identifier learns.
  case tooFewRepeatedPatients(path: String, split: String, found: Int, minimum: Int, reason: String)
  /// Ended on request, with a checkpoint.
  case interrupted(step: Int)

  public var description: String {
    switch self {
    case .invalidSetting(let key, let value, let remedy):
      "\(key) cannot be \(value): \(remedy)"
    case .unknownSetting(let key, let known):
      "there is no setting \(key): "
        + (Self.meant(key, known).map { "did you mean \($0)?" } ?? "use one of \(known.joined(separator: ", "))")
    case .unknownName(let key, let name, let path, let known):
      "\(key) names \(name.onOneLine(limit: 80)), which \(path.onOneLine(limit: 160)) does not have: "
        + (NearestName.of(name, among: known).map { "did you mean \($0.onOneLine(limit: 80))?" }
          ?? (known.isEmpty
            ? "leave it out"
            : "it has \(known.prefix(20).map { $0.onOneLine(limit: 80) }.joined(separator: ", "))"
              + (known.count > 20 ? " and \(known.count - 20) more" : "")))
    case .unreadableConfiguration(let path, let reason):
      "\(path) cannot be read as a configuration (\(reason)): give a YAML file of settings"
    case .inFile(let path, let line, let error):
      "\(path):\(line): \(error)"
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
    case .notARun(let path):
      "\(path) is no folder of a run: name what was given to thorax train --output"
    case .otherConfiguration(let path, let keys):
      "\(path) was begun with other settings (\(keys.joined(separator: ", "))): resume with the same, or begin anew"
    case .noImages(let path, let split):
      "\(path) has no images in its \(split) part: import some, or choose another --split"
    case .unfitImages(let path, let side, let multiple):
      "\(path) has images of \(side) pixels a side, and these networks take multiples of \(multiple): import them with "
        + "--size \((side + multiple - 1) / multiple * multiple)"
    case .noTexts(let path, let split, let images):
      "\(path) has \(images.of("image")) in its \(split) part and nothing to make a text of, which diffusion needs: import "
        + "reports, captions or labels with them"
    case .datasetChanged(let path, let begun, let found):
      "\(path) is not as the run was begun with (\(Self.parts(begun)) then, \(Self.parts(found)) now, or others): "
        + "resume with the dataset as it was, or begin a new run"
    case .teacherChanged(let path):
      "\(path) is not the teacher that the run was begun with, its weights are others: give the same teacher, or begin "
        + "another run"
    case .classifierChanged(let path):
      "\(path) is not the classifier that the run was begun with, its weights are others: give the same file, or begin "
        + "another run"
    case .imageGone(let name):
      "the dataset has no image \(name), which the run's validation looks at: resume with the dataset as it was"
    case .validationWasTrainedOn(let path, let images):
      "the validation part of \(path) holds \(images.of("image")) that the run's autoencoder was trained on: train with the "
        + "split as it was, or train the autoencoder again in another folder"
    case .diverged(let step, let quantity, let checkpoint):
      "\(quantity.sentence) at step \(step) and after it, and nothing of that is stored: begin anew with a lower learningRate (--set "
        + "learningRate=...)" + (checkpoint.map { " in another folder; the checkpoint of step \($0) is whole" } ?? "")
    case .damagedCheckpoint(let path):
      "\(path) does not hold what was written to it: take it away and resume from the one before"
    case .noWholeCheckpoint(let path, let reason):
      "\(path.onOneLine(limit: 160)) is damaged (\(reason.onOneLine(limit: 120))), and no other checkpoint is whole: put a copy "
        + "back, or begin anew in another folder"
    case .damagedWeights(let path):
      "\(path) does not hold the weights that were written to it: put a copy of it back, or train the stage anew"
    case .foreignCheckpoint(let path, let reason):
      "\(path) does not hold this run's networks (\(reason.onOneLine(limit: 200))): take it away and resume from the one "
        + "before"
    case .damagedFeatures(let path):
      "\(path.onOneLine(limit: 160)) does not hold what was written to it: remove it, and start the run again with --resume"
    case .newerCheckpoint(let path, let format):
      "\(path) is a checkpoint of form \(format), and this program reads forms up to \(Checkpoint.format): resume with "
        + "the program that wrote it"
    case .tooManyProcesses(let count, let images):
      "a step of \(images.of("image")) (batchSize x accumulation) is too small for \(count) processes: start at most \(images), "
        + "or make batchSize larger"
    case .otherFeatures(let path):
      "\(path) is not there, or was made of other images or weights than this process has: give all processes the same "
        + "--data and --output, in folders that all machines share"
    case .interruptedPreparing:
      "interrupted while images and texts were encoded; what was encoded is stored: add --resume to go on"
    case .interrupted(let step):
      "interrupted after \(step.of("step")), \(step == 1 ? "which is" : "which are") stored: add --resume to go on"
    case .memoryTooSmall(let bytes, let least):
      "no step fits into \(MemorySize(bytes: bytes)): the least that one takes is \(MemorySize(bytes: least)); give more "
        + "--memory, or a smaller architecture"
    case .classifierData(let reason):
      "a classifier cannot be trained on \(reason): give at least one image of each kind"
    case .noKeptWeights(let path):
      "\(path) keeps no weights of any step yet: train it to its first checkpoint (cadence.checkpoint), and keep more than "
        + "the newest two with --set cadence.keep=20"
    case .otherDataset(let path, let begun, let found):
      "\(path) is not the dataset of the run (\(Self.parts(begun)) there, \(Self.parts(found)) here, or others): give the "
        + "dataset that it was begun with, as it was"
    case .tooFewRepeatedPatients(let path, let split, let found, let minimum, let reason):
      "\(path.onOneLine(limit: 160)) has \(found.of("patient")) with two images or more in its \(split) part where "
        + "\(minimum) are needed (\(reason)): import more images of the same patients"
        + (split == "train" ? ", or give a smaller batchSize" : "")
    case .noSnapshots(let path):
      "\(path) holds no snapshots of averages, of which one of another width is made: train with "
        + "--set averageWidths=[0.05,0.1], or leave --ema-width out"
    case .missingStage(let path, let stage):
      "\(path) has no trained \(stage): run 'thorax train \(stage.rawValue)' with this --output first"
    }
  }

  /// The known setting that was probably meant, with the groups that the key names.
  private static func meant(_ key: String, _ known: [String]) -> String? {
    let groups = key.lastIndex(of: ".").map { key[...$0] } ?? ""
    return NearestName.of(String(key.dropFirst(groups.count)), among: known).map { groups + $0 }
  }

  private static func parts(_ images: [Int]) -> String { images.map { "\($0)" }.joined(separator: " + ") + " images" }

  /// The date and the time of day, in this machine's time zone.
  private static func time(_ date: Date) -> String {
    let parts = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    return String(
      format: "%04d-%02d-%02d %02d:%02d:%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0, parts.hour ?? 0,
      parts.minute ?? 0, parts.second ?? 0)
  }
}
