import Diffusion
import Foundation
import Models
import RadiographModels
import RunRecords
import Testing
import Torch

@testable import Training

@Suite("Distilling a diffusion model", .serialized)
struct DistillationTests {
  struct Way: Sendable, CustomTestStringConvertible {
    let settings: [String]
    var testDescription: String { settings.joined(separator: " ") }

    static let all = [
      Way(settings: ["method=guidance", "guidance=3"]),
      Way(settings: ["method=guidance"]),
      Way(settings: ["method=reflow", "guidance=2", "pairs=24", "teacherSteps=2"]),
      Way(settings: ["method=guidance", "guidance=20", "guidanceFrom=opposites", "promptsPerImage=2"]),
      Way(settings: ["method=reflow", "guidance=2", "guidanceFrom=opposites", "pairs=24", "teacherSteps=2"]),
    ]
  }

  /// A dataset, and a run on it with a trained autoencoder and diffusion model.
  private func withTeacher<Value>(_ body: (TinyDataset, TinyRun) throws -> Value) throws -> Value {
    let dataset = try TinyDataset(copying: TinyRun.trained())
    defer { dataset.remove() }
    return try body(dataset, TinyRun(root: dataset.root))
  }

  private func objective(
    _ settings: [String], steps: Int, batchSize: Int = 8, _ dataset: TinyDataset, _ run: TinyRun
  ) throws -> DistillationObjective {
    var base = DistillationRecipe()
    (base.steps, base.batchSize, base.accumulation) = (steps, batchSize, 8 / batchSize)
    (base.learningRate, base.warmupSteps, base.teacher) = (5e-4, min(10, steps), run.run.path)
    let recipe = try ConfigurationResolver.resolve(base, file: nil, settings: settings)
    try recipe.validate()
    let folder = RunFolder(dataset.run("student"), stage: .distillation)
    try folder.create()
    let objective = try DistillationPreparation(
      recipe: recipe, teacher: Teacher(recipe.teacher, architecture: TinyRun.architecture), data: dataset.data(),
      folder: folder, device: .cpu, limits: RunLimits { false }, report: { _ in }
    ).objective()
    return try #require(objective as? DistillationObjective)
  }

  @Test("a scale alone leaves all else of the teacher's guidance, and details are the recipe's or the teacher's")
  func settings() throws {
    let own = SamplingSettings(
      steps: 12, guidance: 6, guidanceRescale: 0.7, guidanceInterval: 0.3...0.9, guidanceFrom: .opposites,
      sampler: .dpmSolver)
    var settings = DistillationSettings()
    settings.teacher = "run"
    #expect(settings.teacherSampling(own) == own && settings.detailGain == nil)
    settings.guidanceScale = 7.5
    try settings.validate()
    var expected = own
    expected.guidance = 7.5
    #expect(settings.teacherSampling(own) == expected)
    settings.guidance = 3
    try settings.validate()
    #expect(settings.teacherSampling(own) == SamplingSettings(steps: 12, guidance: 3, sampler: .dpmSolver))
    (settings.guidance, settings.guidanceScale) = (0, -1)
    #expect(throws: TrainingError.self) { try settings.validate() }
    (settings.guidanceScale, settings.detailAmount) = (0, 0.9)
    try settings.validate()
    #expect(settings.detailGain == DetailGain(amount: 0.9))
    settings.detailCoarseDeviation = 0.5
    #expect(throws: TrainingError.self) { try settings.validate() }
  }

  // Not with the teacher's own scale of 10, which amplifies what eight steps of training have made of texts: nothing that
  // eighty steps could learn.
  @Test("the student comes nearer to its teacher", arguments: [Way.all[0], Way.all[2]])
  func learning(_ way: Way) throws {
    try withTeacher { (dataset: TinyDataset, run: TinyRun) throws in
      let objective = try objective(way.settings, steps: 80, dataset, run)
      // Over the same times and noise: guidance acts in some of a step's rows, now in more and now in fewer.
      func loss() throws -> Double {
        try withoutGradients { try #require(objective.validate(RankShare()).means[.loss]) }
      }
      let early = try loss()
      _ = try OptimizerStep(objective.trained).losses(of: objective, steps: 0..<80)
      let late = try loss()
      #expect(late < 0.9 * early, "\(early) to \(late)")
    }
  }

  @Test("a step is the same however it is divided", arguments: Way.all)
  func slices(_ way: Way) throws {
    try withTeacher { (dataset: TinyDataset, run: TinyRun) throws in
      func train(_ batchSize: Int) throws -> (losses: [Double], weights: [Double]) {
        let objective = try objective(way.settings, steps: 3, batchSize: batchSize, dataset, run)
        let step = try OptimizerStep(objective.trained)
        let losses = try step.losses(of: objective, steps: 0..<3)
        return (losses, try step.state().tensors.sorted { $0.key < $1.key }.flatMap { try $0.value.doubles() })
      }
      let (whole, parts) = (try train(8), try train(2))
      #expect(zip(whole.losses, parts.losses).allSatisfy { abs($0 - $1) < 1e-5 * max(1, $0) })
      let differences = zip(whole.weights, parts.weights).map { abs($0 - $1) }
      #expect(differences.reduce(0, +) / Double(differences.count) < 1e-5)
    }
  }

  @Test("the target is the teacher's output with its guidance; without guidance the student has nothing to learn")
  func target() throws {
    try withTeacher { (dataset: TinyDataset, run: TinyRun) throws in
      let slice = BatchSlice(step: 0, batchSize: 8, rows: 0..<8)
      let plain = try objective(["guidance=1"], steps: 1, dataset, run)
      #expect(try plain.losses(of: plain.batch(slice), slice)[0].value.item() < 1e-12)
      // Guidance is linear in its scale: u + s (c - u).
      let outputs = try [1, 2, 4].map { scale in
        let objective = try objective(["guidance=\(scale)"], steps: 1, dataset, run)
        let batch = try objective.batch(slice)
        return try objective.guided(batch.noise_BCHW.contiguous(memoryFormat: .channelsLast), batch)
      }
      let step = try outputs[1] - outputs[0]
      #expect(try step.abs().max().item() > 1e-3)
      #expect(try (outputs[2] - outputs[0] - step * 3).abs().max().item() < 1e-4)
      // So it is away from opposites, which are other texts than none.
      let opposed = try [1, 2, 4].map { scale in
        let objective = try objective(["guidance=\(scale)", "guidanceFrom=opposites"], steps: 1, dataset, run)
        let batch = try objective.batch(slice)
        #expect(batch.examples.negatives.count == 2)
        return try objective.guided(batch.noise_BCHW.contiguous(memoryFormat: .channelsLast), batch)
      }
      let other = try opposed[1] - opposed[0]
      #expect(try (opposed[0] - outputs[0]).abs().max().item() < 1e-6)
      #expect(try other.abs().max().item() > 1e-5 && (other - step).abs().max().item() > 1e-3)
      #expect(try (opposed[2] - opposed[0] - other * 3).abs().max().item() < 1e-4)
      // The guidance of the small preset, away from opposites, acts between two times alone.
      let own = try objective([], steps: 1, dataset, run)
      let batch = try own.batch(slice)
      let guided = try own.guided(batch.noise_BCHW.contiguous(memoryFormat: .channelsLast), batch)
      let teacher = try Teacher(run.run.path, architecture: TinyRun.architecture)
      let acting = try teacher.description.sampling.classifierFreeGuidance()
        .combine(conditional: outputs[0], negatives: [opposed[0] * 2 - opposed[1]])
      let isActive = batch.times.map { (0.3...0.9).contains($0.flowTime) }
      #expect(Set(isActive).count == 2)
      for row in 0..<8 {
        let expected = isActive[row] ? acting : outputs[0]
        let difference = try (guided.select(dim: 0, index: row) - expected.select(dim: 0, index: row)).abs().max()
        #expect(try difference.item() < 1e-4)
      }
    }
  }

  private func request(_ run: TinyRun, _ settings: [String], resume: Bool = false) -> TrainingRequest {
    var options = LoopOptions()
    options.resume = resume
    let common = [
      "steps=4", "batchSize=4", "precision=float32", "cadence.checkpoint=2", "cadence.validate=4",
      "teacher=\(run.root.appendingPathComponent("run").path)",
    ]
    return TrainingRequest(
      dataset: run.root.appendingPathComponent("dataset"), run: run.run, settings: resume ? [] : common + settings,
      options: options)
  }

  private func train(
    _ request: TrainingRequest, stop: @escaping () -> Bool = { false },
    report: (TrainingReport) -> Void = { _ in }
  ) throws -> LoopOutcome {
    try Trainer.trainDistillation(request, architecture: TinyRun.architecture, shouldStop: stop, report: report)
  }

  @Test("stopped while pairs are drawn and at a step, and resumed, a run ends as one that was not", arguments: Way.all)
  func exactResume(_ way: Way) throws {
    try withTeacher { (_: TinyDataset, run: TinyRun) throws in
      let (whole, parts) = (run.named("whole"), run.named("parts"))
      #expect(try train(request(whole, way.settings)) == .finished(step: 4))
      var isStopped = false
      func stopped(at done: Int, _ activity: String) throws -> LoopOutcome {
        isStopped = false
        return try train(request(parts, way.settings), stop: { isStopped }) {
          if case .progress(let work) = $0, work.activity == activity, work.done == done { isStopped = true }
        }
      }
      if way.settings.contains("method=reflow") {
        #expect(try stopped(at: 7, "drawing train pairs") == .endedPreparing(timeIsUp: false))
      }
      #expect(try stopped(at: 3, "training") == .stopped(step: 3))
      #expect(try train(request(parts, way.settings, resume: true)) == .finished(step: 4))
      #expect(try parts.checkpoint("distillation", step: 4) == whole.checkpoint("distillation", step: 4))
    }
  }

  @Test("a run goes on with the teacher that it was begun with, and with no other")
  func pinnedTeacher() throws {
    try withTeacher { (_: TinyDataset, run: TinyRun) throws in
      let student = run.named("student")
      var done = 0
      let stopped = try train(request(student, Way.all[0].settings), stop: { done >= 2 }) {
        if case .progress(let work) = $0, work.activity == "training" { done = work.done }
      }
      #expect(stopped == .stopped(step: 2))
      let url = RunFolder(run.run, stage: .diffusion).best
      let best = try BestWeights(contentsOf: url)
      let others = try best.tensors.mapValues { try $0 * 1.01 }
      try BestWeights(tensors: others, metadata: best.metadata).write(to: url)
      let error = TrainingError.teacherChanged(path: run.run.path)
      #expect(throws: error) { try train(request(student, [], resume: true)) }
      try best.write(to: url)
      #expect(try train(request(student, [], resume: true)) == .finished(step: 4))

      // Nor is a student exported with the autoencoder of another.
      try BestWeights(tensors: others, metadata: best.metadata).write(to: url)
      #expect(throws: error) {
        try RunExport(run: student.run, name: "x", licence: "none", architecture: TinyRun.architecture)
      }
      // A run of an earlier version requires, from then on, the teacher that it is resumed with.
      let file = RunFolder(student.run, stage: .distillation).folder.appendingPathComponent("teacher.json")
      try FileManager.default.removeItem(at: file)
      _ = try train(request(student, [], resume: true))
      try best.write(to: url)
      #expect(throws: error) { try train(request(student, [], resume: true)) }
    }
  }

  @Test("the exported student is sampled without guidance, in few steps, and decodes as its teacher does")
  func export() throws {
    try withTeacher { (_: TinyDataset, run: TinyRun) throws in
      let student = run.named("student")
      _ = try train(request(student, Way.all[2].settings + ["samplingSteps=3"]))
      let export = try RunExport(
        run: student.run, name: "quick", licence: "none", architecture: TinyRun.architecture)
      #expect(export.description.sampling == SamplingSettings(steps: 3, guidance: 1, sampler: .euler))
      #expect(export.description.training["distillation"] == "reflow")
      let teacher = try RunExport(
        run: run.run, name: "slow", licence: "none", architecture: TinyRun.architecture)
      #expect(export.description.latent == teacher.description.latent)
      func weights(_ part: ModelPart) throws -> [[String: [Float]]] {
        try [export, teacher].map { try #require($0.weights[part]).mapValues { try $0.floats() } }
      }
      let (autoencoders, unets) = (try weights(.autoencoder), try weights(.unet))
      #expect(autoencoders[0] == autoencoders[1])
      #expect(unets[0].keys == unets[1].keys && unets[0] != unets[1])
      let folder = run.root.appendingPathComponent("models/quick").path
      try ModelFolder.write(
        export.description, weights: export.weights, card: export.card(), dtype: .float16, to: folder)
      // A model's folder is a teacher as well.
      let next = try Teacher(folder)
      #expect(next.description == export.description)
      _ = try next.networks(trainable: false, device: .cpu)
    }
  }

  @Test("a run without a teacher, or whose teacher the method is not for, is refused")
  func refused() throws {
    try withTeacher { (dataset: TinyDataset, run: TinyRun) throws in
      expectRefused("teacher") { try objective(["teacher=''"], steps: 1, dataset, run) }
      #expect(throws: ModelError.missing(path: "/nowhere")) {
        try objective(["teacher=/nowhere"], steps: 1, dataset, run)
      }
      var other = run.named("other")
      other.settings = ["scheduler.schedule.type=linear", "scheduler.prediction=epsilon", "times.type=uniform"]
      _ = try run.copy("vae", to: "other")
      _ = try other.trainDiffusion()
      expectRefused("method") {
        try objective(["teacher=\(other.run.path)", "method=reflow"], steps: 1, dataset, run)
      }
    }
  }
}

extension TinyRun {
  /// Another run beside this one.
  fileprivate func named(_ name: String) -> TinyRun {
    var other = self
    other.name = name
    return other
  }
}
