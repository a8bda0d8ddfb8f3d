import Foundation
import RadiographData
import RadiographModels
import RunRecords
import Support
import TensorFiles
import Testing
import Torch

@testable import Training

@Suite("Training a classifier of several labels", .serialized)
struct ClassifierStageTests {
  struct Way: Sendable, CustomTestStringConvertible {
    let settings: [String]
    /// Whether a row's loss depends on the rows that are computed with it.
    var isDivisible = true
    var testDescription: String { settings.joined(separator: " ") }

    static let all = [
      Way(settings: ["network=small", "imageSide=32"]),
      Way(settings: [
        "network=small", "imageSide=16", "balanced=true", "dropout=0.2", "rotation=5", "shift=0.03", "contrast=0.1",
      ]),
      Way(settings: [
        "network=small", "imageSide=32", "balanced=true", "labels=[Effusion, missing lung, mirrored heart]",
      ]),
      Way(settings: ["network=places", "imageSide=32", "mirror=true", "markedRepeats=3", "dropout=0.1", "shift=0.1"]),
      // Batch normalisation looks at the rows that are computed together.
      Way(settings: ["network=densenet121", "imageSide=32", "batchSize=4"], isDivisible: false),
      Way(settings: ["network=resnet50", "imageSide=32", "batchSize=4"], isDivisible: false),
    ]
  }

  private func recipe(_ settings: [String], steps: Int, batchSize: Int = 8) throws -> ClassifierStageRecipe {
    var base = ClassifierStageRecipe()
    (base.steps, base.batchSize, base.learningRate, base.emaDecay) = (steps, batchSize, 2e-3, 0.9)
    let recipe = try ConfigurationResolver.resolve(base, file: nil, settings: settings)
    try recipe.validate()
    return recipe
  }

  @Test("the loss falls, unseen images are classified rightly, and the file of the best weights does the same")
  func learning() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let objective = try ClassifierObjective(recipe(Way.all[0].settings, steps: 60), data: dataset.data())
    var cadence = Cadence()
    (cadence.validate, cadence.log) = (30, 10)
    try ToyObjective.train(objective, in: dataset.run("run"), cadence: cadence)
    let folder = RunFolder(dataset.run("run"), stage: .classifier)
    let rows = MetricsLog(folder.metrics).rows()
    let losses = rows.filter { $0.split == .training }.compactMap { $0.values[.loss] }
    #expect((losses.last ?? .infinity) < 0.7 * (losses.first ?? 0), "\(losses)")
    let last = try #require(rows.last { $0.split == .validation }).values
    #expect(last[.areaUnderROC(of: "Effusion")] ?? 0 > 0.95)
    #expect(last[.averagePrecision(of: "Effusion")] ?? 0 > 0.9)
    let areas = [last[.areaUnderROC(of: "Effusion")], last[.areaUnderROC(of: "Mass")]].compactMap { $0 }
    let mean = areas.reduce(0, +) / Double(areas.count)
    #expect(abs((last[.areaUnderROC] ?? 0) - mean) < 1e-12)

    let classifier = try LabelClassifier(contentsOf: folder.best.path)
    #expect(classifier.architecture == ClassifierArchitecture(network: .small, labels: ["Effusion", "Mass"], side: 32))
    let data = try dataset.data()
    let scores = try classifier(data.validation.images(data.validated)).doubles()
    let validated = try data.validation.records.records(data.validation.records.indices)
    let truths = validated.map { $0.attributes.state(of: "Effusion") == .positive }
    let area = RankingMetrics.areaUnderROC(data.validated.map { scores[2 * $0] }, truths)
    let best = rows.compactMap { $0.values[.areaUnderROC(of: "Effusion")] }
    #expect(best.contains { abs($0 - (area ?? 0)) < 1e-12 })
    let page = try String(contentsOf: folder.report, encoding: .utf8)
    #expect(page.contains("AUROC, Effusion"))
    #expect(FileManager.default.fileExists(atPath: folder.sample(step: 60).path))
  }

  @Test("a step is the same however it is divided", arguments: Way.all.filter(\.isDivisible))
  func slices(_ way: Way) throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    func run(_ batchSize: Int) throws -> (losses: [Double], weights: [Double]) {
      var recipe = try recipe(way.settings, steps: 4, batchSize: batchSize)
      recipe.accumulation = 8 / batchSize
      let objective = try ClassifierObjective(recipe, data: dataset.data())
      let step = try OptimizerStep(objective.trained)
      let losses = try step.losses(of: objective, steps: 0..<4)
      let weights = try step.model.weights.store.tensors().sorted { $0.key < $1.key }
      return (losses, try weights.flatMap { try $0.value.doubles() })
    }
    let (whole, parts) = (try run(8), try run(2))
    // The gradients differ by rounding alone (below); but AdamW divides each by its own size, so that a weight whose
    // gradient is nearly nothing moves as far as any other, in whichever direction rounding says. Losses that weigh 7 for 1
    // show it after three steps.
    #expect(zip(whole.losses, parts.losses).allSatisfy { abs($0 - $1) < 1e-4 })
    let differences = zip(whole.weights, parts.weights).map { abs($0 - $1) }
    #expect(differences.reduce(0, +) / Double(differences.count) < 1e-5)
  }

  @Test("the gradients of a step are the same however it is divided", arguments: Way.all.filter(\.isDivisible))
  func gradients(_ way: Way) throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let objective = try ClassifierObjective(recipe(way.settings, steps: 4), data: dataset.data())
    let store = objective.trained[0].store
    func gradients(ofStep step: Int, _ limit: Int) throws -> (loss: Double, values: [Double]) {
      var total = 0.0
      for slice in BatchSlice.slices(ofStep: step, batchSize: 8, limit: limit) {
        let loss = try objective.losses(of: objective.batch(slice), slice)[0].value * slice.share
        try loss.backward()
        total += try loss.item()
      }
      defer { try? store.clearGradients() }
      return (total, try store.trainableParameters.flatMap { try $0.value.grad?.doubles() ?? [] })
    }
    for step in 0..<3 {
      let whole = try gradients(ofStep: step, 8)
      let largest = whole.values.map(abs).max() ?? 0
      #expect(largest > 0)
      // Slices of one size, and a last one that is smaller.
      for limit in [2, 3] {
        let parts = try gradients(ofStep: step, limit)
        #expect(abs(whole.loss - parts.loss) < 1e-6 * max(1, whole.loss))
        #expect(zip(whole.values, parts.values).allSatisfy { abs($0 - $1) < 1e-5 * largest }, "slices of \(limit)")
      }
    }
  }

  @Test("a run that was stopped and resumed ends with the very bytes of one that was not", arguments: Way.all)
  func exactResume(_ way: Way) throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    func run(_ name: String, resume: Bool = false, stopAfter: Int = .max) throws -> Data {
      var cadence = Cadence()
      cadence.validate = 4
      let objective = try ClassifierObjective(recipe(way.settings, steps: 4), data: dataset.data())
      _ = try ToyObjective.train(
        objective, in: dataset.run(name), cadence: cadence, resume: resume, stopAfter: stopAfter)
      let folder = RunFolder(dataset.run(name), stage: .classifier)
      return try Data(contentsOf: folder.checkpoint(step: min(stopAfter, 4)))
    }
    let whole = try run("whole")
    _ = try run("parts", stopAfter: 2)
    #expect(try run("parts", resume: true) == whole)
    // Running means and variances are in the file as well, or it would not be read.
    _ = try LabelClassifier(contentsOf: RunFolder(dataset.run("whole"), stage: .classifier).best.path)
  }

  @Test("uncertain labels count as the setting says, and unknown ones not at all")
  func truths() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let records = try dataset.dataset.records(split: .train)
    for (setting, expected) in [("ignored", nil), ("positive", true), ("negative", false)] as [(String, Bool?)] {
      let settings = try recipe(["uncertain=\(setting)"], steps: 1).own
      for record in records {
        #expect(settings.truth("Effusion", of: record) == (record.attributes.labels["Effusion"] == .positive))
        switch record.attributes.labels["Mass"] {
        case .uncertain: #expect(settings.truth("Mass", of: record) == expected)
        case nil: #expect(settings.truth("Mass", of: record) == nil)
        case let state?: #expect(settings.truth("Mass", of: record) == (state == .positive))
        }
      }
      let part = try RadiographRecords(dataset.dataset, matching: RecordFilter(split: .train))
      let targets = try LabelTargets(["Effusion", "Mass"], of: part, settings)
      let (target, known) = try targets.tensors(Array(records.indices), device: .cpu)
      let masses = records.map { settings.truth("Mass", of: $0) }
      #expect(try known.select(dim: 1, index: 1).doubles() == masses.map { $0 == nil ? 0 : 1 })
      #expect(try target.select(dim: 1, index: 1).doubles() == masses.map { $0 == true ? 1 : 0 })
      let count = masses.count { $0 != nil }
      #expect(abs(targets.knownShare - Double(records.count + count) / Double(2 * records.count)) < 1e-12)
      let (with, without) = (masses.count { $0 == true }, masses.count { $0 == false })
      #expect(targets.ratios[1] == Double(without) / Double(with))
    }
  }

  @Test("images are corrupted as their targets say, and of a corrupted one nothing else is known")
  func corruptions() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let names = ["Effusion"] + ImageCorruption.allCases.map(\.name)
    let recipe = try recipe(["imageSide=32", "labels=[\(names.joined(separator: ", "))]"], steps: 40)
    let objective = try ClassifierObjective(recipe, data: dataset.data())
    #expect(objective.classifier.architecture.labels == names)
    let plain = try ClassifierObjective(
      self.recipe(["imageSide=32", "labels=[Effusion]"], steps: 40), data: dataset.data())
    var (corrupted, images) = (0.0, 0)
    for step in 0..<40 {
      let slice = BatchSlice(step: step, batchSize: 8, rows: 0..<8)
      let (batch, other) = (try objective.batch(slice), try plain.batch(slice))
      let (target, known) = (try batch.target_BL.doubles(), try batch.known_BL.doubles())
      let changes = try (batch.image_B1HW - other.image_B1HW).abs().amax(dim: [1, 2, 3]).doubles()
      for row in 0..<8 {
        let shown = target[row * 4 + 1..<row * 4 + 4].reduce(0, +)
        #expect(shown <= 1 && known[row * 4 + 1..<row * 4 + 4].allSatisfy { $0 == 1 })
        #expect(known[row * 4] == 1 - shown)
        if shown == 1 { #expect(changes[row] > 0) }
        if shown == 0 { #expect(target[row * 4] == (try other.target_BL.doubles()[row])) }
        corrupted += shown
        images += 1
      }
    }
    #expect(abs(corrupted / Double(images) - 3 * CorruptionDraw.share) < 0.1)
    let data = try dataset.data()
    let targets = try LabelTargets(names, of: data.training.records, recipe.own)
    #expect(targets.hasCorruptions && targets.ratios.suffix(3).allSatisfy { abs($0 - 7) < 1e-9 })
    #expect(abs(targets.knownShare - (3 + 1 - 3 * CorruptionDraw.share) / 4) < 1e-9)

    expectRefused("mirror") { try self.recipe(["labels=[mirrored heart]", "mirror=true"], steps: 1) }
    #expect(throws: Never.self) { try self.recipe(["labels=[missing lung]", "mirror=true"], steps: 1) }
  }

  @Test("the AUROC of validation is given for each source too, if several have the label")
  func sources() throws {
    let dataset = try LabelledDataset(sources: ["labelled", "others"])
    defer { dataset.remove() }
    let objective = try ClassifierObjective(recipe(["imageSide=32"], steps: 1), data: dataset.data())
    let means = try objective.validate(RankShare(rank: 0, count: 1)).means
    let data = try dataset.data()
    let records = try data.validation.records.records(data.validation.records.indices)
    #expect(Set(records.map(\.source)).count == 2)
    let keys = Set(means.keys.map(\.rawValue).filter { $0.contains("@") })
    #expect(keys.isSuperset(of: ["auroc_Effusion@labelled", "auroc_Effusion@others"]), "\(keys)")
    let scores = try objective.classifier(data.validation.images(data.validated)).doubles()
    for source in ["labelled", "others"] {
      let own = records.indices.filter { records[$0].source == source }
      let area = RankingMetrics.areaUnderROC(
        own.map { scores[2 * $0] }, own.map { records[$0].attributes.state(of: "Effusion") == .positive })
      #expect(abs((means[.areaUnderROC(of: "Effusion", source: source)] ?? 0) - (area ?? 1)) < 1e-12)
    }
    let alone = try LabelledDataset()
    defer { alone.remove() }
    let plain = try ClassifierObjective(recipe(["imageSide=32"], steps: 1), data: alone.data())
    #expect(try !plain.validate(RankShare(rank: 0, count: 1)).means.keys.contains { $0.rawValue.contains("@") })
  }

  @Test("a batch whose variance is of a single value is refused in one line, alone and divided among processes")
  func batchOfOne() throws {
    let densenet = ["network=densenet121", "imageSide=32"]
    for settings in [[], ["accumulation=4"]] {
      expectRefused("batchSize") { try recipe(densenet + settings, steps: 1, batchSize: 1) }
    }
    #expect(throws: Never.self) { try recipe(["network=densenet121", "imageSide=64"], steps: 1, batchSize: 1) }
    #expect(throws: Never.self) { try recipe(["network=small"], steps: 1, batchSize: 1) }
    let five = try recipe(densenet, steps: 1, batchSize: 5)
    #expect(throws: Never.self) { try five.requireEnoughImages(processes: 2) }
    let message =
      "batchSize cannot be 5: give 6 or more to 3 processes: with imageSide 32 the last maps of densenet121 "
      + "are of one value, and one image has no variance"
    #expect {
      try five.requireEnoughImages(processes: 3)
    } throws: {
      "\($0)" == message
    }
    // A step of the fewest images is one that can be taken.
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let two = try recipe(densenet, steps: 2, batchSize: 2)
    let objective = try ClassifierObjective(two, data: dataset.data())
    _ = try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<2)
    #expect(try objective.trained[0].store.tensors().values.allSatisfy { try $0.isEntirelyFinite })
  }

  @Test("labels that are not there are refused by name")
  func missingLabels() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let reason = "the label Hernia, which not both some images have and some have not"
    #expect(throws: TrainingError.classifierData(reason: reason)) {
      try ClassifierObjective(recipe(["labels=[Effusion, Hernia]"], steps: 1), data: dataset.data())
    }
    let alone = try ClassifierObjective(recipe(["labels=[Mass]"], steps: 1), data: dataset.data())
    #expect(alone.classifier.architecture.labels == ["Mass"])
    for (key, settings) in [
      ("imageSide", ["imageSide=8"]), ("imageSide", ["network=densenet121", "imageSide=16"]),
      ("labels", ["labels=[a, a]"]), ("dropout", ["dropout=1"]),
    ] {
      expectRefused(key) { try recipe(settings, steps: 1) }
    }
  }

  @Test("labels that no image has are refused with the nearest that there is, before a run is begun")
  func unknownLabels() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let known =
      "60 years or older, AP view, Effusion, Mass, child, doubled contour, female, lower zone, mirrored heart, missing "
      + "lung, right-sided, upper zone"
    for (label, hint) in [("Effusoin", "did you mean Effusion?"), ("Nope", "it has \(known)")] {
      let request = TrainingRequest(
        dataset: dataset.root.appendingPathComponent("dataset"), run: dataset.run("none"),
        settings: ["steps=2", "warmupSteps=0", "imageSide=16", "labels=[\(label)]"])
      let error = #expect(throws: TrainingError.self) {
        try Trainer.trainClassifier(request, shouldStop: { false }, report: { _ in })
      }
      #expect(error?.description.hasPrefix("labels names \(label), which ") == true, "\(String(describing: error))")
      #expect(error?.description.hasSuffix(hint) == true, "\(String(describing: error))")
      #expect(!FileManager.default.fileExists(atPath: dataset.run("none").path))
    }
  }

  @Test("through the door of the program: labels are found, and the page has the stage")
  func trainer() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    var request = TrainingRequest(
      dataset: dataset.root.appendingPathComponent("dataset"), run: dataset.run("run"),
      settings: ["steps=2", "batchSize=4", "warmupSteps=1", "imageSide=16", "precision=float32"])
    #expect(try Trainer.trainClassifier(request, shouldStop: { false }, report: { _ in }) == .finished(step: 2))
    let folder = RunFolder(dataset.run("run"), stage: .classifier)
    #expect(try LabelClassifier(contentsOf: folder.best.path).architecture.labels == ["Effusion", "Mass"])
    request.settings = []
    request.options.resume = true
    #expect(try Trainer.trainClassifier(request, shouldStop: { false }, report: { _ in }) == .finished(step: 2))
  }

  @Test("an autoencoder is held to the features of a classifier that was trained so")
  func perceptual() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let classifier = try ClassifierObjective(recipe(Way.all[1].settings, steps: 1), data: dataset.data())
    let path = dataset.root.appendingPathComponent("classifier.safetensors").path
    try SafetensorsWriter.write(
      classifier.trained[0].store.tensors(), metadata: classifier.classifier.metadata(), to: path)
    let recipe = try ConfigurationResolver.resolve(
      TinyDataset.recipe(steps: 100), file: nil,
      settings: ["perceptualWeight=1", "perceptualNetwork=\(path)", "learningRate=3e-3"])
    let objective = try AutoencoderObjective(recipe, architecture: TinyDataset.autoencoder, data: dataset.data())
    let step = try OptimizerStep(objective.trained)
    let distances = try (0..<100).map { number in
      guard case .taken(let values) = try step(objective, step: number) else { throw NotFinite(quantity: .loss) }
      return values[.perceptual] ?? .nan
    }
    let (early, late) = (distances.prefix(8).reduce(0, +), distances.suffix(8).reduce(0, +))
    #expect(late < 0.9 * early, "\(early) to \(late)")
  }

  @Test("a mirrored image is on the other side, in the labels too, and a trait can be asked for by name")
  func mirroredSides() throws {
    let targets = LabelTargets(
      ["Effusion", ImageTrait.rightSided.name], truths: [true, true, true, false, false, nil])
    let (plain, known) = try targets.tensors([0, 1, 2], device: .cpu)
    let (mirrored, alsoKnown) = try targets.tensors([0, 1, 2], mirrored: [true, true, true], device: .cpu)
    #expect(try plain.floats() == [1, 1, 1, 0, 0, 0])
    #expect(try mirrored.floats() == [1, 0, 1, 1, 0, 0])
    #expect(try known.floats() == [1, 1, 1, 1, 1, 0] && alsoKnown.floats() == [1, 1, 1, 1, 1, 0])
    #expect(try targets.tensors([0, 1], mirrored: [false, true], device: .cpu).target_BL.floats() == [1, 1, 1, 1])

    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    try recipe(["labels=[right-sided]"], steps: 1).own.requireNames(in: dataset.dataset)
  }

  @Test("a network of places learns from boxes where a label is seen, on unseen images as well")
  func places() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    let settings = ["network=places", "imageSide=32", "mirror=true", "markedRepeats=2", "shift=0.1", "labels=[Mass]"]
    let objective = try ClassifierObjective(recipe(settings, steps: 80), data: dataset.data())
    var cadence = Cadence()
    cadence.validate = 80
    try ToyObjective.train(objective, in: dataset.run("run"), cadence: cadence)
    let classifier = try LabelClassifier(contentsOf: RunFolder(dataset.run("run"), stage: .classifier).best.path)
    let validation = try dataset.data().validation
    let marked = try validation.records.records(validation.records.indices).enumerated().compactMap { index, record in
      record.attributes.findings.first.map { (index: index, center: $0.box.x + $0.box.width / 2) }
    }
    let maps_BLhw = try withoutGradients { try classifier.activationMaps(validation.images(marked.map(\.index))) }
    #expect(maps_BLhw.shape == [marked.count, 1, 4, 4])
    let columns = try maps_BLhw.exp().sum(dim: [1, 2]).argmax(dim: 1).int64s()
    // The column of places that has most of the mass, or one beside it.
    let near = zip(marked, columns).count { abs($0.center * 4 - (Double($1) + 0.5)) < 1 }
    #expect(marked.count > 10 && Double(near) / Double(marked.count) > 0.85, "\(near) of \(marked.count)")
    #expect(Set(columns).count > 2)
  }

  @Test("a box counts where it lies in the changed image, and elsewhere only what is known not to be there")
  func placeTargets() throws {
    func finding(_ name: String, _ annotator: String, _ box: ImageBox) -> ImageFinding {
      ImageFinding(name: name, origin: .people, annotator: annotator, box: box)
    }
    let quarter = ImageBox(x: 0, y: 0, width: 0.5, height: 0.5)
    let small = ImageBox(x: 0.6, y: 0.6, width: 0.1, height: 0.1)
    let truths = LabelTargets(["Mass", "Effusion"], truths: [true, false, true, true, false, nil, true, nil])
    let targets = PlaceTargets(
      truths,
      findings: [
        [finding("Mass", "nih-boxes", quarter), finding("Nothing asked for", "nih-boxes", small)],
        [finding("Mass", ImageFinding.chestXDet, small)], [], [],
      ])
    #expect(targets.markedCount == 2 && targets.isMarked(1) && !targets.isMarked(2))
    let (target, weight) = try targets.tensors([0, 1, 2, 3], side: 2, device: .cpu) { row, box in
      row == 0 ? box.mirrored : box
    }
    let shown = try target.floats()
    // Mirrored; a small one fills its place; of the others nothing is there.
    #expect(shown[0..<4] == [0, 1, 0, 0] && shown[8..<12] == [0, 0, 0, 1] && shown.reduce(0, +) == 2)
    let counted = try weight.floats()
    #expect(counted[0..<8] == [0.25, 1, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25])
    // All masses of the second are marked; its effusion, and the mass of the last, may be anywhere.
    #expect(counted[8..<16] == [1, 1, 1, 1, 0, 0, 0, 0])
    #expect(counted[16..<32] == [0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test("places cannot be learned without boxes, nor with corruptions")
  func withoutPlaces() throws {
    let dataset = try LabelledDataset()
    defer { dataset.remove() }
    #expect(throws: TrainingError.self) {
      _ = try ClassifierObjective(recipe(["network=places", "labels=[Effusion]"], steps: 1), data: dataset.data())
    }
    #expect(throws: TrainingError.self) { _ = try recipe(["network=places", "labels=[missing lung]"], steps: 1) }
    #expect(throws: TrainingError.self) { _ = try recipe(["placeWeight=-1"], steps: 1) }
    #expect(throws: TrainingError.self) { _ = try recipe(["markedRepeats=0"], steps: 1) }
  }
}
