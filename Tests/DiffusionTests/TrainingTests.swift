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
