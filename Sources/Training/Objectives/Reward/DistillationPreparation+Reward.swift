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
    let classifiers = try recipe.classifiers.map { try LabelClassifier(contentsOf: $0, device: device) }
    let labels = ClassifierReward.labels(of: classifiers)
    let writer = try WishWriter.standard(labels: labels)
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
    let pictures = try pictures(images, autoencoder)
    let drawing = try RewardDrawing(
      recipe, pictures.description, teacher: teacher, autoencoder: autoencoder, classifiers: classifiers,
      device: device)
    // At equal distances, since patients lie source by source.
    let chosen = training.captions.wishes.indices.evenlySpaced(recipe.comparedImages)
    let known = try KnownImages(
      asked: chosen.map { training.encoded.wishes[$0].statements }, groups: chosen.map { training.encoded.groups[$0] },
      real_ND: descriptors(of: training, chosen, drawing),
      teacher: teacherImages(drawing, training.encoded, chosen, images), classifiers: classifiers.count)
    return RewardObjective(
      recipe, drawing, reward: try reward(classifiers, known),
      moments: try GroupedMoments(
        real_ND: known.real_ND, teacher_ND: known.teacherDescriptors_ND, asked: known.asked, groups: known.groups,
        labels: labels, device: device),
      training: training.encoded, validation: validation.encoded, pictures: pictures)
  }

  /// The classifiers, and what each says of real radiographs, and of images of the teacher.
  private func reward(_ classifiers: [LabelClassifier], _ known: KnownImages) throws -> ClassifierReward {
    let examples = try ExampleRadiographs(data.training, labels: ClassifierReward.labels(of: classifiers))
    return ClassifierReward(
      judges: try zip(classifiers, known.teacherOdds_NL).map { classifier, odds_NL in
        let labels = classifier.architecture.labels
        return .init(
          classifier: classifier, real: try RealOdds(classifier, of: examples, device: device),
          drawn: LabelOdds(
            try odds_NL.rows(), signs: ClassifierReward.signs(known.asked, labels), labels: labels.count))
      },
      plainness: .init(
        present: recipe.plainness, placed: recipe.placedPlainness, denied: recipe.deniedPlainness),
      margin: recipe.margin, placeWeight: recipe.placeWeight)
  }

  /// Texts of a part that ask for something, and its radiographs.
  private struct WishedTexts {
    let captions: WishedCaptions
    let radiographs: WishedRadiographs
    let encoded: RewardTexts
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
        groups: zip(captions.wishes, captions.patients).map(radiographs.group)))
  }

  /// What describes a real radiograph that shows what each of some texts asks for, as the autoencoder gives it back: what that
  /// cannot draw is not asked for. `[N, D]` each.
  private func descriptors(of texts: WishedTexts, _ chosen: [Int], _ drawing: RewardDrawing) throws -> [Tensor] {
    let numbers = texts.radiographs.numbers(
      chosen.map { texts.captions.wishes[$0] }, patients: chosen.map { texts.captions.patients[$0] },
      seed: TrainingRandomness(seed: recipe.seed).seed(.teacherImages, step: 0))
    let batch = 32
    let described = try stride(from: 0, to: numbers.count, by: batch).map { start in
      let image_B1HW = try data.training.images(numbers[start..<min(start + batch, numbers.count)])
      return try withoutGradients { try drawing.judged(drawing.reconstructed(image_B1HW)) }.descriptors.map {
        try $0.values_BD.to(.float32).to(.cpu)
      }
    }
    return try (described.first ?? []).indices.map { number in try Tensor.cat(described.map { $0[number] }) }
  }

  /// What is known of some texts of the training part: of a real radiograph that shows what each asks for, and of the image that the
  /// teacher draws of it.
  private struct KnownImages {
    let asked: [[PromptStatement]]
    let groups: [ImageGroup]
    /// What describes the real ones, and the teacher's.
    let (real_ND, teacherDescriptors_ND): ([Tensor], [Tensor])
    /// What each classifier says of the teacher's.
    let teacherOdds_NL: [Tensor]

    /// - Parameter teacher: By ``oddsName(_:)`` and ``descriptorName(_:)``.
    init(
      asked: [[PromptStatement]], groups: [ImageGroup], real_ND: [Tensor], teacher: FeatureShards, classifiers: Int
    ) throws {
      let rows = Array(asked.indices)
      (self.asked, self.groups, self.real_ND) = (asked, groups, real_ND)
      teacherDescriptors_ND = try real_ND.indices.map { try teacher.rows(Self.descriptorName($0), of: rows) }
      teacherOdds_NL = try (0..<classifiers).map { try teacher.rows(Self.oddsName($0), of: rows) }
    }

    static func oddsName(_ number: Int) -> String { "odds.\(number)" }
    static func descriptorName(_ number: Int) -> String { "descriptors.\(number)" }
  }

  /// What the classifiers of a reward say of the teacher's images, and what describes these, stored as it comes.
  private func teacherImages(
    _ drawing: RewardDrawing, _ texts: RewardTexts, _ chosen: [Int], _ images: DiffusionPreparation
  ) throws -> FeatureShards {
    let folder = images.cacheFolder("teacher", .train)
    let key = ContentHash.of(
      parts: [
        "descriptors", teacher.hash, "\(recipe.seed)", "\(recipe.samplingSteps)", "\(recipe.precision)",
        "\(chosen.count)", texts.prompts.key,
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
    ).shards { try teacherImages(drawing, texts, Array(chosen[$0])) }
  }

  /// What is stored of some texts.
  private func teacherImages(_ drawing: RewardDrawing, _ texts: RewardTexts, _ chosen: [Int]) throws -> [String: Tensor]
  {
    let randomness = TrainingRandomness(seed: recipe.seed)
    let batch = try texts.batch(
      chosen, BatchSlice(step: chosen[0], batchSize: chosen.count, rows: 0..<chosen.count),
      latentShape: drawing.latentShape, generator: randomness.generator(.teacherImages, step: chosen[0]),
      device: device)
    let image_B1HW = try drawing.teacherImage(
      batch, taught: drawing.teacherText(batch),
      freshNoise: chosen.map { try randomness.generator(.teacherImagesNoise, step: $0) })
    let images = try withoutGradients { try drawing.judged(image_B1HW) }
    let named =
      images.odds.enumerated().map { (KnownImages.oddsName($0), $1.logits_BL) }
      + images.descriptors.enumerated().map { (KnownImages.descriptorName($0), $1.values_BD) }
    return try Dictionary(uniqueKeysWithValues: named).mapValues { try $0.to(.float32).to(.cpu) }
  }
}
