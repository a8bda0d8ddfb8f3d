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
