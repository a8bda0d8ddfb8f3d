import Diffusion
import Foundation
import Models
import RadiographData
import RunRecords
import Support
import TensorFiles
import TestSupport
import Testing
import Torch
import TorchNN

@testable import RadiographModels
@testable import Training

@Suite("Moving a model to where classifiers see what texts ask for", .serialized)
struct RewardTests {
  private static func fixture() throws -> [String: Tensor] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try SafetensorsFile(path: tests.appendingPathComponent("Fixtures/reward.safetensors").path).loadTensors()
  }

  @Test("what falls short, and its gradient, are PyTorch's")
  func reference() throws {
    let expected = try Self.fixture()
    func value(_ name: String) throws -> Tensor { try #require(expected[name]) }
    let (maps, logits) = (try value("maps"), try value("logits"))
    try maps.setRequiresGrad(true)
    try logits.setRequiresGrad(true)
    let odds = try PlaceOdds(logits_BL: logits, maps_BLhw: maps)
    func expectClose(_ tensor: Tensor?, _ name: String) throws {
      let error = try (#require(tensor).detach() - value(name)).abs().max().item()
      #expect(error < 1e-12, "\(name): \(error)")
    }
    try expectClose(odds.rightward_BL, "rightward")
    try expectClose(odds.upward_BL, "upward")
    // The statements of Tools/reference/reward.py: the labels a to e in the order of its columns.
    let asked: [[PromptStatement]] = [
      [
        // Named twice: once with its side, once with its zone.
        PromptStatement(name: "a", isPresent: true, zones: [.lower]),
        PromptStatement(name: "a", isPresent: true, side: .right),
        PromptStatement(name: "c", isPresent: false),
      ],
      [
        PromptStatement(name: "b", isPresent: true, side: .left, zones: [.upper]),
        PromptStatement(name: "c", isPresent: true, side: .right, zones: [.upper, .middle]),
        PromptStatement(name: "e", isPresent: false, side: .left),
      ],
      [PromptStatement(name: "unknown", isPresent: true, side: .right)],
      [
        PromptStatement(name: "a", isPresent: true, side: .bilateral, zones: [.upper]),
        PromptStatement(name: "d", isPresent: false),
        PromptStatement(name: "e", isPresent: true, side: .left),
      ],
    ]
    // Of the last label there are no images: the margin is wanted.
    func numbers(_ name: String) throws -> [[Double]] {
      let tensor = try value(name)
      let (values, count) = (try tensor.doubles(), tensor.shape[1])
      return (0..<5).map { $0 == 4 ? [] : values[$0 * count..<($0 + 1) * count].sorted() }
    }
    let shortfall_B = try ClassifierReward(
      judges: [], plainness: .init(present: 0.4, placed: 0.75, denied: 0.6), margin: 1.5, placeWeight: 0.8
    ).shortfall(
      of: JudgeOdds(logits_BL: odds.logits_BL, places: odds), before: value("before").rows(), asked: asked,
      labels: ["a", "b", "c", "d", "e"],
      real: RealOdds(
        labels: LabelOdds(present: numbers("present"), absent: numbers("absent")), usualHeight_1L: value("usual")),
      drawn: LabelOdds(present: numbers("drawn_present"), absent: numbers("drawn_absent")))
    try expectClose(shortfall_B, "shortfall")
    try (shortfall_B * Tensor([1, -0.5, 2, 0.7] as [Double], shape: [4])).sum().backward()
    try expectClose(maps.grad, "maps.gradient")
    try expectClose(logits.grad, "logits.gradient")
  }

  @Test("corruptions are to be absent of every image")
  func corruptions() {
    let labels = ["Effusion", ImageCorruption.missingLung.name]
    let asked = [[], [PromptStatement(name: "Effusion", isPresent: true)]]
    #expect(ClassifierReward.signs(asked, labels) == [[0, -1], [1, -1]])
  }

  /// Corruptions are to be absent whatever the text: that even a tiny network learns in a few steps.
  private static let labels = ["Effusion", "Pneumonia"] + ImageCorruption.allCases.map(\.name)

  /// Writes a network of places with random weights, as sure as a trained one.
  private func classifier(in root: URL, seed: UInt64 = 3) throws -> URL {
    let architecture = ClassifierArchitecture(network: .places, labels: Self.labels, side: 16)
    let store = ParameterStore(generator: try Generator(seed: seed))
    let classifier = try LabelClassifier(store.root, architecture)
    var tensors = try store.tensors()
    // Sure of what it sees, so that little has to change.
    tensors["output.weight"] = try tensors["output.weight"].map { try $0 * 20 }
    let file = root.appendingPathComponent("places.safetensors")
    try BestWeights(tensors: tensors, metadata: classifier.metadata()).write(to: file)
    return file
  }

  private func objective(
    _ settings: [String] = [], steps: Int, batchSize: Int = 4, _ root: URL, _ dataset: TinyDataset
  ) throws -> RewardObjective {
    var base = DistillationRecipe()
    (base.steps, base.batchSize, base.accumulation) = (steps, batchSize, 4 / batchSize)
    (base.learningRate, base.warmupSteps, base.gradientClip) = (5e-4, min(2, steps), 1)
    base.teacher = root.appendingPathComponent("teacher").path
    base.textEncoder = root.appendingPathComponent("encoders/tiny").path
    (base.method, base.samplingSteps, base.wishes) = (.reward, 3, 24)
    base.classifiers = [try classifier(in: root).path]
    let recipe = try ConfigurationResolver.resolve(base, file: nil, settings: settings)
    try recipe.validate()
    let folder = RunFolder(dataset.run("rewarded"), stage: .distillation)
    try folder.create()
    let made = try DistillationPreparation(
      recipe: recipe, teacher: Teacher(recipe.teacher, architecture: TinyRun.architecture), data: dataset.data(),
      folder: folder, device: .cpu, limits: RunLimits { false }, report: { _ in }
    ).objective()
    return try #require(made as? RewardObjective)
  }

  /// A dataset, and beside it a model that is drawn without guidance.
  private func withTeacher<Value>(_ body: (URL, TinyDataset) throws -> Value) throws -> Value {
    let dataset = try TinyDataset(copying: TinyRun.trained())
    defer { dataset.remove() }
    let export = try RunExport(
      run: dataset.run("run"), name: "teacher", licence: "none", architecture: TinyRun.architecture)
    var description = export.description
    description.sampling = SamplingSettings(steps: 3, guidance: 1, sampler: .dpmSolver)
    try ModelFolder.write(
      description, weights: export.weights, card: export.card(), dtype: .float32, to: dataset.run("teacher").path)
    return try body(dataset.root, dataset)
  }

  @Test("less falls short after some steps; the teacher and real radiographs hold the student back by their weights")
  func learning() throws {
    try withTeacher { root, dataset in
      var (after, moments): ([[Metric: Double]], Double) = ([], 0)
      for (weight, momentWeight) in [(0, 0), (1000, 0), (0, 10_000)] {
        let objective = try objective(
          ["teacherWeight=\(weight)", "momentWeight=\(momentWeight)"], steps: 160, root, dataset)
        func measured() throws -> [Metric: Double] {
          try withoutGradients { try objective.validate(RankShare()).means }
        }
        let before = try measured()
        #expect(before[.drift] == 0 && before[.shortfall] ?? 0 > 0.1, "\(before)")
        moments = before[.moments] ?? 0
        _ = try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<160)
        after.append(try measured())
        if after.count == 1 {
          #expect(after[0][.shortfall] ?? .infinity < 0.9 * (before[.shortfall] ?? 0), "\(before) \(after)")
        }
      }
      #expect(after[1][.drift] ?? .infinity < 0.5 * (after[0][.drift] ?? 0), "\(after)")
      #expect(after[1][.shortfall] ?? 0 > after[0][.shortfall] ?? .infinity, "\(after)")
      let held = after[2][.moments] ?? .infinity
      #expect(held < moments && held < 0.9 * (after[0][.moments] ?? 0), "\(moments) \(after)")
    }
  }

  @Test("the gradient goes through all steps of the sampler, the decoder and the classifiers")
  func gradient() throws {
    try withTeacher { root, dataset in
      let objective = try objective(steps: 1, root, dataset)
      let slice = BatchSlice(step: 0, batchSize: 4, rows: 0..<4)
      let batch = try objective.batch(slice)
      let parameters = objective.trained[0].store.trainableParameters
      func loss() throws -> Double { try withoutGradients { try objective.losses(of: batch, slice)[0].value.item() } }
      // A step aside, where the distance from the teacher has a slope.
      let generator = try Generator(seed: 9)
      let directions = try parameters.map { try Tensor.randn($0.shape, generator: generator) }
      func move(_ length: Double) throws {
        try withoutGradients {
          for (parameter, direction) in zip(parameters, directions) {
            try parameter.value.copyInPlace(parameter.value + direction * length)
          }
        }
      }
      try move(2e-3)
      try objective.losses(of: batch, slice)[0].value.backward()
      let slope = try zip(parameters, directions).reduce(0) { sum, pair in
        guard let gradient = try pair.0.value.grad else { return sum }
        return try sum + (gradient * pair.1).sum().item()
      }
      let length = 1e-4
      try move(length)
      let above = try loss()
      try move(-2 * length)
      let difference = (above - (try loss())) / (2 * length)
      #expect(abs(slope - difference) < 0.02 * abs(slope), "\(slope) and \(difference)")
      #expect(abs(slope) > 1e-2)
    }
  }

  @Test("a step is the same however it is divided")
  func slices() throws {
    try withTeacher { root, dataset in
      func losses(_ batchSize: Int) throws -> [Double] {
        let objective = try objective(steps: 2, batchSize: batchSize, root, dataset)
        return try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<2)
      }
      let (whole, parts) = (try losses(4), try losses(1))
      #expect(zip(whole, parts).allSatisfy { abs($0 - $1) < 1e-4 * max(1, $0) }, "\(whole) \(parts)")
    }
  }

  @Test("stopped and resumed, a run ends as one that was not; what is exported is drawn as it was rewarded")
  func resumed() throws {
    try withTeacher { root, _ in
      let classifier = try classifier(in: root)
      func train(_ name: String, resume: Bool = false, stopAt stop: Int = .max) throws -> LoopOutcome {
        var options = LoopOptions()
        options.resume = resume
        let settings = [
          "steps=4", "batchSize=4", "precision=float32", "cadence.checkpoint=2", "cadence.validate=4", "method=reward",
          "teacher=\(root.appendingPathComponent("teacher").path)",
          "textEncoder=\(root.appendingPathComponent("encoders/tiny").path)", "classifiers=[\(classifier.path)]",
          "wishes=96",
          "samplingSteps=2",
        ]
        let request = TrainingRequest(
          dataset: root.appendingPathComponent("dataset"), run: root.appendingPathComponent(name),
          settings: resume ? [] : settings, options: options)
        var done = 0
        return try Trainer.trainDistillation(
          request, architecture: TinyRun.architecture, shouldStop: { done >= stop },
          report: { if case .progress(let work) = $0, work.activity == "training" { done = work.done } })
      }
      #expect(try train("whole") == .finished(step: 4))
      #expect(try train("parts", stopAt: 3) == .stopped(step: 3))
      // Not with another classifier.
      let weights = try Data(contentsOf: classifier)
      try FileManager.default.removeItem(at: classifier)
      _ = try self.classifier(in: root, seed: 4)
      #expect(throws: TrainingError.classifierChanged(path: classifier.path)) { try train("parts", resume: true) }
      try weights.write(to: classifier)
      #expect(try train("parts", resume: true) == .finished(step: 4))
      func best(_ name: String) throws -> Data {
        let folder = root.appendingPathComponent(name)
        return try Data(contentsOf: RunFolder(folder, stage: .distillation).best)
      }
      #expect(try best("whole") == best("parts"))
      let export = try RunExport(
        run: root.appendingPathComponent("whole"), name: "x", licence: "none", architecture: TinyRun.architecture)
      #expect(export.description.sampling.steps == 2 && export.description.sampling.guidance == 1)
      #expect(export.description.training["distillation"] == "reward")
    }
  }

  /// Whether a step with some settings can be prepared.
  private func prepare(_ settings: String, _ root: URL, _ dataset: TinyDataset) throws {
    _ = try objective([settings], steps: 1, root, dataset)
  }

  @Test(
    "a reward without classifiers, for another method, or with settings that mean nothing is refused",
    arguments: [
      ("classifiers", "classifiers=[]"), ("classifiers", "method=guidance"), ("margin", "margin=-1"),
      ("placeWeight", "placeWeight=-1"), ("plainness", "plainness=1.1"),
      ("placedPlainness", "placedPlainness=-0.1"), ("deniedPlainness", "deniedPlainness=2"),
      ("teacherWeight", "teacherWeight=1e9"),
      ("momentWeight", "momentWeight=-1"), ("wishes", "wishes=0"),
      ("comparedImages", "comparedImages=0"), ("rememberedImages", "rememberedImages=-1"),
      ("teacher", "teacher=RUN"),
    ])
  func refused(key: String, setting: String) throws {
    try withTeacher { root, dataset in
      let setting = setting.replacing("RUN", with: dataset.run("run").path)
      expectRefused(key) { try prepare(setting, root, dataset) }
    }
  }

  @Test("files that are no classifiers, or of nothing that prompts name, are refused")
  func refusedFiles() throws {
    try withTeacher { root, dataset in
      #expect(throws: FileAccessError.self) { try prepare("classifiers=[/nowhere.safetensors]", root, dataset) }
      let unet = root.appendingPathComponent("run/diffusion/checkpoints/best.safetensors")
      #expect(throws: ClassifierFileError.self) { try prepare("classifiers=[\(unet.path)]", root, dataset) }
      let traits = try traitsClassifier(in: root)
      expectRefused("classifiers") { try prepare("classifiers=[\(traits.path)]", root, dataset) }
    }
  }

  /// Writes a classifier that knows no finding.
  private func traitsClassifier(in root: URL) throws -> URL {
    let file = root.appendingPathComponent("traits.safetensors")
    let store = ParameterStore(generator: try Generator(seed: 3))
    let classifier = try LabelClassifier(
      store.root, ClassifierArchitecture(network: .small, labels: ["female", "No Finding"], side: 16))
    try BestWeights(tensors: store.tensors(), metadata: classifier.metadata()).write(to: file)
    return file
  }
}
