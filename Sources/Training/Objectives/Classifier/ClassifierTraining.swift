import RadiographModels
import Support
import Torch
import TorchNN

// B batch, H height, W width, J judgements

/// How a classifier is trained. The same recipe on the same examples makes the same weights.
public struct ClassifierRecipe: Codable, Equatable, Sendable {
  public var steps = 500
  /// Images of each kind in a batch: all kinds count alike, however many images there are of each.
  public var imagesOfEachKind = 14
  public var learningRate = 2e-3
  public var weightDecay = 0.05
  /// How far an image is moved at most, in pixels.
  public var shift = 5
  /// Deviation of the noise that is added to an image of deviation 1: a decision must not depend on single pixels.
  public var noise = 0.1
  public var seed: UInt64 = 0

  public init() {}
}

extension RadiographClassifier {
  /// Trains a classifier from fresh weights.
  ///
  /// - Parameter progress: called after every step with its number, from 1, and its loss.
  /// - Returns: the classifier and the store that holds its weights.
  /// - Throws: `TorchError`; `CancellationError` if the task is cancelled.
  public static func trained(
    on examples: ClassifierData, recipe: ClassifierRecipe, progress: (_ step: Int, _ loss: Double) -> Void
  ) throws -> (classifier: RadiographClassifier, store: ParameterStore) {
    let generator = try Generator(seed: recipe.seed)
    let store = ParameterStore(generator: generator)
    let classifier = try RadiographClassifier(store.root)
    let optimiser = try AdamW(
      store.parameters, AdamW.Configuration(weightDecay: recipe.weightDecay, decaysVectors: false))
    let schedule = LearningRateSchedule.cosine(
      peak: recipe.learningRate, warmup: recipe.steps / 20, total: recipe.steps)
    var random = SplitMix64(seed: recipe.seed)
    for step in 0..<recipe.steps {
      try Task.checkCancellation()
      let batch = try ClassifierBatch(examples, recipe: recipe, random: &random)
      let noise_B1HW = try Tensor.randn(batch.image_B1HW.shape, generator: generator) * recipe.noise
      let logits_BJ = try classifier(batch.image_B1HW + noise_B1HW, generator: generator)
      let loss = try logits_BJ.binaryCrossEntropyWithLogits(target: batch.target_BJ, weight: batch.weight_BJ)
      try store.clearGradients()
      try loss.backward()
      try optimiser.step(learningRate: schedule.rate(at: step))
      progress(step + 1, try loss.item())
    }
    try store.setTrainable(false)
    return (classifier, store)
  }
}

/// Images of all kinds, moved and mirrored at random.
struct ClassifierBatch {
  let image_B1HW: Tensor
  let target_BJ: Tensor
  /// 0 where a judgement does not apply to an image, 1 elsewhere.
  let weight_BJ: Tensor

  init(_ examples: ClassifierData, recipe: ClassifierRecipe, random: inout SplitMix64) throws {
    let (height, width) = (examples.height, examples.width)
    var pixels: [Float] = []
    var targets: [Float] = []
    var weights: [Float] = []
    var count = 0
    for kind in RadiographKind.allCases {
      let candidates = examples.indices(of: kind)
      for _ in 0..<recipe.imagesOfEachKind {
        let image = examples[candidates[random.next(below: candidates.count)]]
        let moved = Self.moved(
          Array(image), height: height, width: width,
          down: random.next(below: 2 * recipe.shift + 1) - recipe.shift,
          right: random.next(below: 2 * recipe.shift + 1) - recipe.shift, mirrored: random.next(below: 2) == 1)
        pixels += RadiographClassifier.standardised(moved[...])
        targets += kind.targets.map { $0 ?? 0 }
        weights += kind.targets.map { $0 == nil ? 0 : 1 }
        count += 1
      }
    }
    let judgements = Judgement.allCases.count
    image_B1HW = try Tensor(pixels, shape: [count, 1, height, width])
    target_BJ = try Tensor(targets, shape: [count, judgements])
    weight_BJ = try Tensor(weights, shape: [count, judgements])
  }

  /// An image moved by whole pixels; what comes in at a border repeats the border.
  static func moved(
    _ pixels: [Float], height: Int, width: Int, down: Int, right: Int, mirrored: Bool
  ) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(pixels.count)
    for y in 0..<height {
      let row = min(max(y - down, 0), height - 1) * width
      for x in 0..<width {
        let column = min(max(x - right, 0), width - 1)
        result.append(pixels[row + (mirrored ? width - 1 - column : column)])
      }
    }
    return result
  }
}
