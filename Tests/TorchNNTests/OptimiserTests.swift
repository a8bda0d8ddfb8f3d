import Testing
import Torch
import TorchNN

@Suite struct OptimiserTests {
  let fixture: [String: Tensor]

  init() throws { fixture = try Fixture.load() }

  /// A store of the fixture's two parameters.
  private func store(_ first: String, _ second: String) throws -> ParameterStore {
    let store = ParameterStore(
      tensors: ["a": try #require(fixture[first]).clone(), "b": try #require(fixture[second]).clone()], trainable: true)
    _ = try store.root.parameter("a", [4, 3], .zeros)
    _ = try store.root.parameter("b", [5], .zeros)
    try store.verify()
    return store
  }

  /// Steps of the reference: a falling rate, and no gradient for `b` in every third step.
  private func run(_ steps: Range<Int>, _ optimiser: AdamW, _ store: ParameterStore, _ name: String) throws {
    let gradientsA = try #require(fixture["adamw.\(name).gradients_a"])
    let gradientsB = try #require(fixture["adamw.\(name).gradients_b"])
    for step in steps {
      try store.parameters[0].value.setGrad(gradientsA.select(dim: 0, index: step).clone())
      try store.parameters[1].value.setGrad(step % 3 == 2 ? nil : gradientsB.select(dim: 0, index: step).clone())
      try optimiser.step(learningRate: 1e-2 * (1 - Double(step) / 200))
    }
  }

  private static let configurations: [(String, AdamW.Configuration)] = [
    ("default", .init()), ("strong", .init(beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.3)),
  ]

  @Test("100 steps of AdamW equal torch.optim.AdamW to 1e-6", arguments: configurations)
  func adamW(name: String, configuration: AdamW.Configuration) throws {
    let store = try store("adamw.\(name).a0", "adamw.\(name).b0")
    let optimiser = try AdamW(store.parameters, configuration)
    try run(0..<100, optimiser, store, name)
    #expect(try maximumError(store.parameters[0].value, #require(fixture["adamw.\(name).a100"])) < 1e-6)
    #expect(try maximumError(store.parameters[1].value, #require(fixture["adamw.\(name).b100"])) < 1e-6)
  }

  @Test(
    "On a GPU, whose kernel reads the step there, 100 steps equal torch.optim.AdamW to 1e-5",
    .enabled("no CUDA GPU here") { try Device.cuda(0).isAvailable() }, arguments: configurations)
  func adamWOnAGPU(name: String, configuration: AdamW.Configuration) throws {
    let store = try store("adamw.\(name).a0", "adamw.\(name).b0")
    try store.convert(device: .cuda(0))
    let optimiser = try AdamW(store.parameters, configuration)
    for step in 0..<100 {
      for (parameter, letter) in zip(store.parameters, ["a", "b"]) {
        let gradients = try #require(fixture["adamw.\(name).gradients_\(letter)"])
        let isLeftOut = letter == "b" && step % 3 == 2
        try parameter.value.setGrad(isLeftOut ? nil : gradients.select(dim: 0, index: step).to(.cuda(0)))
      }
      try optimiser.step(learningRate: 1e-2 * (1 - Double(step) / 200))
    }
    for (parameter, letter) in zip(store.parameters, ["a", "b"]) {
      let expected = try #require(fixture["adamw.\(name).\(letter)100"])
      #expect(try maximumError(parameter.value.detach().to(.cpu), expected) < 1e-5)
    }
  }

  @Test("A stored state continues exactly")
  func resuming() throws {
    let whole = try store("adamw.default.a0", "adamw.default.b0")
    let optimiser = try AdamW(whole.parameters)
    try run(0..<50, optimiser, whole, "default")
    #expect(try maximumError(whole.parameters[0].value, #require(fixture["adamw.default.a50"])) < 1e-6)

    let state = try optimiser.state().mapValues { try $0.clone() }
    let resumed = try store("adamw.default.a0", "adamw.default.b0")
    try resumed.copyValues(from: whole.tensors().mapValues { try $0.clone() })
    let second = try AdamW(resumed.parameters)
    try second.restore(state)
    try run(50..<100, optimiser, whole, "default")
    try run(50..<100, second, resumed, "default")
    for (a, b) in zip(whole.parameters, resumed.parameters) {
      #expect(try a.value.detach().floats() == b.value.detach().floats())
    }
  }

  @Test("A state that does not fit is refused whole")
  func strictState() throws {
    let store = try store("adamw.default.a0", "adamw.default.b0")
    let optimiser = try AdamW(store.parameters)
    try run(0..<3, optimiser, store, "default")
    var state = try optimiser.state().mapValues { try $0.clone() }
    state["mean.a"] = try Tensor.zeros([3, 4])
    state["step.b"] = nil
    state["mean.c"] = try Tensor.zeros([1])
    let before = try optimiser.state().mapValues { try $0.floats() }
    let error = #expect(throws: ParameterLoadingError.self) { try optimiser.restore(state) }
    #expect(error?.missing == ["step.b"])
    #expect(error?.unexpected == ["mean.c"])
    #expect(error?.misshaped.map(\.path) == ["mean.a"])
    #expect(try optimiser.state().mapValues { try $0.floats() } == before)
  }

  @Test("Vectors can be spared the decay")
  func decayOfVectors() throws {
    let store = try store("adamw.default.a0", "adamw.default.b0")
    let before = try store.parameters.map { try $0.value.detach().floats() }
    let optimiser = try AdamW(store.parameters, .init(weightDecay: 0.5, decaysVectors: false))
    for parameter in store.parameters { try parameter.value.setGrad(parameter.value.detach().zerosLike()) }
    try optimiser.step(learningRate: 0.1)
    #expect(try store.parameters[1].value.detach().floats() == before[1])
    let decayed = before[0].map { $0 * 0.95 }
    let after = try store.parameters[0].value.detach().floats()
    #expect(zip(after, decayed).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("Clipping scales all gradients to the joint norm, as PyTorch does")
  func clipping() throws {
    let store = try store("adamw.default.a0", "adamw.default.b0")
    let (a, b) = (try #require(fixture["clip.a"]).clone(), try #require(fixture["clip.b"]).clone())
    try store.parameters[0].value.setGrad(a)
    try store.parameters[1].value.setGrad(b)
    let norm = try Gradients.clip(store.parameters, toNorm: 1)
    #expect(abs(norm - (try #require(fixture["clip.norm"]).item())) < 1e-4)
    #expect(try maximumError(a, #require(fixture["clip.a.out"])) < 1e-6)
    #expect(try maximumError(b, #require(fixture["clip.b.out"])) < 1e-6)
    #expect(abs(try Gradients.norm(store.parameters) - 1) < 1e-4)
    try Gradients.scale(store.parameters, by: 0.5)
    #expect(abs(try Gradients.norm(store.parameters) - 0.5) < 1e-4)
  }

  @Test("A gradient that is not finite is reported and left alone")
  func nonFiniteGradient() throws {
    let store = try store("adamw.default.a0", "adamw.default.b0")
    try store.parameters[1].value.setGrad(Tensor([1, .infinity, 1, 1, 1]))
    #expect(try !Gradients.clip(store.parameters, toNorm: 1).isFinite)
    let gradient = try store.parameters[1].value.grad
    #expect(try gradient?.floats() == [1, .infinity, 1, 1, 1])
  }
}

@Suite struct AveragingTests {
  private func store() throws -> ParameterStore {
    let store = ParameterStore(tensors: ["w": try Tensor([0, 10])], trainable: true)
    _ = try store.root.parameter("w", [2], .zeros)
    return store
  }

  @Test("The decay warms up to its limit")
  func warmUp() throws {
    let average = try ExponentialMovingAverage(store().parameters, decay: 0.99)
    #expect(average.decay(at: 0) == 0.1)
    #expect(average.decay(at: 90) == 0.91)
    #expect(average.decay(at: 100_000) == 0.99)
  }

  @Test("The average follows its closed form and can be swapped in and out")
  func average() throws {
    let store = try store()
    let average = try ExponentialMovingAverage(store.parameters, decay: 0.5)
    var expected: [Double] = [0, 10]
    for update in 0..<20 {
      try store.copyValues(from: ["w": Tensor([Float(update), 1])])
      try average.update()
      let decay = average.decay(at: update)
      expected = zip(expected, [Double(update), 1]).map { decay * $0 + (1 - decay) * $1 }
    }
    let found = try #require(average.state()["w"]).doubles()
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 })

    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try average.withAveragedWeights {
        #expect(try store["w"]?.value.doubles() == found)
        throw Stop()
      }
    }
    #expect(try store["w"]?.value.floats() == [19, 1])
    #expect(try store["w"]?.value.requiresGrad == true)

    let resumed = try ExponentialMovingAverage(store.parameters, decay: 0.5)
    try resumed.restore(average.state(), updates: average.updates)
    try resumed.update()
    try average.update()
    #expect(try resumed.state()["w"]?.floats() == average.state()["w"]?.floats())
    let error = #expect(throws: ParameterLoadingError.self) {
      try resumed.restore(["v": Tensor([1, 2])], updates: 1)
    }
    #expect(error?.missing == ["w"])
    #expect(error?.unexpected == ["v"])
  }
}

@Suite struct LearningRateScheduleTests {
  @Test func constant() {
    let schedule = LearningRateSchedule.constant(peak: 2, warmup: 4)
    #expect((0..<6).map { schedule.rate(at: $0) } == [0.5, 1, 1.5, 2, 2, 2])
    #expect(LearningRateSchedule.constant(peak: 3).rate(at: 0) == 3)
  }

  @Test func cosine() {
    let schedule = LearningRateSchedule.cosine(peak: 1, floor: 0.2, warmup: 10, total: 110)
    #expect(schedule.rate(at: 0) == 0.1)
    #expect(schedule.rate(at: 9) == 1)
    #expect(schedule.rate(at: 10) == 1)
    #expect(abs(schedule.rate(at: 60) - 0.6) < 1e-12)
    #expect(abs(schedule.rate(at: 35) - (0.2 + 0.8 * (1 + 0.5.squareRoot()) / 2)) < 1e-12)
    #expect(abs(schedule.rate(at: 110) - 0.2) < 1e-12)
    #expect(abs(schedule.rate(at: 1_000_000) - 0.2) < 1e-12)
  }
}
