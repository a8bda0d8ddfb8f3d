import Foundation
import RadiographData
import RadiographModels
import Support
import Torch

// N texts, D numbers that describe an image

extension DistillationPreparation {
  /// What a reward needs: classifiers and what they say of real radiographs, texts that ask for something, and images of the teacher
  /// beside real ones.
  ///
  /// - Throws: as ``objective()``.
  func rewardObjective(_ images: DiffusionPreparation, _ autoencoder: Autoencoder) throws -> RewardObjective {
    let scale = teacher.description.sampling.guidance
    guard scale == 1 else {
      throw TrainingError.invalidSetting(
        key: "teacher", value: teacher.path,
        remedy: "it is drawn with guidance \(scale): distil it by method=guidance, export it, and name that model")
    }
    let reward = try reward()
    let writer = try WishWriter.standard(labels: reward.labels)
    guard !writer.findings.isEmpty else {
      throw TrainingError.invalidSetting(
        key: "classifiers", value: "\(recipe.classifiers)",
        remedy: "give one of findings that prompts can ask for, such as \(NIHLabels.findings[0])")
    }
    let (training, validation) = (
      try texts(.train, data.training.records, by: writer, count: recipe.wishes, images),
      try texts(
        .validation, data.validation.records, by: writer,
        count: min(recipe.wishes, DistillationSettings.validationLimit / 4), images)
    )
    var objective = try RewardObjective(
      recipe, teacher: teacher, reward: reward, autoencoder: autoencoder, training: training.encoded,
      validation: validation.encoded, pictures: pictures(images, autoencoder), device: device)
    // At equal distances, since patients lie source by source.
    let chosen = training.captions.wishes.indices.evenlySpaced(LabelOdds.drawnCount)
    let real_ND = try descriptors(of: training, chosen, objective)
    try objective.compare(
      teacherImages(objective, training.encoded, chosen, images), of: chosen, with: real_ND)
    return objective
  }

  /// The classifiers, and what each says of real radiographs.
  private func reward() throws -> ClassifierReward {
    let classifiers = try recipe.classifiers.map { try LabelClassifier(contentsOf: $0, device: device) }
    let examples = try ExampleRadiographs(data.training, labels: classifiers.flatMap(\.architecture.labels))
    return ClassifierReward(
      judges: try classifiers.map { .init(classifier: $0, real: try RealOdds($0, of: examples, device: device)) },
      plainness: .init(
        present: recipe.plainness, placed: recipe.placedPlainness, denied: recipe.deniedPlainness),
      margin: recipe.margin, placeWeight: recipe.placeWeight)
  }

  /// Texts of a part that ask for something, and its radiographs.
  private struct WishedTexts {
    let captions: WishedCaptions
    let radiographs: WishedRadiographs
    let encoded: RewardObjective.Texts
  }

  private func texts(
    _ split: DatasetSplit, _ records: RadiographRecords, by writer: WishWriter, count: Int,
    _ images: DiffusionPreparation
  ) throws -> WishedTexts {
    let randomness = TrainingRandomness(seed: recipe.seed)
    let captions = try WishedCaptions(records, by: writer, count: count) {
      randomness.seed(split == .train ? .pairs : .validationPairs, step: $0)
    }
    let radiographs = try WishedRadiographs(records)
    return WishedTexts(
      captions: captions, radiographs: radiographs,
      encoded: .init(
        prompts: try images.prompts(captions, of: split, records), wishes: captions.wishes,
        isChild: captions.patients.map(radiographs.isChild)))
  }

  /// What describes a real radiograph that shows what each of some texts asks for: `[N, D]` each.
  private func descriptors(
    of texts: WishedTexts, _ chosen: [Int], _ objective: RewardObjective
  ) throws -> [Tensor] {
    let numbers = texts.radiographs.numbers(
      chosen.map { texts.captions.wishes[$0] }, patients: chosen.map { texts.captions.patients[$0] },
      seed: TrainingRandomness(seed: recipe.seed).seed(.teacherImages, step: 0))
    let batch = 32
    let described = try stride(from: 0, to: numbers.count, by: batch).map { start in
      try objective.descriptors(data.training.images(numbers[start..<min(start + batch, numbers.count)]))
    }
    return try (described.first ?? []).indices.map { number in try Tensor.cat(described.map { $0[number] }) }
  }

  /// What the classifiers of a reward say of the teacher's images, and what describes these, stored as it comes.
  private func teacherImages(
    _ objective: RewardObjective, _ texts: RewardObjective.Texts, _ chosen: [Int], _ images: DiffusionPreparation
  ) throws -> FeatureShards {
    let folder = images.cacheFolder("teacher", .train)
    let key = ContentHash.of(
      parts: [
        "descriptors", teacher.hash, "\(recipe.seed)", "\(recipe.samplingSteps)", "\(recipe.precision)",
        texts.prompts.key,
      ]
        + (try recipe.classifiers.map { try ContentHash.ofFile($0) }))
    guard group.isFirst else {
      guard let opened = FeatureShards.open(folder, key: key) else {
        throw TrainingError.otherFeatures(path: folder.path)
      }
      return opened
    }
    return try FeatureEncoding(
      plan: FeaturePlan(folder: folder, key: key, count: chosen.count, batch: 16, shardSize: 128), limits: limits,
      note: { report(.note($0)) },
      progress: { images.progress("drawing the teacher's images", $0, of: chosen.count, "images") }
    ).shards { try objective.teacherImages(Array(chosen[$0])) }
  }
}
