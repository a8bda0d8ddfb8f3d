import Testing
import Torch
import TorchNN

@Suite struct LossScalerTests {
  private static let configurations: [(String, LossScaler.Configuration)] = [
    ("usual", .init(initialScale: 1024, growthInterval: 7)),
    ("odd", .init(initialScale: 1000, growthFactor: 1.7, backoffFactor: 0.3, growthInterval: 3)),
    ("ceiling", .init(initialScale: 0x1p125, growthInterval: 4)),
  ]

  let fixture: [String: Tensor]

  init() throws { fixture = try Fixture.load("optimisation") }

  /// A float32 parameter of 3 x 4 and a float16 one of 5.
  private func store() throws -> ParameterStore {
    let store = ParameterStore(
      tensors: ["a": try Tensor.zeros([3, 4]), "b": try Tensor.zeros([5], dtype: .float16)], dtype: nil, trainable: true
    )
    _ = try store.root.parameter("a", [3, 4], .zeros)
    _ = try store.root.parameter("b", [5], .zeros)
    try store.verify()
    return store
  }

  /// The gradients of the reference; `planted` is 1 for an infinity and 2 for NaN in `a`, 3 for an infinity in `b`.
  private func setGradients(_ store: ParameterStore, planted: Float) throws {
    var a = (0..<12).map { Float($0) - 3 }
    var b = (0..<5).map { Float($0) }
    if planted == 1 { a[6] = .infinity }
    if planted == 2 { a[11] = .nan }
    if planted == 3 { b[4] = -.infinity }
    try store.parameters[0].value.setGrad(Tensor(a, shape: [3, 4]))
    try store.parameters[1].value.setGrad(Tensor(b).to(.float16))
  }

  @Test("Scale, tracker and finding of 200 steps equal torch.amp.GradScaler's", arguments: configurations)
  func parity(name: String, configuration: LossScaler.Configuration) throws {
    let planted = try #require(fixture["scaler.\(name).planted"]).floats()
    let scales = try #require(fixture["scaler.\(name).scales"]).floats()
    let trackers = try #require(fixture["scaler.\(name).trackers"]).int64s()
    #expect(name == "ceiling" || Set(planted) == [0, 1, 2, 3])
    let store = try store()
    var scaler = try LossScaler(configuration)
    for step in 0..<200 {
      // Stopped and continued in the middle.
      if step == 100 {
        let second = try LossScaler(.init(growthFactor: configuration.growthFactor))
        try second.restore(scaler.state())
        #expect(second.scale == scaler.scale)
        #expect(second.growthTracker == scaler.growthTracker)
        let third = try LossScaler(configuration)
        try third.restore(second.state())
        scaler = third
      }
      try setGradients(store, planted: planted[step])
      #expect(try scaler.unscale(store.parameters) == (planted[step] == 0))
      if step == 0 {
        for parameter in store.parameters {
          let gradient = try #require(try parameter.value.grad)
          #expect(gradient.dtype == (parameter.path == "a" ? .float32 : .float16))
          #expect(try gradient.floats() == #require(fixture["scaler.\(name).\(parameter.path)"]).floats())
        }
      }
      try scaler.update()
      #expect(scaler.scale == scales[step], "step \(step)")
      #expect(scaler.growthTracker == Int(trackers[step]), "step \(step)")
    }
  }

  @Test("Gradients of a scaled loss are those of the loss once unscaled; parameters without any are passed over")
  func scaling() throws {
    let store = ParameterStore(tensors: ["w": try Tensor([2, 3]), "v": try Tensor([1])], trainable: true)
    let weight = try store.root.parameter("w", [2], .zeros)
    _ = try store.root.parameter("v", [1], .zeros)
    let scaler = try LossScaler()
    let loss = try scaler.scaled(weight.value.square().sum())
    #expect(try loss.item() == 13 * 65536)
    try loss.backward()
    #expect(try weight.value.grad?.floats() == [4 * 65536, 6 * 65536])
    #expect(try scaler.unscale(store.parameters))
    #expect(try weight.value.grad?.floats() == [4, 6])
    #expect(try store.parameters[1].value.grad == nil)
    #expect(throws: LossScalerError.unscaledTwice) { try scaler.unscale(store.parameters) }
    try scaler.update()
    #expect(throws: LossScalerError.updatedBeforeUnscaling) { try scaler.update() }
  }

  @Test("Settings and states outside their ranges are refused, and the present state stays")
  func refusals() throws {
    for (name, configuration) in [
      ("initialScale", LossScaler.Configuration(initialScale: 0)), ("initialScale", .init(initialScale: 1e39)),
      ("growthFactor", .init(growthFactor: 0.9)), ("backoffFactor", .init(backoffFactor: 1)),
      ("growthInterval", .init(growthInterval: 0)), ("growthFactor", .init(growthFactor: .nan)),
    ] {
      #expect {
        try LossScaler(configuration)
      } throws: { error in
        if case LossScalerError.invalidSetting(name, _, _) = error { true } else { false }
      }
    }
    let scaler = try LossScaler()
    let tracker = try Tensor([3] as [Int64], shape: [1])
    for scale in [Float(0), -1] {
      let refused = LossScalerError.invalidSetting(
        name: "the stored scale", value: Double(scale), allowed: "a positive number")
      #expect(throws: refused) {
        try scaler.restore(["scale": Tensor([scale]), "growth_tracker": tracker])
      }
    }
    let error = #expect(throws: ParameterLoadingError.self) { try scaler.restore(["scale": Tensor([Float.infinity])]) }
    #expect(error?.missing == ["growth_tracker"])
    #expect(error?.nonFinite == ["scale"])
    let refused = LossScalerError.invalidSetting(
      name: "the stored growth_tracker", value: -1, allowed: "0 or more")
    #expect(throws: refused) {
      try scaler.restore(["scale": Tensor([Float(1)]), "growth_tracker": Tensor([-1] as [Int64], shape: [1])])
    }
    #expect(scaler.scale == 65536)
    #expect(scaler.growthTracker == 0)
  }
}
