import Diffusion
import Models

/// How a diffusion model learns from a trained one, so that an image takes fewer calls of the network, or so that it shows what
/// texts ask for. It begins with the teacher's weights.
public struct DistillationSettings: RepeatedImages {
  public enum Method: String, Codable, CaseIterable, Sendable {
    /// The student predicts what the teacher predicts with guidance: one call a step in place of two (Meng et al., 2023,
    /// "On distillation of guided diffusion models", its first stage with one scale).
    case guidance
    /// The student learns the straight line from each noise to what the teacher makes of it: few steps, and no guidance
    /// (Liu et al., 2023, "Flow straight and fast"). For rectified flows.
    case reflow
    /// The student draws, and moves to where classifiers see what texts ask for, while it stays near the teacher. The gradient
    /// goes through all steps of the sampler and the decoder (Clark et al., 2024, "Directly fine-tuning diffusion models on
    /// differentiable rewards", DRaFT).
    case reward
  }

  /// The folder of a model, or of a run with a trained diffusion model; that may be this run.
  public var teacher = ""
  public var method = Method.guidance
  /// The scale of the teacher's guidance, at all times and as it is; 0 for the guidance that the teacher is sampled with.
  public var guidance = 0.0
  /// The scale in place of that of the teacher's own guidance, of which all else stays; 0 for the teacher's. Means nothing
  /// beside a ``guidance`` that is not 0.
  public var guidanceScale = 0.0
  /// What the guidance of a ``guidance`` that is not 0 leads away from.
  public var guidanceFrom = GuidanceReference.nothing
  /// The folder or the name of the teacher's text encoder, if it is not found by the name that the teacher gives.
  public var textEncoder = ""
  /// The steps that the student is sampled with; 0 for the teacher's after `guidance` and `reward`, and 4 after `reflow`.
  public var samplingSteps = 0
  /// How details of what the student draws are made stronger: `DetailGain`; an amount of 0 leaves what the teacher has.
  public var detailAmount = 0.0
  public var detailFineDeviation = 0.6
  public var detailCoarseDeviation = 3.0
  /// How many noises the teacher makes images of for `reflow`.
  public var pairs = 10_000
  /// The steps that the teacher takes for each; 0 for those that it is sampled with.
  public var teacherSteps = 0
  /// How many texts `reward` asks for images with, over and over.
  public var wishes = 10_000
  /// Of how many of the texts `reward` compares the teacher's images with real radiographs, which tells how far its images are to
  /// move: some tens for every label that texts ask for. The more, the less by chance.
  public var comparedImages = 960
  /// How many images of recent steps, of each group, `reward` remembers to say how far all are from real radiographs; 0 for those
  /// of the step alone, more exactly of what is computed at once.
  public var rememberedImages = 32
  /// The files of the classifiers of `reward`. One that judges the student afterwards must be another.
  public var classifiers: [String] = []
  /// The share of real radiographs that `reward` leaves out of those that are to be drawn alike: of the faintest that have a
  /// finding; of those where it has a side or a zone; and of the plainest where it is denied.
  public var plainness = 0.0
  public var placedPlainness = 0.5
  public var deniedPlainness = 0.0
  /// How sure the classifiers of `reward` are to be of a side or a height, in log odds.
  public var margin = 1.0
  /// What a side or a height that is missing weighs for `reward`, beside a finding.
  public var placeWeight = 1.0
  /// What the squared distance from the teacher's answers weighs for `reward`, beside what is missing in log odds.
  public var teacherWeight = 10.0
  /// What the distance of the student's images from real radiographs, all together, weighs for `reward`: of thumbnails, of
  /// the power in bands of frequency, and of what classifiers see.
  public var momentWeight = 30.0
  public var times = TimeDistribution.uniform
  /// Texts for each image; an image without a report gets them from the grammar.
  public var promptsPerImage = 1
  public var sourceRepeats: [String: Int] = [:]
  public var sidedRepeats = 1
  public var maximumShift = 0

  public static let stage = TrainingStageName.distillation
  public static let validationLimit = 256

  public init() {}

  public func validate() throws {
    for (key, value, range) in [
      ("pairs", pairs, 1...100_000_000), ("teacherSteps", teacherSteps, 0...1000),
      ("samplingSteps", samplingSteps, 0...1000), ("wishes", wishes, 1...1_000_000),
      ("comparedImages", comparedImages, 1...1_000_000), ("rememberedImages", rememberedImages, 0...100_000),
      ("promptsPerImage", promptsPerImage, 1...64),
    ] { try RecipeCheck.require(value, in: range, key) }
    try validateRepeats()
    for (key, scale) in [("guidance", guidance), ("guidanceScale", guidanceScale)] {
      guard ClassifierFreeGuidance.scaleRange.contains(scale) else {
        throw TrainingError.invalidSetting(key: key, value: "\(scale)", remedy: "give a number from 0 to 100")
      }
    }
    for (key, number) in [
      ("margin", margin), ("placeWeight", placeWeight), ("teacherWeight", teacherWeight),
      ("momentWeight", momentWeight),
    ]
    where !(0...10_000).contains(number) {
      throw TrainingError.invalidSetting(key: key, value: "\(number)", remedy: "give a number from 0 to 10000")
    }
    for (key, share) in [
      ("plainness", plainness), ("placedPlainness", placedPlainness), ("deniedPlainness", deniedPlainness),
    ]
    where !(0...1).contains(share) {
      throw TrainingError.invalidSetting(key: key, value: "\(share)", remedy: "give a share from 0 to 1")
    }
    guard (method == .reward) != classifiers.isEmpty else {
      throw TrainingError.invalidSetting(
        key: "classifiers", value: "\(classifiers)",
        remedy: method == .reward
          ? "name their files: --set classifiers=[FILE, FILE]" : "leave them out: they are for method=reward")
    }
    if let problem = detailGain?.problem {
      throw TrainingError.invalidSetting(
        key: "detailAmount", value: "\(detailAmount)", remedy: "it would be \(problem): give an amount up to 2")
    }
    guard !teacher.isEmpty else {
      throw TrainingError.invalidSetting(
        key: "teacher", value: "empty", remedy: "name a model's folder, or a run's: --set teacher=RUN")
    }
  }

  /// How the teacher is sampled.
  func teacherSampling(_ own: SamplingSettings) -> SamplingSettings {
    var sampling = own
    if guidanceScale > 0 { sampling.guidance = guidanceScale }
    if guidance > 0 {
      (sampling.guidance, sampling.guidanceRescale, sampling.guidanceInterval) = (guidance, 0, nil)
      sampling.guidanceFrom = guidanceFrom
    }
    if teacherSteps > 0 { sampling.steps = teacherSteps }
    return sampling
  }

  /// How details of what the student draws are made stronger; nil as the teacher has it.
  var detailGain: DetailGain? {
    detailAmount == 0
      ? nil
      : DetailGain(
        amount: detailAmount, fineDeviation: detailFineDeviation, coarseDeviation: detailCoarseDeviation)
  }

  /// How the student is sampled: without guidance, which it has learned, or which its teacher had learned before.
  func studentSampling(_ teacher: SamplingSettings) -> SamplingSettings {
    let steps = samplingSteps > 0 ? samplingSteps : method == .reflow ? 4 : teacher.steps
    return SamplingSettings(
      steps: steps, guidance: 1, sampler: method == .reflow ? .euler : teacher.sampler, eta: teacher.eta)
  }
}

public typealias DistillationRecipe = StageRecipe<DistillationSettings>
