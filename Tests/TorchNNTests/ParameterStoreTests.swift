import Testing
import Torch
import TorchNN

@Suite struct ParameterStoreTests {
  private struct Model {
    let first: Linear
    let second: Conv2d

    init(_ scope: ParameterScope) throws {
      first = try Linear(scope["first"], 3, 2)
      second = try Conv2d(scope["blocks", 0]["second"], 2, 4)
    }
  }

  private func weights() throws -> [String: Tensor] {
    [
      "first.weight": try Tensor.ones([2, 3]), "first.bias": try Tensor.zeros([2]),
      "blocks.0.second.weight": try Tensor.ones([4, 2, 3, 3]), "blocks.0.second.bias": try Tensor.zeros([4]),
    ]
  }

  @Test("Parameters come in the model's order with their paths and shapes")
  func paths() throws {
    let store = ParameterStore.shapesOnly()
    _ = try Model(store.root)
    #expect(
      store.parameters.map(\.path) == ["first.weight", "first.bias", "blocks.0.second.weight", "blocks.0.second.bias"])
    #expect(store.parameters.map(\.shape) == [[2, 3], [2], [4, 2, 3, 3], [4]])
    #expect(store.count == 6 + 2 + 72 + 4)
    #expect(throws: ParameterError.noValue(path: "first.weight")) { try store.parameters[0].value }
  }

  @Test("A seed makes one model, whatever its layout")
  func fresh() throws {
    func make(_ seed: UInt64, _ format: MemoryFormat) throws -> [[Float]] {
      let store = ParameterStore(generator: try Generator(seed: seed), memoryFormat: format)
      _ = try Model(store.root)
      return try store.parameters.map { try $0.value.detach().floats() }
    }
    #expect(try make(1, .contiguous) == make(1, .channelsLast))
    #expect(try make(1, .contiguous) != make(2, .contiguous))
  }

  @Test("Loaded weights are the given ones and do not require gradients")
  func loading() throws {
    let store = ParameterStore(tensors: try weights(), memoryFormat: .channelsLast)
    let model = try Model(store.root)
    try store.verify()
    #expect(try model.first.weight.value.floats() == [Float](repeating: 1, count: 6))
    #expect(try model.second.weight.value.isContiguous(.channelsLast))
    #expect(try !model.first.weight.value.requiresGrad)
    #expect(store.trainableParameters.isEmpty)
  }

  @Test("Training a network leaves one that was made from the same tensors as it was", arguments: [true, false])
  func ownership(isChannelsLast: Bool) throws {
    let tensors = try weights()
    let format: MemoryFormat = isChannelsLast ? .channelsLast : .contiguous
    let (teacher, student) = (
      ParameterStore(tensors: tensors, memoryFormat: format),
      ParameterStore(tensors: tensors, memoryFormat: format, trainable: true)
    )
    for store in [teacher, student] {
      _ = try Model(store.root)
      try store.verify()
    }
    try withoutGradients {
      for parameter in student.parameters { try parameter.value.addInPlace(Tensor.ones(parameter.shape)) }
    }
    for (path, tensor) in tensors {
      #expect(try teacher[path]?.value.floats() == tensor.floats())
      #expect(try student[path]?.value.detach().floats() == tensor.floats().map { $0 + 1 })
    }
    #expect(try tensors["first.bias"]?.floats() == [0, 0])
  }

  @Test("Everything that is wrong is named at once")
  func strictness() throws {
    var tensors = try weights()
    tensors["first.bias"] = nil
    tensors["blocks.0.second.bias"] = try Tensor.zeros([5])
    tensors["blocks.0.second.weight"] = try Tensor([Float.nan] + [Float](repeating: 0, count: 71), shape: [4, 2, 3, 3])
    tensors["third.weight"] = try Tensor.zeros([1])
    tensors["first.scale"] = try Tensor.zeros([1])
    let store = ParameterStore(tensors: tensors)
    _ = try Model(store.root)
    let error = #expect(throws: ParameterLoadingError.self) { try store.verify() }
    #expect(error?.missing == ["first.bias"])
    #expect(error?.unexpected == ["first.scale", "third.weight"])
    #expect(error?.misshaped == [.init(path: "blocks.0.second.bias", expected: [4], found: [5])])
    #expect(error?.nonFinite == ["blocks.0.second.weight"])
    let text = error?.description ?? ""
    #expect(!text.contains("\n"))
    for name in ["first.bias", "first.scale", "third.weight", "blocks.0.second.bias", "blocks.0.second.weight"] {
      #expect(text.contains(name))
    }
  }

  @Test("Large finite weights are not mistaken for infinite ones")
  func overflowingSum() throws {
    var tensors = try weights()
    tensors["first.weight"] = try Tensor([Float](repeating: 3e38, count: 6), shape: [2, 3])
    let store = ParameterStore(tensors: tensors)
    _ = try Model(store.root)
    try store.verify()
  }

  @Test("Copying into a model changes nothing unless everything fits")
  func copying() throws {
    let store = ParameterStore(generator: try Generator(seed: 1))
    _ = try Model(store.root)
    let before = try store.parameters.map { try $0.value.detach().floats() }
    var tensors = try weights()
    tensors["first.bias"] = try Tensor.zeros([7])
    let error = #expect(throws: ParameterLoadingError.self) { try store.copyValues(from: tensors) }
    #expect(error?.misshaped.map(\.path) == ["first.bias"])
    tensors["first.bias"] = try Tensor(indices: [0, 1, 2]).narrow(dim: 0, start: 0, length: 2)
    let integers = #expect(throws: ParameterLoadingError.self) { try store.copyValues(from: tensors) }
    #expect(integers?.unusable == [.init(path: "first.bias", elements: "int64")])
    #expect(try store.parameters.map { try $0.value.detach().floats() } == before)
    try store.copyValues(from: weights())
    #expect(try store["first.weight"]?.value.detach().floats() == [Float](repeating: 1, count: 6))
    #expect(try store["first.weight"]?.value.requiresGrad == true)
  }

  @Test("Freezing a part keeps gradients from it")
  func freezing() throws {
    let store = ParameterStore(generator: try Generator(seed: 1))
    let model = try Model(store.root)
    try store.setTrainable(false) { $0.path.hasPrefix("blocks.") }
    #expect(store.trainableParameters.map(\.path) == ["first.weight", "first.bias"])
    let image = try model.first(Tensor.ones([1, 3])).reshape([1, 2, 1, 1])
    try model.second(image).square().mean().backward()
    #expect(try model.first.weight.value.grad != nil)
    #expect(try model.second.weight.value.grad == nil)
    try store.clearGradients()
    #expect(try model.first.weight.value.grad == nil)
  }

  @Test("Conversion keeps the values and the path")
  func conversion() throws {
    let store = ParameterStore(tensors: try weights())
    let model = try Model(store.root)
    try store.convert(to: .bfloat16, memoryFormat: .channelsLast)
    #expect(try model.first.weight.value.dtype == .bfloat16)
    #expect(try model.second.weight.value.floats() == [Float](repeating: 1, count: 72))
  }

  @Test("A path belongs to one module, and a size is positive")
  func misuse() throws {
    let store = ParameterStore.shapesOnly()
    _ = try Linear(store.root["a"], 2, 2)
    #expect(throws: ParameterError.duplicate(path: "a.weight")) { try Linear(store.root["a"], 2, 2) }
    #expect(throws: ParameterError.invalidShape(path: "b.weight", shape: [2, 0])) { try Linear(store.root["b"], 0, 2) }
  }
}
