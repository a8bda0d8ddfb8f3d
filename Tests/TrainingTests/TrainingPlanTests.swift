import Foundation
import Models
import Testing

@testable import Training

#if os(Linux)
  /// Each in a process of its own, since other tests take memory at the same time.
  @Suite("What a plan predicts")
  struct TrainingPlanTests {
    struct Wrong: Error {}

    /// The plan of a stage with tiny networks.
    static func plan(
      _ stage: TrainingStageName, _ settings: [String], memory: Int? = nil
    ) throws -> MemoryPlan {
      let dataset = try TinyDataset()
      defer { dataset.remove() }
      let architecture = dataset.root.appendingPathComponent("architecture.json")
      try JSONEncoder().encode(TinyRun.architecture).write(to: architecture)
      let request = TrainingRequest(
        dataset: dataset.root.appendingPathComponent("dataset"), run: dataset.run("run"),
        settings: ["architecture=\(architecture.path)", "precision=float32", "warmupSteps=0"] + settings)
      return try TrainingPlan.plans(request, stages: [stage], memory: memory)[0]
    }

    @Test("a discriminator that starts later is in the peak")
    func laterDiscriminator() async {
      await #expect(processExitsWith: .success) {
        func peak(_ settings: String...) throws -> Int {
          try TrainingPlanTests.plan(
            .autoencoder,
            ["batchSize=4", "cropSize=32", "discriminatorWidth=64", "discriminatorLayers=1"] + settings
          ).chosen.peakMemoryBytes
        }
        let without = try peak("adversarialWeight=0")
        let atOnce = try peak("adversarialWeight=0.5")
        let later = try peak("adversarialWeight=0.5", "adversarialStart=500")
        guard later == atOnce, Double(later) > 1.1 * Double(without) else { throw Wrong() }
      }
    }

    @Test("a step whose images are set against each other is planned with two of them or more")
    func contrastive() async {
      await #expect(processExitsWith: .success) {
        for batch in [["batchSize=2"], ["batchSize=3"], ["batchSize=1", "accumulation=2"]] {
          let plan = try TrainingPlanTests.plan(.diffusion, batch + ["contrastiveWeight=0.05"])
          guard plan.chosen.peakMemoryBytes > 0 else { throw Wrong() }
        }
        do {
          _ = try TrainingPlanTests.plan(.diffusion, ["batchSize=1", "contrastiveWeight=0.05"])
          throw Wrong()
        } catch TrainingError.invalidSetting(key: "batchSize", _, _) {}
        // Memory in which no step fits: all ways are looked at.
        do {
          _ = try TrainingPlanTests.plan(.diffusion, ["batchSize=4", "contrastiveWeight=0.05"], memory: 1000)
          throw Wrong()
        } catch TrainingError.memoryTooSmall {}
      }
    }
  }
#endif
