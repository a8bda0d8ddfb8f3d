import Foundation
import Models
import RadiographData
import RadiographModels
import RunRecords
import Support
import Torch
import TorchNN

// B batch (patients), D embedding width, H height, N images, W width

/// A network that recognises patients. A row of a step is a patient, of whom two images are seen.
struct ReidentifierObjective: Objective {
  let recipe: ReidentifierRecipe
  let trained: [TrainedWeights]
  let reidentifier: Reidentifier
  let metadata: [String: String]
  private let training: PixelBatches
  private let validation: PixelBatches
  private let validated: [Int]
  /// Who each validated image shows.
  private let validatedPatients: [String]
  private let patients: RepeatedPatients
  /// Pairs of places among ``validated``.
  private let pairs: PatientPairs
  /// Of each validated patient two places among ``validated``.
  private let validatedTwos: [(Int, Int)]
  private let loss: ReidentifierLoss
  private let randomness: TrainingRandomness
  private let device: Device
  private let order: EpochOrder

  /// Fewer patients of the validation part say nothing.
  static let fewestValidated = 10
  /// Images at once where nothing is learnt.
  private static let validationBatch = 64

  var totalSteps: Int { recipe.steps }
  var batchSize: Int { recipe.common.imagesPerStep }
  var microBatchSize: Int { recipe.batchSize }
  var imagesPerEpoch: Int { patients.count }

  var description: StageDescription {
    StageDescription(
      name: TrainingStageName.reidentifier.rawValue, title: "Re-identifier",
      columns: [
        StageColumn("Training loss", .training, .loss), StageColumn("Validation loss", .validation, .loss),
        StageColumn("AUROC", .validation, .areaUnderROC),
      ],
      sheetRows: [
        "images of the validation part", "another image of the same patient",
        "the image of another patient that looks most like it",
      ])
  }

  /// - Throws: ``TrainingError/tooFewRepeatedPatients(path:split:found:minimum:reason:)``; `ParameterError`,
  ///   `DatasetError`, `TorchError`.
  init(_ recipe: ReidentifierRecipe, data: StageData, device: Device = .cpu) throws {
    self.recipe = recipe
    self.device = device
    randomness = TrainingRandomness(seed: recipe.seed)
    (training, validation, validated) = (data.training, data.validation, data.validated)
    patients = try RepeatedPatients(training.records)
    try patients.require(
      recipe.batchSize, in: .train, of: training.dataset, because: "batchSize is \(recipe.batchSize)")
    try RepeatedPatients(validation.records).require(
      Self.fewestValidated, in: .validation, of: training.dataset, because: "fewer say nothing")
    var all: [(source: String, patient: String)] = []
    try validation.records.forEach { _, record in all.append(record.whose) }
    let whose = validated.map { all[$0] }
    pairs = PatientPairs(whose, seed: randomness.seed(.validationPairs, step: 0))
    var seen: Set<String> = []
    validatedTwos = pairs.pairs.compactMap { pair in
      pair.isSamePatient && seen.insert(whose[pair.first].patient).inserted ? (pair.first, pair.second) : nil
    }
    validatedPatients = whose.map(\.patient)
    loss = ReidentifierLoss(temperature: recipe.temperature)
    order = EpochOrder(of: patients.count, randomness: randomness)
    let store = ParameterStore(
      generator: try randomness.generator(.initialisation), device: device, memoryFormat: .channelsLast)
    reidentifier = try Reidentifier(store.root, recipe.own.architecture)
    metadata = try reidentifier.metadata()
    trained = [TrainedWeights(store, recipe.common, decaysVectors: false)]
  }

  /// Two images of each patient.
  struct Batch {
    var first_B1HW: Tensor
    var second_B1HW: Tensor
    var patients: [Int]
  }

  func batch(_ slice: BatchSlice) throws -> Batch {
    let chosen = try order.examples(of: slice)
    let numbers = try Tensor.randint(
      0..<(1 << 30), shape: [slice.batchSize, 2], generator: randomness.generator(.pairs, step: slice.step)
    ).int64s()
    let twos = zip(chosen, slice.rows).map { patient, row in
      patients.two(of: patient, (Int(numbers[2 * row]), Int(numbers[2 * row + 1])))
    }
    func images(_ places: [Int], which: Int) throws -> Tensor {
      let seeds = slice.rows.map {
        randomness.seed(.transformation, step: 2 * (slice.step * slice.batchSize + $0) + which)
      }
      return try training.augmented(
        places, by: recipe.own.augmentation, seeds: seeds, mirrored: places.map { _ in false })
    }
    return Batch(
      first_B1HW: try images(twos.map(\.0), which: 0), second_B1HW: try images(twos.map(\.1), which: 1),
      patients: chosen)
  }

  func losses(of batch: Batch, _ slice: BatchSlice) throws -> [Loss] {
    let count = batch.patients.count
    let embedding_ND = try withPrecision(recipe.precision, on: device) {
      try reidentifier(Tensor.cat([batch.first_B1HW, batch.second_B1HW]))
    }
    let value = try loss(
      embedding_ND.narrow(dim: 0, start: 0, length: count), embedding_ND.narrow(dim: 0, start: count, length: count),
      patients: batch.patients)
    return [Loss(value: value)]
  }

  /// Embeddings of images of the validation part.
  private func embeddings(_ images: [Int]) throws -> Tensor {
    try Tensor.cat(
      stride(from: 0, to: images.count, by: Self.validationBatch).map { start in
        try reidentifier(validation.images(images[start..<min(start + Self.validationBatch, images.count)]))
      })
  }

  private func rows(_ places: [Int], of embedding_ND: Tensor) throws -> Tensor {
    try embedding_ND.indexSelect(dim: 0, index: Tensor(indices: places).to(device))
  }

  /// The loss goes on to count how sure the network is long after patients are told apart no worse.
  func criterion(_ means: [Metric: Double]) -> Double? { means[.areaUnderROC].map { 1 - $0 } }

  /// Pairs need all images: every process computes all of them, and so has the same means.
  func validate(_ share: RankShare) throws -> RunningMeans {
    var means = RunningMeans()
    let embedding_ND = try embeddings(validated)
    for start in stride(from: 0, to: validatedTwos.count, by: recipe.batchSize) {
      let twos = validatedTwos[start..<min(start + recipe.batchSize, validatedTwos.count)]
      // A patient alone is told from nobody.
      guard twos.count > 1 else { continue }
      let value = try loss(
        rows(twos.map(\.0), of: embedding_ND), rows(twos.map(\.1), of: embedding_ND), patients: Array(twos.indices))
      means.add([.loss: try value.item()], weight: Double(twos.count))
    }
    let similarities = try
      (rows(pairs.pairs.map(\.first), of: embedding_ND) * rows(pairs.pairs.map(\.second), of: embedding_ND))
      .sum(dim: [1]).doubles()
    if let area = RankingMetrics.areaUnderROC(similarities, pairs.pairs.map(\.isSamePatient)) {
      means.add([.areaUnderROC: area])
    }
    return means
  }

  /// For a few patients two images, and the most similar image of somebody else.
  func writeSamples(to picture: URL) throws {
    let candidates = validated.indices.prefix(512)
    let twos = validatedTwos.prefix(6)
    let places = Set(candidates).union(twos.flatMap { [$0.0, $0.1] }).sorted()
    let embedding_ND = try embeddings(places.map { validated[$0] })
    let others = try twos.map { two in
      let own = places.firstIndex(of: two.0) ?? 0
      let similarities = try embedding_ND.matmul(
        embedding_ND.narrow(dim: 0, start: own, length: 1).transpose(dim0: 0, dim1: 1)
      ).doubles()
      let others = places.indices.filter { validatedPatients[places[$0]] != validatedPatients[two.0] }
      return places[others.max { similarities[$0] < similarities[$1] } ?? own]
    }
    try ContactSheet(
      rows: [twos.map(\.0), twos.map(\.1), others].map { row in
        try validation.images(row.map { validated[$0] })
      }
    ).write(to: picture)
  }
}
