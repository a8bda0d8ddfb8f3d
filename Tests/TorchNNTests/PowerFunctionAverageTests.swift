import Foundation
import Testing
import Torch

@testable import TorchNN

@Suite struct PowerFunctionAverageTests {
  let fixture: [String: Tensor]

  init() throws { fixture = try Fixture.load("optimisation") }

  private func store(_ weights: [Float]) throws -> ParameterStore {
    let store = ParameterStore(tensors: ["w": try Tensor(weights)], trainable: true)
    _ = try store.root.parameter("w", [weights.count], .zeros)
    return store
  }

  @Test("The exponent of a relative deviation equals the cubic's root by numpy")
  func exponents() throws {
    let deviations = try #require(fixture["power.deviations"]).doubles()
    let gammas = try #require(fixture["power.gammas"]).doubles()
    for (deviation, gamma) in zip(deviations, gammas) {
      let profile = try PowerFunction(relativeDeviation: deviation)
      #expect(abs(profile.gamma / gamma - 1) < 1e-12)
      #expect(abs(profile.relativeDeviation - deviation) < 1e-14)
    }
    // The values that the paper names for its two averages.
    #expect(abs(try PowerFunction(relativeDeviation: 0.05).gamma - 16.97) < 0.01)
    #expect(abs(try PowerFunction(relativeDeviation: 0.1).gamma - 6.94) < 0.01)
    #expect(try PowerFunction(relativeDeviation: 1 / 12.0.squareRoot()).gamma < 1e-9)
    for deviation in [0, -0.1, 0.29, .nan] {
      #expect {
        try PowerFunction(relativeDeviation: deviation)
      } throws: { error in
        guard case WeightAverageError.invalidSetting(let name, let value, _) = error else { return false }
        return name == "the relative deviation of an average" && "\(value)" == "\(deviation)"
      }
    }
    let negative = WeightAverageError.invalidSetting(
      name: "the exponent of an average", value: -0.1, allowed: "0 or more")
    #expect(throws: negative) { try PowerFunction(gamma: -0.1) }
  }

  @Test("Averages of a random walk equal numpy's, also when stopped and continued, and kept on a named device")
  func averages() throws {
    let walk = try #require(fixture["power.walk"])
    for deviation in [0.05, 0.1] {
      let store = try store([7, 7, 7, 7])
      var average = try PowerFunctionAverage(store.parameters, relativeDeviation: deviation, device: .cpu)
      #expect(try average.state()["w"]?.floats() == [7, 7, 7, 7])
      for step in 0..<300 {
        if step == 140 {
          let resumed = try PowerFunctionAverage(store.parameters, relativeDeviation: deviation)
          try resumed.restore(average.state(), updates: average.updates)
          average = resumed
        }
        try store.copyValues(from: ["w": walk.select(dim: 0, index: step)])
        try average.update()
        if step == 0 { #expect(try average.state()["w"]?.floats() == walk.select(dim: 0, index: 0).floats()) }
      }
      #expect(average.updates == 300)
      let expected = try #require(fixture["power.average.\(deviation)"])
      #expect(try maximumError(#require(average.state()["w"]), expected) < 1e-4 * expected.abs().max().item())
      let used = try average.withAveragedWeights { try store["w"]?.value.floats() }
      #expect(try used == average.state()["w"]?.floats())
      #expect(try store["w"]?.value.floats() == walk.select(dim: 0, index: 299).floats())
      let error = #expect(throws: ParameterLoadingError.self) { try average.restore([:], updates: 0) }
      #expect(error?.missing == ["w"])
      #expect(average.updates == 300)
    }
  }

  @Test("The closed form of the product of two profiles is its integral")
  func innerProducts() throws {
    func value(_ point: PostHocAverage.Point, at time: Double) -> Double {
      let end = Double(point.time)
      return time > end ? 0 : (point.profile.gamma + 1) * pow(time / end, point.profile.gamma) / end
    }
    for (a, b) in [(100, 100), (40, 100), (100, 40)] {
      let first = PostHocAverage.Point(time: a, profile: try PowerFunction(gamma: 7))
      let second = PostHocAverage.Point(time: b, profile: try PowerFunction(gamma: 2.5))
      let steps = 200_000
      let integral = (0..<steps).reduce(0) { sum, step in
        let time = (Double(step) + 0.5) * 100 / Double(steps)
        return sum + value(first, at: time) * value(second, at: time) * 100 / Double(steps)
      }
      #expect(abs(PostHocAverage.innerProduct(first, second) / integral - 1) < 1e-4)
    }
  }

  @Test(
    "Weights of ten snapshots equal numpy's solution",
    arguments: [("wide", 300, 0.15), ("between", 256, 0.075), ("short", 200, 0.06)])
  func postHocWeights(name: String, time: Int, deviation: Double) throws {
    let snapshots = try [0.05, 0.1].flatMap { deviation in
      let profile = try PowerFunction(relativeDeviation: deviation)
      return [64, 128, 192, 256, 300].map { PostHocAverage.Point(time: $0, profile: profile) }
    }
    let target = PostHocAverage.Point(time: time, profile: try PowerFunction(relativeDeviation: deviation))
    let weights = try PostHocAverage.weights(of: snapshots, target: target)
    let expected = try #require(fixture["power.weights.\(name)"]).doubles()
    #expect(weights.count == 10)
    #expect(zip(weights, expected).allSatisfy { abs($0 - $1) < 1e-9 })
  }

  @Test("What is wrong with snapshots is said")
  func refusals() throws {
    let profile = try PowerFunction(relativeDeviation: 0.1)
    let point = PostHocAverage.Point(time: 10, profile: profile)
    #expect(throws: WeightAverageError.noSnapshots) { try PostHocAverage.weights(of: [], target: point) }
    #expect(throws: WeightAverageError.dependentSnapshots) {
      try PostHocAverage.weights(of: [point, point], target: point)
    }
    #expect(throws: WeightAverageError.laterThanSnapshots(time: 11, last: 10)) {
      try PostHocAverage.weights(of: [point], target: .init(time: 11, profile: profile))
    }
    let early = WeightAverageError.invalidSetting(name: "the step of an average", value: 0, allowed: "1 or more")
    #expect(throws: early) {
      try PostHocAverage.weights(of: [.init(time: 0, profile: profile), point], target: point)
    }
    #expect(try abs(PostHocAverage.weights(of: [point], target: point)[0] - 1) < 1e-12)
    let snapshot = ["w": try Tensor([1, 2])]
    #expect(throws: WeightAverageError.otherParameters(snapshot: 1)) {
      try sum([snapshot, ["v": Tensor([1, 2])]], weights: [1, 1])
    }
    #expect(throws: WeightAverageError.countMismatch(snapshots: 1, weights: 2)) {
      try sum([snapshot], weights: [1, 1])
    }
  }

  private func sum(_ snapshots: [[String: Tensor]], weights: [Double]) throws -> [String: Tensor] {
    try PostHocAverage.sum(of: snapshots.map { $0.mapValues(\.shape) }, weights: weights) { snapshots[$0][$1] }
  }

  @Test("Widths that were not tracked are made of snapshots of two averages")
  func reconstruction() throws {
    let steps = 2048
    let generator = try Generator(seed: 11)
    // Weights that still move, by a walk that slows down, as those of a training do.
    let moves = try Tensor.randn([steps, 8], generator: generator, dtype: .float64)
      .mul(other: (Tensor.arange(from: 0, to: Double(steps), by: 1, dtype: .float64) / -700).exp().unsqueeze(dim: 1))
    let walk = try moves.cumsum(dim: 0).to(.float32)
    let store = try store([Float](repeating: 0, count: 8))
    let tracked = try [0.05, 0.1].map { try PowerFunctionAverage(store.parameters, relativeDeviation: $0) }
    let wanted = try [0.04, 0.075, 0.15, 0.2].map { try PowerFunctionAverage(store.parameters, relativeDeviation: $0) }
    var points: [PostHocAverage.Point] = []
    var snapshots: [[String: Tensor]] = []
    for step in 0..<steps {
      try store.copyValues(from: ["w": walk.select(dim: 0, index: step)])
      for average in tracked + wanted { try average.update() }
      guard (step + 1) % 128 == 0 else { continue }
      for average in tracked {
        points.append(.init(time: average.updates, profile: average.profile))
        snapshots.append(try average.state().mapValues { try $0.clone() })
      }
    }
    for average in wanted {
      let target = PostHocAverage.Point(time: steps, profile: average.profile)
      let weights = try PostHocAverage.weights(of: points, target: target)
      #expect(abs(weights.reduce(0, +) - 1) < 0.01)
      let made = try #require(try sum(snapshots, weights: weights)["w"])
      let direct = try #require(average.state()["w"])
      let error = try maximumError(made, direct)
      // How far the averages that were tracked are from the one that was not.
      let distance = try maximumError(#require(tracked[1].state()["w"]), direct)
      #expect(error < 0.05 * distance, "\(average.profile.relativeDeviation): \(error) of \(distance)")
    }
  }
}
