import Foundation
import Models
import RadiographData
import RadiographModels
import RunRecords
import Support
import Torch
import TorchNN

// B batch, H height, W width, L labels

/// A classifier of radiographs into several labels.
struct ClassifierObjective: Objective {
  let recipe: ClassifierStageRecipe
  let trained: [TrainedWeights]
  let classifier: LabelClassifier
  private let training: PixelBatches
  private let validation: PixelBatches
  private let targets: LabelTargets
  private let validationTargets: LabelTargets
  private let validated: [Int]
  /// The source of each validated image.
  private let validatedSources: [String]
  /// The weight of an image that has a label, over that of one that has not; nil for 1.
  private let positiveWeight_L: Tensor?
  /// The factor that turns a mean over all labels, known or not, into one over the labels that are known on average.
  private let lossFactor: Double
  private let augmentation: ImageAugmentation
  private let randomness: TrainingRandomness
  private let device: Device
  private let order: EpochOrder
  /// What people marked; nil for a network that learns nothing of places.
  private let places: PlaceTargets?
  /// The images of an epoch, those with marks several times.
  private let examples: [Int]

  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { examples.count }
  let metadata: [String: String]

  /// How many labels have a row of pictures.
  private static let rowLimit = 6

  var description: StageDescription {
    StageDescription(
      name: TrainingStageName.classifier.rawValue, title: "Classifier",
      columns: [
        StageColumn("Training loss", .training, .loss), StageColumn("Validation loss", .validation, .loss),
        StageColumn("AUROC", .validation, .areaUnderROC),
        StageColumn("Average precision", .validation, .averagePrecision),
      ] + targets.labels.map { StageColumn("AUROC, \($0)", .validation, .areaUnderROC(of: $0)) },
      sheetRows: targets.labels.prefix(Self.rowLimit).map {
        "images of the validation part that are taken for \($0), the surest first"
      })
  }

  init(_ recipe: ClassifierStageRecipe, data: StageData, device: Device = .cpu) throws {
    self.recipe = recipe
    self.device = device
    randomness = TrainingRandomness(seed: recipe.seed)
    (training, validation, validated) = (data.training, data.validation, data.validated)
    var sources: [String] = []
    try validation.records.forEach { _, record in sources.append(record.source) }
    validatedSources = validated.map { sources[$0] }
    let labels = try recipe.own.decided(in: training.records)
    targets = try LabelTargets(labels, of: training.records, recipe.own)
    validationTargets = try LabelTargets(labels, of: validation.records, recipe.own)
    positiveWeight_L =
      recipe.balanced ? try Tensor(targets.ratios.map(Float.init), shape: [labels.count]).to(device) : nil
    lossFactor = 1 / targets.knownShare
    augmentation = ImageAugmentation(
      rotation: Float(recipe.rotation), shift: Float(recipe.shift), scale: Float(recipe.scaling),
      contrast: Float(recipe.contrast))
    let learnsPlaces = recipe.network == .places && recipe.placeWeight > 0
    let marked =
      learnsPlaces || recipe.markedRepeats > 1 ? try PlaceTargets(targets, of: training.records) : nil
    places = learnsPlaces ? marked : nil
    if let places, places.markedCount == 0 {
      throw TrainingError.invalidSetting(
        key: "network", value: recipe.network.rawValue,
        remedy: "choose small: no training image has a box of a label that is decided on")
    }
    examples = (0..<training.records.count).flatMap { image in
      repeatElement(image, count: marked?.isMarked(image) == true ? recipe.markedRepeats : 1)
    }
    order = EpochOrder(of: examples.count, randomness: randomness)
    let store = ParameterStore(
      generator: try randomness.generator(.initialisation), device: device, memoryFormat: .channelsLast)
    let architecture = ClassifierArchitecture(network: recipe.network, labels: labels, side: recipe.imageSide)
    classifier = try LabelClassifier(store.root, architecture, dropout: recipe.dropout)
    if !recipe.initialWeights.isEmpty { try LabelClassifier.begin(store, with: recipe.initialWeights) }
    metadata = try classifier.metadata()
    trained = [TrainedWeights(store, recipe.common, decaysVectors: false)]
  }

  /// Images with what is known of them.
  struct Batch {
    var image_B1HW: Tensor
    var target_BL: Tensor
    var known_BL: Tensor
    /// Maps of what is to be seen where, and what each place counts; nil if places are not learned.
    var places: (target_BLhw: Tensor, weight_BLhw: Tensor)?
  }

  func batch(_ slice: BatchSlice) throws -> Batch {
    let images = try order.examples(of: slice).map { examples[$0] }
    let coins = try Tensor.randint(
      0..<2, shape: [slice.batchSize], generator: randomness.generator(.crop, step: slice.step)
    ).int64s()
    let seeds = slice.rows.map { randomness.seed(.transformation, step: slice.step * slice.batchSize + $0) }
    let mirrored = slice.rows.map { recipe.mirror && coins[$0] == 1 }
    let draws = draws(slice.rows.map { slice.step * slice.batchSize + $0 }, .corruption)
    let image_B1HW = try training.augmented(
      images, by: augmentation, seeds: seeds, mirrored: mirrored, draws: draws)
    let (target_BL, known_BL) = try targets.tensors(images, mirrored: mirrored, draws: draws, device: device)
    let marks = try places?.tensors(images, side: classifier.architecture.placeSide, device: device) { row, box in
      let changed = augmentation.box(box, seed: seeds[row])
      return mirrored[row] ? changed.mirrored : changed
    }
    return Batch(image_B1HW: image_B1HW, target_BL: target_BL, known_BL: known_BL, places: marks)
  }

  /// What is done to images before they are seen; empty if no label is a corruption.
  private func draws(_ numbers: [Int], _ purpose: TrainingRandomness.Purpose) -> [CorruptionDraw?] {
    targets.hasCorruptions ? numbers.map { CorruptionDraw(seed: randomness.seed(purpose, step: $0)) } : []
  }

  func losses(of batch: Batch, _ slice: BatchSlice) throws -> [Loss] {
    let dropout = recipe.dropout > 0 ? try randomness.generators(.dropout, of: slice) : nil
    // Over known and unknown labels alike, so that rows with few known ones count the same in every slice.
    func loss(_ logits_BL: Tensor) throws -> Tensor {
      try crossEntropy(logits_BL, batch.target_BL, batch.known_BL) * lossFactor
    }
    guard let places = batch.places else {
      let logits_BL = try withPrecision(recipe.precision, on: device) {
        try classifier(batch.image_B1HW, isTraining: true, dropout: dropout)
      }
      return [Loss(value: try loss(logits_BL))]
    }
    let (logits_BL, maps_BLhw) = try withPrecision(recipe.precision, on: device) {
      try classifier.withPlaces(batch.image_B1HW, isTraining: true, dropout: dropout)
    }
    return [Loss(value: try loss(logits_BL) + placeLoss(maps_BLhw, places) * recipe.placeWeight)]
  }

  /// The mean cross entropy of an image's places that count, and its mean over images.
  private func placeLoss(
    _ maps_BLhw: Tensor, _ places: (target_BLhw: Tensor, weight_BLhw: Tensor)
  ) throws -> Tensor {
    let count_B111 = try places.weight_BLhw.sum(dim: [1, 2, 3], keepdim: true).clamp(min: 1)
    let weight_BLhw = try places.weight_BLhw / count_B111
    // The mean over all places, made one over images.
    let all = Double(places.weight_BLhw.shape.dropFirst().reduce(1, *))
    return try maps_BLhw.to(.float32).binaryCrossEntropyWithLogits(target: places.target_BLhw, weight: weight_BLhw)
      * all
  }

  private func crossEntropy(_ logits_BL: Tensor, _ target_BL: Tensor, _ known_BL: Tensor) throws -> Tensor {
    try logits_BL.to(.float32).binaryCrossEntropyWithLogits(
      target: target_BL, weight: known_BL, posWeight: positiveWeight_L)
  }

  /// Ranks need all images at once: every process computes all of them, and so has the same means.
  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    var scores: [[Double]] = []
    for start in stride(from: 0, to: validated.count, by: 32) {
      let images = Array(validated[start..<min(start + 32, validated.count)])
      let draws = draws(images, .validationCorruption)
      let (target_BL, known_BL) = try validationTargets.tensors(images, draws: draws, device: device)
      let logits_BL = try classifier(validation.images(images, draws: draws))
      let known = try known_BL.sum().item()
      if known > 0 {
        let loss = try crossEntropy(logits_BL, target_BL, known_BL).item()
        means.add([.loss: loss * Double(images.count * targets.labels.count) / known], weight: known)
      }
      let values = try logits_BL.to(.float32).contiguous().doubles()
      scores += stride(from: 0, to: values.count, by: targets.labels.count).map {
        Array(values[$0..<($0 + targets.labels.count)])
      }
    }
    let draws = draws(validated, .validationCorruption)
    for (label, name) in targets.labels.enumerated() {
      let truths = validationTargets.truths(of: label, images: validated, draws: draws)
      let known = truths.indices.compactMap { place in
        truths[place].map { (score: scores[place][label], truth: $0, source: validatedSources[place]) }
      }
      // A label that all or none of the images have has no rank, and is in no mean.
      guard let area = RankingMetrics.areaUnderROC(known.map(\.score), known.map(\.truth)),
        let precision = RankingMetrics.averagePrecision(known.map(\.score), known.map(\.truth))
      else { continue }
      means.add([
        .areaUnderROC: area, .areaUnderROC(of: name): area, .averagePrecision: precision,
        .averagePrecision(of: name): precision,
      ])
      let sources = Dictionary(grouping: known, by: \.source)
      guard sources.count > 1 else { continue }
      for (source, known) in sources {
        if let area = RankingMetrics.areaUnderROC(known.map(\.score), known.map(\.truth)) {
          means.add([.areaUnderROC(of: name, source: source): area])
        }
      }
    }
    return means
  }

  /// For each label the images that it is most likely to be seen on.
  func writeSamples(to picture: URL) throws {
    let candidates = Array(validated.prefix(64))
    let draws = draws(candidates, .validationCorruption)
    let logits_BL = try classifier(validation.images(candidates, draws: draws))
    let values = try logits_BL.to(.float32).contiguous().doubles()
    let labels = targets.labels.count
    let rows = try (0..<min(labels, Self.rowLimit)).map { label in
      let surest = candidates.indices.sorted { values[$0 * labels + label] > values[$1 * labels + label] }.prefix(6)
      return try validation.images(
        surest.map { candidates[$0] }, draws: draws.isEmpty ? [] : surest.map { draws[$0] })
    }
    try ContactSheet(rows: rows).write(to: picture)
  }
}
