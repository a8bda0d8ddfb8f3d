import Testing
import Torch
import TorchNN

@Suite struct MuonTests {
  private static let shapes = ["wide": [20, 28], "tall": [12, 5], "convolution": [8, 3, 3, 3]]
  private static let configurations: [(String, Muon.Configuration)] = [
    ("original", .init()),
    (
      "matched",
      .init(
        momentum: 0.9, nesterov: false, weightDecay: 0.3, adjustment: .matchRMSOfAdamW, iterations: 3, epsilon: 1e-3)
    ),
  ]

  let fixture: [String: Tensor]

  init() throws { fixture = try Fixture.load("optimisation") }

  private func store(_ format: MemoryFormat = .contiguous) throws -> ParameterStore {
    var weights: [String: Tensor] = [:]
    for name in MuonTests.shapes.keys { weights[name] = try #require(fixture["muon.\(name).start"]).clone() }
    let store = ParameterStore(tensors: weights, memoryFormat: format, trainable: true)
    for (name, shape) in MuonTests.shapes.sorted(by: { $0.key < $1.key }) {
      _ = try store.root.parameter(name, shape, .zeros)
    }
    try store.verify()
    return store
  }

  /// The gradient of a step; bytes q mean (q - 128) / 64.
  private func gradient(_ name: String, _ step: Int) throws -> Tensor {
    try (#require(fixture["muon.\(name).gradients"]).select(dim: 0, index: step).to(.float32) - 128) / 64
  }

  private func run(_ steps: Range<Int>, _ optimiser: any Optimiser, _ store: ParameterStore) throws {
    for step in steps {
      for parameter in store.parameters {
        let isLeftOut = parameter.path == "tall" && step % 3 == 2
        try parameter.value.setGrad(isLeftOut ? nil : try gradient(parameter.path, step))
      }
      try optimiser.step(learningRate: 1e-2 * (1 - Double(step) / 200))
    }
  }

  /// Whether products of bfloat16 are rounded here as where the fixture was made; their order of summation differs
  /// between processors.
  private func roundsAlike() throws -> Bool {
    for (name, shape) in MuonTests.shapes {
      var x = try gradient(name, 0).reshape([shape[0], -1]).to(.bfloat16)
      if x.shape[0] > x.shape[1] { x = try x.transpose(dim0: 0, dim1: 1) }
      let gram = try x.matmul(x.transpose(dim0: 0, dim1: 1))
      let update = try gram.addmm(mat1: gram, mat2: gram, beta: -4.775, alpha: 2.0315)
      let probe = try x.addmm(mat1: update, mat2: x, beta: 3.4445)
      if try maximumError(probe, #require(fixture["muon.probe.\(name)"])) != 0 { return false }
    }
    return true
  }

  @Test(
    "100 steps of Muon equal torch.optim.Muon to 1e-6, or to 1e-3 where products are rounded in another order",
    arguments: configurations, [MemoryFormat.contiguous, .channelsLast])
  func parity(configuration: (String, Muon.Configuration), format: MemoryFormat) throws {
    let store = try store(format)
    let optimiser = try Muon(store.parameters, configuration.1)
    try run(0..<100, optimiser, store)
    let roundsAlike = try roundsAlike()
    var errors: [Double] = []
    for parameter in store.parameters {
      let expected = try #require(fixture["muon.\(parameter.path).\(configuration.0)"])
      errors.append(try maximumError(parameter.value, expected))
      // The steps themselves are far larger than the tolerance.
      #expect(try maximumError(expected, #require(fixture["muon.\(parameter.path).start"])) > 0.1)
    }
    // A processor may round the first gradient's products alike, and those of a later step otherwise: AVX2 does of one shape.
    #expect(errors.allSatisfy { $0 < (roundsAlike ? 1e-4 : 1e-3) }, "\(errors)")
    #expect(errors.count { $0 < 1e-6 } >= (roundsAlike ? 2 : 0), "\(errors)")
  }

  @Test("A stored state continues exactly, and one that does not fit is refused whole")
  func resuming() throws {
    let whole = try store()
    let first = try Muon(whole.parameters)
    try run(0..<10, first, whole)
    let resumed = try store()
    try resumed.copyValues(from: whole.tensors().mapValues { try $0.clone() })
    let second = try Muon(resumed.parameters)
    try second.restore(first.state().mapValues { try $0.clone() })
    try run(10..<20, first, whole)
    try run(10..<20, second, resumed)
    for (a, b) in zip(whole.parameters, resumed.parameters) {
      #expect(try a.value.detach().floats() == b.value.detach().floats())
    }

    var state = try second.state().mapValues { try $0.clone() }
    state["momentum.wide"] = try Tensor.zeros([28, 20])
    state["momentum.tall"] = nil
    state["mean.wide"] = try Tensor.zeros([20, 28])
    let before = try second.state().mapValues { try $0.floats() }
    let error = #expect(throws: ParameterLoadingError.self) { try second.restore(state) }
    #expect(error?.missing == ["momentum.tall"])
    #expect(error?.unexpected == ["mean.wide"])
    #expect(error?.misshaped.map(\.path) == ["momentum.wide"])
    #expect(try second.state().mapValues { try $0.floats() } == before)
  }

  @Test("A vector is refused")
  func vectors() throws {
    let store = ParameterStore(tensors: ["v": try Tensor([1, 2])], trainable: true)
    _ = try store.root.parameter("v", [2], .zeros)
    #expect(throws: ParameterError.notAMatrix(path: "v", shape: [2])) { try Muon(store.parameters) }
  }

  @Test("Together, each moves its own as it does alone, and the state of both continues")
  func together() throws {
    let configuration = MuonWithAdamW.Configuration(muonRateFactor: 2)
    func make(_ store: ParameterStore) throws -> MuonWithAdamW {
      try MuonWithAdamW(store.parameters, configuration) { $0.path != "wide" }
    }
    let store = try store()
    let optimiser = try make(store)
    #expect(optimiser.muon.parameters.map(\.path) == ["convolution", "tall"])
    #expect(optimiser.adamW.parameters.map(\.path) == ["wide"])
    #expect(optimiser.parameters.map(\.path) == ["convolution", "tall", "wide"])
    try run(0..<10, optimiser, store)

    let apart = try self.store()
    let muon = try Muon(apart.parameters.filter { $0.path != "wide" }, configuration.muon)
    let adamW = try AdamW(apart.parameters.filter { $0.path == "wide" })
    for step in 0..<10 {
      for parameter in apart.parameters {
        let isLeftOut = parameter.path == "tall" && step % 3 == 2
        try parameter.value.setGrad(isLeftOut ? nil : try gradient(parameter.path, step))
      }
      try muon.step(learningRate: 2e-2 * (1 - Double(step) / 200))
      try adamW.step(learningRate: 1e-2 * (1 - Double(step) / 200))
    }
    for (a, b) in zip(store.parameters, apart.parameters) {
      #expect(try a.value.detach().floats() == b.value.detach().floats())
    }

    let state = try optimiser.state().mapValues { try $0.clone() }
    #expect(
      state.keys.sorted() == ["mean.wide", "mean_square.wide", "momentum.convolution", "momentum.tall", "step.wide"])
    let resumed = try make(apart)
    try resumed.restore(state)
    try run(10..<12, optimiser, store)
    try run(10..<12, resumed, apart)
    for (a, b) in zip(store.parameters, apart.parameters) {
      #expect(try a.value.detach().floats() == b.value.detach().floats())
    }

    let otherwise = try MuonWithAdamW(apart.parameters, configuration) { $0.path == "wide" }
    let error = #expect(throws: ParameterLoadingError.self) { try otherwise.restore(state) }
    #expect(error?.missing.contains("momentum.wide") == true)
    #expect(error?.unexpected.contains("mean.wide") == true)
  }
}
