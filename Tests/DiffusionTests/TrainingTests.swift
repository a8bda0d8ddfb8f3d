import Foundation
import Testing
import Torch

@testable import Diffusion

@Suite("Training on diffusion")
struct TrainingTests {
  private let curves: [NoiseSchedule.Curve] = [.linear(), .cosine(), .sigmoidLogSNR(), .rectifiedFlow()]

  private func process(_ curve: NoiseSchedule.Curve, _ prediction: PredictionType) throws -> DiffusionProcess {
    try DiffusionProcess(SchedulerConfiguration(schedule: .init(curve), prediction: prediction))
  }

  @Test("from noisy sample and target, the sampler's conversion gets clean sample and noise back")
  func targets() throws {
    let generator = try Generator(seed: 12)
    let clean = try Tensor.randn([6, 2, 3, 3], generator: generator, dtype: .float64)
    let noise = try Tensor.randn([6, 2, 3, 3], generator: generator, dtype: .float64)
    for curve in curves {
      for prediction in PredictionType.allCases {
        let process = try process(curve, prediction)
        let times = try process.drawTimes(6, from: .logitNormal(), generator: generator)
        let noisy = try process.addNoise(clean: clean, noise: noise, times: times)
        let target = try process.target(clean: clean, noise: noise, times: times)
        for (index, time) in times.enumerated() {
          func sample(_ tensor: Tensor) throws -> Tensor { try tensor.narrow(dim: 0, start: index, length: 1) }
          let toClean = try prediction.cleanCoefficients(at: time)
          let toNoise = try prediction.noiseCoefficients(at: time)
          let foundClean = try sample(noisy) * toClean.noisy + sample(target) * toClean.output
          let foundNoise = try sample(noisy) * toNoise.noisy + sample(target) * toNoise.output
          #expect(try (foundClean - sample(clean)).abs().max().item() < 1e-8)
          #expect(try (foundNoise - sample(noise)).abs().max().item() < 1e-8)
        }
      }
    }
  }

  @Test("uniform times visit all timesteps alike")
  func uniformTimes() throws {
    let process = try process(.linear(), .epsilon)
    let times = try process.drawTimes(100_000, from: .uniform, generator: Generator(seed: 2))
    let timesteps = times.map(\.timestep)
    #expect(timesteps.allSatisfy { $0 == $0.rounded() && (0...999).contains($0) })
    var counts = [Int](repeating: 0, count: 10)
    for timestep in timesteps { counts[Int(timestep) / 100] += 1 }
    // Five standard deviations of a binomial count.
    #expect(counts.allSatisfy { abs($0 - 10_000) < 475 }, "\(counts)")
    #expect(timesteps.contains(0) && timesteps.contains(999))
  }

  @Test("logit-normal times have the median and the quartiles of their distribution")
  func logitNormalTimes() throws {
    let process = try process(.rectifiedFlow(), .flow)
    let distribution = TimeDistribution.logitNormal(mean: 0.5, deviation: 1.2)
    let sorted = try process.drawTimes(40_000, from: distribution, generator: Generator(seed: 2))
      .map(\.sigma).sorted()
    let normalQuartile = 0.674489750196
    for (quantile, normal) in [(0.25, -normalQuartile), (0.5, 0), (0.75, normalQuartile)] {
      #expect(abs(sorted[Int(quantile * 40_000)] - 1 / (1 + exp(-(0.5 + 1.2 * normal)))) < 0.01)
    }
    #expect(
      throws: DiffusionError.invalidSetting(
        name: "the logit-normal distribution's deviation", value: 0, allowed: "a positive number")
    ) {
      try TimeDistribution.logitNormal(deviation: 0).draw(1, generator: Generator(seed: 0))
    }
    let extreme = try TimeDistribution.logitNormal(mean: 500).draw(3, generator: Generator(seed: 0))
    #expect(extreme.allSatisfy { $0 < 1 })
  }

  @Test("the same seed draws the same times")
  func determinism() throws {
    let process = try process(.rectifiedFlow(), .flow)
    for distribution in [TimeDistribution.uniform, .logitNormal()] {
      let first = try process.drawTimes(5, from: distribution, generator: Generator(seed: 7))
      #expect(try process.drawTimes(5, from: distribution, generator: Generator(seed: 7)) == first)
      #expect(try process.drawTimes(5, from: distribution, generator: Generator(seed: 8)) != first)
    }
  }

  @Test("min-SNR weights are those of the paper for noise, sample and v")
  func minSNR() throws {
    let weighting = LossWeighting.minSNR(gamma: 5)
    let process = try process(.linear(), .epsilon)
    for timestep in [0.0, 10, 200, 500, 999] {
      let time = try process.time(atTimestep: timestep)
      let snr = time.alpha * time.alpha / (time.sigma * time.sigma)
      func matches(_ prediction: PredictionType, _ expected: Double) -> Bool {
        abs(weighting.weight(at: time, prediction: prediction) - expected) <= 1e-9 * expected
      }
      #expect(matches(.epsilon, min(snr, 5) / snr))
      #expect(matches(.sample, min(snr, 5)))
      #expect(matches(.velocity, min(snr, 5) / (snr + 1)))
    }
    // Without signal: noise counts in full, v and x_0 not at all.
    let pureNoise = SampleTime(timestep: 999, alpha: 0, sigma: 1)
    #expect(weighting.weight(at: pureNoise, prediction: .epsilon) == 1)
    #expect(weighting.weight(at: pureNoise, prediction: .velocity) == 0)
  }

  @Test("min-SNR weighs the same error of x_0 alike, whatever is predicted")
  func minSNRConsistency() throws {
    for curve in curves {
      for prediction in PredictionType.allCases {
        let process = try process(curve, prediction)
        let time = try process.time(atTimestep: 400)
        // An error of 0.1 in x_0, as an error of the output at the same x_t.
        let toClean = try prediction.cleanCoefficients(at: time)
        let error = 0.1 / toClean.output
        let weight = LossWeighting.minSNR(gamma: 3).weight(at: time, prediction: prediction)
        let snr = time.alpha * time.alpha / (time.sigma * time.sigma)
        #expect(abs(weight * error * error - 0.01 * min(snr, 3)) < 1e-9)
      }
    }
  }

  @Test("P2 weighs the same error of the noise alike, by 1 / (k + SNR)^gamma, whatever is predicted")
  func p2() throws {
    for curve in curves {
      for prediction in PredictionType.allCases {
        for (gamma, k) in [(1.0, 1.0), (0.5, 2.0), (0, 1)] {
          let time = try process(curve, prediction).time(atTimestep: 400)
          let weight = LossWeighting.p2(gamma: gamma, k: k).weight(at: time, prediction: prediction)
          // An error of 0.1 in the noise, as an error of the output at the same x_t.
          let error = try 0.1 / prediction.noiseCoefficients(at: time).output
          let snr = time.alpha * time.alpha / (time.sigma * time.sigma)
          #expect(abs(weight * error * error - 0.01 * pow(k + snr, -gamma)) < 1e-12)
        }
      }
    }
    // Without signal all of the noise counts, by 1 / k^gamma; without noise nothing does.
    let ends = [SampleTime(timestep: 999, alpha: 0, sigma: 1), SampleTime(timestep: 0, alpha: 1, sigma: 0)]
    #expect(ends.map { LossWeighting.p2(k: 2).weight(at: $0, prediction: .epsilon) } == [0.5, 0])
    #expect(ends.map { LossWeighting.p2().weight(at: $0, prediction: .velocity) } == [0, 0])
    let written = try JSONEncoder().encode(LossWeighting.p2(gamma: 0.5, k: 2))
    #expect(try JSONDecoder().decode(LossWeighting.self, from: written) == .p2(gamma: 0.5, k: 2))
    #expect(try JSONDecoder().decode(LossWeighting.self, from: Data(#"{"type": "p2"}"#.utf8)) == .p2(gamma: 1, k: 1))
  }

  @Test("the contrastive loss is the flow's less a share of that against the next sample's target")
  func contrastive() throws {
    let process = try process(.rectifiedFlow(), .flow)
    let generator = try Generator(seed: 3)
    let times = try process.drawTimes(3, from: .uniform, generator: generator)
    let (clean, noise, output) = (
      try Tensor.randn([3, 2], generator: generator), try Tensor.randn([3, 2], generator: generator),
      try Tensor.randn([3, 2], generator: generator).setRequiresGrad(true)
    )
    let velocity = try (noise - clean).doubles()
    let values = try output.detach().doubles()
    func loss(_ share: Double) throws -> Tensor {
      try process.contrastiveLoss(output: output, clean: clean, noise: noise, times: times, share: share)
    }
    let expected = (0..<6).reduce(0.0) { sum, index in
      let (own, other) = (values[index] - velocity[index], values[index] - velocity[(index + 2) % 6])
      return sum + (own * own - 0.1 * other * other) / 6
    }
    #expect(abs(try loss(0.1).item() - expected) < 1e-6)
    let plain = try process.loss(
      output: output, target: process.target(clean: clean, noise: noise, times: times), times: times)
    #expect(try loss(0).item() == plain.item())
    try loss(0.1).backward()
    let gradient = try #require(try output.grad).doubles()
    for index in 0..<6 {
      let slope = 2 * (0.9 * values[index] - velocity[index] + 0.1 * velocity[(index + 2) % 6]) / 6
      #expect(abs(gradient[index] - slope) < 1e-6)
    }
    for share in [-0.1, 1, .nan] {
      #expect {
        try loss(share)
      } throws: { error in
        guard case DiffusionError.invalidSetting(let name, let value, _) = error else { return false }
        return name == "the share of other samples in a contrastive loss" && "\(value)" == "\(share)"
      }
    }
    let one = try Tensor.zeros([1, 2])
    let lonely = DiffusionError.invalidSetting(
      name: "the batch of a contrastive loss", value: 1, allowed: "two samples or more")
    #expect(throws: lonely) {
      try process.contrastiveLoss(output: one, clean: one, noise: one, times: Array(times.prefix(1)))
    }
  }

  @Test("the loss is the weighted mean, and its gradient reaches the output")
  func loss() throws {
    let process = try process(.linear(), .velocity)
    let times = try [100.0, 800].map { try process.time(atTimestep: $0) }
    let target = try Tensor([0, 0, 0, 0] as [Float], shape: [2, 2])
    let output = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    #expect(try process.loss(output: output, target: target, times: times).item() == 7.5)
    let weighting = LossWeighting.minSNR()
    let weights = times.map { weighting.weight(at: $0, prediction: .velocity) }
    let expected = (weights[0] * 5 + weights[1] * 25) / 4
    try output.setRequiresGrad(true)
    let loss = try process.loss(output: output, target: target, times: times, weighting: weighting)
    #expect(abs(try loss.item() - expected) < 1e-5)
    try loss.backward()
    let gradient = try #require(try output.grad).floats()
    for (index, value) in gradient.enumerated() {
      #expect(abs(Double(value) - weights[index / 2] * Double(index + 1) / 2) < 1e-5)
    }
  }

  @Test("a time for each sample, or an error")
  func batch() throws {
    let process = try process(.linear(), .epsilon)
    let clean = try Tensor.ones([3, 2])
    let times = [SampleTime.clean, .clean]
    #expect(throws: DiffusionError.batchMismatch(what: "times", expected: 3, found: 2)) {
      try process.addNoise(clean: clean, noise: clean, times: times)
    }
  }

  @Test("settings survive JSON")
  func settings() throws {
    for weighting in [LossWeighting.uniform, .minSNR(gamma: 3)] {
      #expect(try JSONDecoder().decode(LossWeighting.self, from: JSONEncoder().encode(weighting)) == weighting)
    }
    for distribution in [TimeDistribution.uniform, .logitNormal(mean: 0.2, deviation: 1.5)] {
      #expect(
        try JSONDecoder().decode(TimeDistribution.self, from: JSONEncoder().encode(distribution)) == distribution)
    }
    let short = Data(#"[{"type": "logitNormal"}, {"type": "uniform"}]"#.utf8)
    #expect(try JSONDecoder().decode([TimeDistribution].self, from: short) == [.logitNormal(), .uniform])
  }
}
