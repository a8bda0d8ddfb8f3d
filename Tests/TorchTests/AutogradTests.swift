import Testing

@testable import Torch

@Suite("Autograd")
struct AutogradTests {
  @Test("a product's gradients")
  func product() throws {
    let x = try Tensor([2, 3] as [Float]).setRequiresGrad(true)
    let y = try Tensor([5, 7] as [Float]).setRequiresGrad(true)
    try (x * y).sum().backward()
    #expect(try x.grad?.floats() == [5, 7])
    #expect(try y.grad?.floats() == [2, 3])
    try x.setGrad(nil)
    #expect(try x.grad == nil)
  }

  @Test("nothing is recorded inside withoutGradients, and what was before comes back after an error")
  func withoutRecording() throws {
    struct Stop: Error {}
    let x = try Tensor([2] as [Float]).setRequiresGrad(true)
    #expect(throws: Stop.self) {
      try withoutGradients {
        #expect(try (x * 2.0).requiresGrad == false)
        throw Stop()
      }
    }
    #expect(try (x * 2.0).requiresGrad)
  }

  @Test("autocast computes products in bfloat16 and leaves the parameters' gradients in float32")
  func autocast() throws {
    let weight = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]).setRequiresGrad(true)
    let product = try withAutocast(.bfloat16) { try weight.matmul(weight) }
    #expect(product.dtype == .bfloat16)
    try product.to(.float32).sum().backward()
    #expect(try weight.grad?.dtype == .float32)
    #expect(try weight.matmul(weight).dtype == .float32)
  }

  /// Two layers with noise between them, from a generator that starts at the same place.
  private func gradients(checkpointing: Bool) throws -> [[Float]] {
    let generator = try Generator(seed: 3)
    let input = try Tensor.randn([4, 8], generator: generator).setRequiresGrad(true)
    let weight = try Tensor.randn([8, 8], generator: generator).setRequiresGrad(true)
    let body: ([Tensor]) throws -> Tensor = { inputs in
      let hidden = try inputs[0].matmul(weight).tanh()
      return try (hidden * Tensor.rand([4, 8], generator: generator)).matmul(weight).sigmoid()
    }
    let output = checkpointing ? try checkpointed([input], generators: [generator], body) : try body([input])
    try output.sum().backward()
    return try [
      input.grad?.floats() ?? [], weight.grad?.floats() ?? [], Tensor.rand([3], generator: generator).floats(),
    ]
  }

  @Test("checkpointing gives the same gradients, bit for bit, and leaves the generator where it was")
  func checkpointing() throws {
    let plain = try gradients(checkpointing: false)
    #expect(plain[1].count == 64)
    #expect(try gradients(checkpointing: true) == plain)
  }

  /// What a checkpointed product saw of autocast in its two runs, and the gradients that came out.
  private func runs(
    dtype: DType, device: Device, checkpointing: Bool
  ) throws -> (seen: [Autocast], types: [DType], gradients: [[Float]]) {
    let random = try Generator(seed: 5)
    let input = try Tensor.randn([4, 8], generator: random).to(device).setRequiresGrad(true)
    let weight = try Tensor.randn([8, 8], generator: random).to(device).setRequiresGrad(true)
    nonisolated(unsafe) var seen: [Autocast] = []
    nonisolated(unsafe) var types: [DType] = []
    let body: ([Tensor]) throws -> Tensor = { inputs in
      seen.append(try Autocast(device))
      let product = try inputs[0].matmul(weight)
      types.append(product.dtype)
      return product
    }
    let before = try Autocast(device)
    let output = try withAutocast(dtype, on: device) {
      (checkpointing ? try checkpointed([input], body) : try body([input]))
    }.to(.float32).square().sum()
    try output.backward()
    #expect(try Autocast(device) == before)
    return (seen, types, [try input.grad?.floats() ?? [], try weight.grad?.floats() ?? []])
  }

  /// What autocast is set to on this thread.
  private struct Autocast: Equatable {
    var isEnabled: Bool
    var dtype: DType?

    init(isEnabled: Bool, dtype: DType) {
      self.isEnabled = isEnabled
      self.dtype = dtype
    }

    init(_ device: Device) throws {
      let functions = try LibTorch.api().pointee.functions
      isEnabled = functions.autocast_enabled(device.code.kind)
      dtype = DType(code: functions.autocast_dtype(device.code.kind))
    }
  }

  @Test("a checkpoint is computed again under the autocast of its forward pass", arguments: [DType.bfloat16, .float16])
  func checkpointUnderAutocast(dtype: DType) throws {
    let (seen, types, gradients) = try runs(dtype: dtype, device: .cpu, checkpointing: true)
    #expect(seen == [Autocast](repeating: Autocast(isEnabled: true, dtype: dtype), count: 2))
    #expect(types == [dtype, dtype])
    let plain = try runs(dtype: dtype, device: .cpu, checkpointing: false)
    #expect(gradients == plain.gradients)
  }

  @Test("a weight that a checkpoint has cast without a gradient is cast again for what comes after")
  func weightUsedInAndAfterACheckpoint() throws {
    func gradient(checkpointing: Bool) throws -> [Float] {
      let input = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]).setRequiresGrad(true)
      let weight = try Tensor([1, -1, 2, 0.5] as [Float], shape: [2, 2]).setRequiresGrad(true)
      let body: ([Tensor]) throws -> Tensor = { try $0[0].matmul(weight) }
      let loss = try withAutocast(.bfloat16) {
        let first = checkpointing ? try checkpointed([input], body) : try body([input])
        return try (first + input.matmul(weight)).to(.float32).sum()
      }
      try loss.backward()
      return try #require(try weight.grad).floats()
    }
    // Small whole numbers, which bfloat16 holds exactly.
    #expect(try gradient(checkpointing: false) == [8, 8, 12, 12])
    #expect(try gradient(checkpointing: true) == [8, 8, 12, 12])
  }

  @Test("autocast of a GPU is restored as well, which shows without one", arguments: [DType.bfloat16, .float16])
  func checkpointUnderAutocastOfAnotherDevice(dtype: DType) throws {
    nonisolated(unsafe) var seen: [Autocast] = []
    let input = try Tensor([1, 2] as [Float]).setRequiresGrad(true)
    let output = try withAutocast(dtype, on: .cuda(0)) {
      try checkpointed([input]) { inputs in
        seen.append(try Autocast(.cuda(0)))
        return try inputs[0] * 2.0
      }
    }
    try output.sum().backward()
    #expect(seen == [Autocast](repeating: Autocast(isEnabled: true, dtype: dtype), count: 2))
    #expect(try !Autocast(.cuda(0)).isEnabled)
  }

  @Test(
    "on a GPU, whose backward pass has a thread of its own, gradients under autocast are those without checkpoints",
    .enabled("no CUDA GPU here") { try Device.cuda(0).isAvailable() }, arguments: [DType.bfloat16, .float16])
  func checkpointUnderAutocastOnAGPU(dtype: DType) throws {
    let (seen, types, gradients) = try runs(dtype: dtype, device: .cuda(0), checkpointing: true)
    #expect(seen == [Autocast](repeating: Autocast(isEnabled: true, dtype: dtype), count: 2))
    #expect(types == [dtype, dtype])
    let plain = try runs(dtype: dtype, device: .cuda(0), checkpointing: false)
    #expect(gradients == plain.gradients)
  }

  @Test("an error inside a checkpointed body arrives as it was thrown, forward and backward")
  func checkpointErrors() throws {
    struct Broken: Error, Equatable { var run: Int }
    let input = try Tensor([1] as [Float]).setRequiresGrad(true)
    #expect(throws: Broken(run: 0)) { try checkpointed([input]) { _ in throw Broken(run: 0) } }
    nonisolated(unsafe) var runs = 0
    let output = try checkpointed([input]) { inputs in
      runs += 1
      if runs > 1 { throw Broken(run: runs) }
      return try inputs[0] * 2.0
    }
    #expect(throws: Broken(run: 2)) { try output.backward() }
  }
}
