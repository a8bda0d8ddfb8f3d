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
      real: radiographs(drawing, training, chosen, images),
      teacher: teacherImages(drawing, training.encoded, chosen, images), classifiers: classifiers.count)
    return RewardObjective(
      recipe, drawing, reward: try reward(classifiers, known),
      moments: try GroupedMoments(
        real_ND: known.real_ND, teacher_ND: known.teacherDescriptors_ND, asked: known.asked, groups: known.groups,
        labels: labels, remembered: recipe.rememberedImages, device: device),
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
  /// cannot draw is not asked for.
  private func radiographs(
    _ drawing: RewardDrawing, _ texts: WishedTexts, _ chosen: [Int], _ images: DiffusionPreparation
  ) throws -> FeatureShards {
    let numbers = texts.radiographs.numbers(
      chosen.map { texts.captions.wishes[$0] }, patients: chosen.map { texts.captions.patients[$0] },
      seed: TrainingRandomness(seed: recipe.seed).seed(.teacherImages, step: 0))
    return try known(
      "radiographs", of: texts.encoded, numbers, batch: 32, doing: "looking at real radiographs", images
    ) { numbers in
      let image_B1HW = try data.training.images(ArraySlice(numbers))
      return KnownImages.named(try withoutGradients { try drawing.judged(drawing.reconstructed(image_B1HW)) })
    }
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

    /// - Parameters:
    ///   - real: What ``named(_:)`` gives of the real ones.
    ///   - teacher: The same of the teacher's.
    init(
      asked: [[PromptStatement]], groups: [ImageGroup], real: FeatureShards, teacher: FeatureShards, classifiers: Int
    ) throws {
      let rows = Array(asked.indices)
      func descriptors(_ shards: FeatureShards) throws -> [Tensor] {
        let count = shards.names.count { $0.hasPrefix("descriptors.") }
        return try (0..<count).map { try shards.rows(Self.descriptorName($0), of: rows) }
      }
      (self.asked, self.groups) = (asked, groups)
      (real_ND, teacherDescriptors_ND) = (try descriptors(real), try descriptors(teacher))
      teacherOdds_NL = try (0..<classifiers).map { try teacher.rows(Self.oddsName($0), of: rows) }
    }

    /// What is stored of images.
    static func named(_ images: JudgedImages) -> [String: Tensor] {
      let named =
        images.odds.enumerated().map { (oddsName($0), $1.logits_BL) }
        + images.descriptors.enumerated().map { (descriptorName($0), $1.values_BD) }
      return Dictionary(uniqueKeysWithValues: named)
    }

    private static func oddsName(_ number: Int) -> String { "odds.\(number)" }
    private static func descriptorName(_ number: Int) -> String { "descriptors.\(number)" }
  }

  /// What the classifiers of a reward say of the teacher's images, and what describes these.
  private func teacherImages(
    _ drawing: RewardDrawing, _ texts: RewardTexts, _ chosen: [Int], _ images: DiffusionPreparation
  ) throws -> FeatureShards {
    let randomness = TrainingRandomness(seed: recipe.seed)
    return try known("teacher", of: texts, chosen, batch: 16, doing: "drawing the teacher's images", images) { chosen in
      let batch = try texts.batch(
        chosen, BatchSlice(step: chosen[0], batchSize: chosen.count, rows: 0..<chosen.count),
        latentShape: drawing.latentShape, generator: randomness.generator(.teacherImages, step: chosen[0]),
        device: device)
      let image_B1HW = try drawing.teacherImage(
        batch, taught: drawing.teacherText(batch),
        freshNoise: chosen.map { try randomness.generator(.teacherImagesNoise, step: $0) })
      return KnownImages.named(try withoutGradients { try drawing.judged(image_B1HW) })
    }
  }

  /// What is known of images, one for each of some texts, stored as it comes.
  ///
  /// - Parameters:
  ///   - name: The folder in the cache.
  ///   - numbers: Of texts or of radiographs, an image each.
  ///   - activity: What is done, as in "drawing images".
  ///   - make: The tensors of some of these numbers.
  private func known(
    _ name: String, of texts: RewardTexts, _ numbers: [Int], batch: Int, doing activity: String,
    _ images: DiffusionPreparation, make: ([Int]) throws -> [String: Tensor]
  ) throws -> FeatureShards {
    let folder = images.cacheFolder(name, .train)
    let key = ContentHash.of(
      parts: [
        name, teacher.hash, "\(recipe.seed)", "\(recipe.samplingSteps)", "\(recipe.precision)",
        "\(recipe.detailAmount) \(recipe.detailFineDeviation) \(recipe.detailCoarseDeviation)", "\(numbers)",
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
      plan: FeaturePlan(folder: folder, key: key, count: numbers.count, batch: batch, shardSize: 128), limits: limits,
      note: { report(.note($0)) },
      progress: { images.progress(activity, $0, of: numbers.count, "images") }
    ).shards { try make(Array(numbers[$0])).mapValues { try $0.to(.float32).to(.cpu) } }
  }
}
