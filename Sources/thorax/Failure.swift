import ArgumentParser
import DICOMFiles
import DICOMSending
import Diffusion
import Evaluation
import Foundation
import Generation
import ImageFiles
import ImageOutput
import Models
import RadiographData
import RadiographImport
import RadiographModels
import Serving
import Support
import TensorFiles
import Terminal
import Tokenization
import Torch
import TorchNN
import Training

/// The exit codes of `sysexits.h` that the program uses, and what each means here.
enum ExitStatus: Int32 {
  case done = 0
  case usage = 64
  case badData = 65
  case inputMissing = 66
  case unavailable = 69
  case defect = 70
  case cannotCreate = 73
  case readWrite = 74
  case interrupted = 130
}

/// The one place where errors become an exit code and the line that a person reads.
struct Failure {
  var status: ExitStatus
  /// What is wrong, and after a colon what to do.
  var message: String

  init(_ error: any Error) {
    message = "\(error)"
    switch error {
    case is CancellationError:
      status = .interrupted
      message = "interrupted: run the command again"
    case is RequestError: status = .usage
    case let error as PromptsFileError: status = Self.status(error)
    case let error as OutputError: status = Self.status(error)
    case let error as ProvenanceError: status = Self.status(error)
    case let error as DatasetError: status = Self.status(error)
    case let error as PhantomError: status = Self.status(error)
    case let error as ComputedFindingError: status = Self.status(error)
    case let error as TrainingError: status = Self.status(error)
    case let error as MeasurementError: status = Self.status(error)
    case is MetricError: status = .badData
    case is LatentsError: status = .badData
    case let error as ModelError: status = Self.status(error)
    case let error as TextEncoderError: status = Self.status(error)
    case is TokenizationError: status = .badData
    case let error as DiffusionError: status = Self.status(error)
    case is LaunchError: status = .usage
    case is ProcessGroupError: status = .unavailable
    case let error as TorchError: status = Self.status(error)
    case let error as FileAccessError: status = Self.status(error)
    case let error as TensorFileError: status = Self.status(error)
    case is ArchitectureError, is ClassifierFileError, is ExtractorFileError, is FeatureError,
      is ReleasedCheckpointError, is ParameterLoadingError, is ImageFileError:
      status = .badData
    case let error as SignatureError:
      switch error {
      case .ownerName, .notAPublicKey: status = .usage
      case .notAKey, .unusableCertificates, .notAsSigned: status = .badData
      }
    case let error as DICOMError: status = Self.status(error)
    case let error as DICOMSendingError: status = Self.status(error)
    case is StreamError: status = .readWrite
    case let error as ServingError: status = Self.status(error)
    default: self = Self.foreign(error)
    }
  }

  private static func status(_ error: PromptsFileError) -> ExitStatus {
    switch error {
    case .missing: .inputMissing
    case .unreadable: .readWrite
    case .tooLarge, .notText, .empty, .malformed: .badData
    }
  }

  private static func status(_ error: DICOMSendingError) -> ExitStatus {
    switch error {
    case .target: .usage
    case .notOurs: .badData
    case .unreachable, .refused: .unavailable
    }
  }

  private static func status(_ error: OutputError) -> ExitStatus {
    switch error {
    case .exists, .isDirectory, .folder, .notReplaced, .nameTooLong: .cannotCreate
    case .duplicate, .latentsOverAnother: .usage
    }
  }

  private static func status(_ error: ProvenanceError) -> ExitStatus {
    switch error {
    case .needsLatents: .inputMissing
    case .unequalFrames: .usage
    case .notAnImage, .notOurs, .malformed, .incomplete, .unfit: .badData
    }
  }

  private static func status(_ error: DatasetError) -> ExitStatus {
    switch error {
    case .settingMismatch, .sourceInsideOutput, .invalidImageSize, .invalidSplit, .invalidSections,
      .mappingMismatch, .noOfficialSplit, .sourceName, .mixedWithPhantoms:
      .usage
    case .laterVersion, .damaged, .sourceEmpty, .noImages, .malformedTable, .malformedArchive, .malformedMapping,
      .noPixels,
      .mixedPreprocessing, .leakage:
      .badData
    case .notADataset, .sourceMissing, .sourceIsFile, .missingImages: .inputMissing
    case .malformedGrammar, .invalidLoading: .defect
    case .outputIsNotOurs, .cannotCreate: .cannotCreate
    case .busy, .inputOutput, .patientKey, .unlistable: .readWrite
    }
  }

  private static func status(_ error: ComputedFindingError) -> ExitStatus {
    switch error {
    case .share, .noKinds: .usage
    case .tooFewNormal: .badData
    case .isThere: .cannotCreate
    }
  }

  private static func status(_ error: PhantomError) -> ExitStatus {
    switch error {
    case .count, .size: .usage
    case .unreadableImage, .unreadablePrompts, .malformedPrompts, .noPrompts, .countMismatch: .badData
    case .missing, .noImages: .inputMissing
    }
  }

  private static func status(_ error: TrainingError) -> ExitStatus {
    switch error {
    case .invalidSetting, .unknownSetting, .unknownName, .otherConfiguration, .tooManyProcesses: .usage
    case .inFile(_, _, let error): status(error)
    case .unreadableConfiguration, .diverged, .noImages, .unfitImages, .noTexts, .datasetChanged, .imageGone,
      .validationWasTrainedOn, .teacherChanged, .classifierChanged, .otherFeatures, .otherDataset, .damagedCheckpoint,
      .noWholeCheckpoint,
      .damagedWeights, .damagedFeatures, .foreignCheckpoint, .newerCheckpoint, .classifierData, .tooFewRepeatedPatients,
      .memoryTooSmall:
      .badData
    case .nothingToResume, .missingStage, .noKeptWeights, .noSnapshots, .notARun: .inputMissing
    case .runExists, .notAFolder: .cannotCreate
    case .runInUse: .readWrite
    case .interrupted, .interruptedPreparing: .interrupted
    }
  }

  private static func status(_ error: MeasurementError) -> ExitStatus {
    switch error {
    case .tooFewSamples, .tooManySamples, .blindToPrompt, .unknownSource: .usage
    case .missing, .notFolder, .noImages: .inputMissing
    case .otherSamples, .begunOtherwise: .cannotCreate
    case .unlistable: .readWrite
    case .imageSize, .indivisibleImageSize, .tooFewImages, .blindJudge, .noCorruptions, .tooFewInSet, .unreadableImage,
      .sizes, .sizesDiffer, .tooSmall, .flat, .identical, .changed, .table, .gate, .notInFolder, .noLabels, .noPrompts,
      .tooFewRepeatedPatients,
      .tooFewOfFinding, .onBothSides, .targets, .trainedOn, .trainedElsewhere, .copies, .refused, .report, .answers:
      .badData
    }
  }

  private static func status(_ error: ModelError) -> ExitStatus {
    switch error {
    case .notFound, .missing: .inputMissing
    case .imageSize: .usage
    case .missingFile, .changedFile, .malformedDescription, .laterVersion, .implausible, .unfitWeights,
      .textEncoderWidth,
      .textEncoderChanged,
      .notFinite:
      .badData
    }
  }

  private static func status(_ error: TextEncoderError) -> ExitStatus {
    switch error {
    case .notFound: .unavailable
    case .missingFile, .unreadable, .mistaken, .unsupported, .unfitWeights, .vocabularyMismatch: .badData
    case .tooManyTokens, .tokenOutOfRange: .defect
    }
  }

  private static func status(_ error: ServingError) -> ExitStatus {
    switch error {
    case .setting, .halfTLS, .openWithoutAccounts, .openWithoutTLS, .duplicateModel, .tokenName, .socketTooLong: .usage
    case .malformedConfiguration, .unusableTLS, .unexpectedAnswer, .brokenLog, .quiz, .cases: .badData
    case .noToken, .noLog: .inputMissing
    case .addressInUse, .cannotListen, .unreachable: .unavailable
    case .notASocket, .state, .stateInUse, .tokenExists: .cannotCreate
    case .refused(let code, _): status(refusal: code)
    }
  }

  /// What a service's code means for a command that draws through it.
  private static func status(refusal code: String) -> ExitStatus {
    switch APIError.Code(rawValue: code)?.status.code {
    case 404: .inputMissing
    case .some(400..<429): .usage
    default: .unavailable
    }
  }

  private static func status(_ error: DiffusionError) -> ExitStatus {
    switch error {
    case .invalidSetting, .stepsOutOfRange, .unknownSampler, .undeterminedPrediction: .usage
    case .invalidSchedule, .timestepOutOfRange: .badData
    case .samplerNeedsNoise, .samplingFinished, .batchMismatch: .defect
    }
  }

  private static func status(_ error: TorchError) -> ExitStatus {
    switch error {
    case .libraryUnavailable, .deviceUnavailable, .integersUnavailable, .outOfMemory: .unavailable
    case .unsupportedElements: .badData
    case .operationFailed, .countMismatch, .invalidShape, .unexpectedDType: .defect
    }
  }

  private static func status(_ error: DICOMError) -> ExitStatus {
    switch error {
    case .libraryUnavailable: .unavailable
    case .notDICOM, .truncated, .corrupt, .tooLarge, .unsupported, .noPixels, .outOfMemory: .badData
    }
  }

  private static func status(_ error: FileAccessError) -> ExitStatus {
    switch (error.operation, error.reason) {
    case (.read, .notFound), (.read, .folderNotFound): .inputMissing
    case (_, .tooLarge): .badData
    case (_, .diskFull), (.read, _), (.write, _): .readWrite
    case (.create, _): .cannotCreate
    }
  }

  private static func status(_ error: TensorFileError) -> ExitStatus {
    switch error {
    case .mistaken, .safetensors, .tensorNotFound, .checkpoint: .badData
    case .unwritable: .defect
    }
  }

  /// Errors of the system and of the argument parser, which are not ours to describe.
  private static func foreign(_ error: any Error) -> Failure {
    if let system = error as NSError?, system.domain == NSCocoaErrorDomain || system.domain == NSPOSIXErrorDomain {
      return Failure(status: .readWrite, message: "\(system.localizedDescription): check the file and the space left")
    }
    return Failure(
      status: .defect, message: "unexpected failure (\(error)): please report it with the command that you gave")
  }

  private init(status: ExitStatus, message: String) {
    self.status = status
    self.message = message
  }

  /// What the argument parser refuses, as a line of ours.
  static func usage(_ text: String, command: String) -> Failure {
    let sentence = text.onOneLine().trimmingCharacters(in: CharacterSet(charactersIn: ". "))
    let start = sentence.prefix(1).lowercased()
    return Failure(status: .usage, message: "\(start + sentence.dropFirst()): see '\(command) --help'")
  }
}
