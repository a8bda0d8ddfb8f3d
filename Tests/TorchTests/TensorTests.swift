import Testing

@testable import Torch

@Suite("Tensor")
struct TensorTests {
  @Test("values go in and come out in row order, in every type")
  func roundTrip() throws {
    let tensor = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    #expect(tensor.shape == [2, 3])
    #expect(tensor.strides == [3, 1])
    #expect(try tensor.transpose(dim0: 0, dim1: 1).floats() == [1, 4, 2, 5, 3, 6])
    for dtype in DType.allCases where dtype != .bool {
      let converted = try tensor.to(dtype)
      #expect(converted.dtype == dtype)
      #expect(try converted.doubles() == [1, 2, 3, 4, 5, 6])
      #expect(try converted.bytes().count == 6 * dtype.byteCount)
    }
  }

  @Test("the normal numbers of a seed are PyTorch's")
  func normalNumbers() throws {
    // g = torch.Generator().manual_seed(1234); torch.randn(4, generator=g); torch.randn(37, generator=g)[:3]
    let generator = try Generator(seed: 1234)
    let first: [Float] = [0.0461304634809494, 0.4024028182029724, -1.0115290880203247, 0.2167382389307022]
    #expect(try Tensor.randn([4], generator: generator).floats() == first)
    let second: [Float] = [-0.3143523931503296, -0.4963131844997406, 0.12352831661701202]
    #expect(try Array(Tensor.randn([37], generator: generator).floats().prefix(3)) == second)
  }

  @Test("a generator continues from a stored state")
  func generatorState() throws {
    let generator = try Generator(seed: 7)
    _ = try Tensor.randn([5], generator: generator)
    let state = try generator.state()
    let first = try Tensor.randn([33], generator: generator).floats()
    let other = try Generator(seed: 0)
    try other.restore(state)
    #expect(try Tensor.randn([33], generator: other).floats() == first)
  }

  @Test("arithmetic between tensors and numbers")
  func arithmetic() throws {
    let a = try Tensor([1, 2] as [Float])
    let b = try Tensor([3, 5] as [Float])
    #expect(try (a * b - 1.0).floats() == [2, 9])
    #expect(try (1.0 - a).floats() == [0, -1])
    #expect(try (6.0 / b).floats() == [2, 1.2])
    #expect(try (-a / 2.0).floats() == [-0.5, -1])
  }

  @Test("tensors over foreign memory release their owner when the last one goes")
  func foreignMemory() throws {
    final class Owner {
      let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 4)
      init() { memory.initialize(repeating: 3) }
      deinit { memory.deallocate() }
    }
    weak var weakOwner: Owner?
    do {
      let view: Tensor
      do {
        let owner = Owner()
        weakOwner = owner
        let whole = try Tensor(
          over: UnsafeRawBufferPointer(owner.memory), shape: [4], dtype: .float32, keepingAlive: owner)
        view = try whole.narrow(dim: 0, start: 1, length: 2)
      }
      #expect(weakOwner != nil)
      #expect(try view.floats() == [3, 3])
    }
    #expect(weakOwner == nil)
  }

  @Test("a list result frees its list and its tensors")
  func lists() throws {
    let parts = try Tensor.arange(6).chunk(chunks: 3)
    #expect(try parts.map { try $0.int64s() } == [[0, 1], [2, 3], [4, 5]])
  }
}

@Suite("Torch errors")
struct TorchErrorTests {
  @Test("a refused operation names its reason and nothing is thrown across the border")
  func refusal() throws {
    let a = try Tensor.zeros([2, 3])
    let b = try Tensor.zeros([4, 5])
    let error = #expect(throws: TorchError.self) { try a.matmul(b) }
    guard case .operationFailed(let text) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(text.contains("mat1 and mat2"))
  }

  @Test("memory that cannot be had is an error of its own")
  func outOfMemory() throws {
    let error = #expect(throws: TorchError.self) { try Tensor.zeros([1 << 46]) }
    guard case .outOfMemory = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
  }

  @Test("impossible shapes are refused", arguments: [[-1], [Int.max, 2], [3, -2]])
  func shapes(_ shape: [Int]) {
    #expect(throws: TorchError.invalidShape(shape)) { try Tensor([] as [Float], shape: shape) }
  }

  @Test("values that do not fill a shape are refused")
  func counts() {
    #expect(throws: TorchError.countMismatch(count: 3, shape: [2, 2])) {
      try Tensor([1, 2, 3] as [Float], shape: [2, 2])
    }
  }

  @Test("device names", arguments: ["cpu": Device.cpu, "cuda": .cuda(0), "cuda:3": .cuda(3), "mps": .mps])
  func deviceNames(_ text: String, _ device: Device) { #expect(Device(text) == device) }

  @Test("names of no device", arguments: ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:99999999999999999999"])
  func unknownDevices(_ text: String) { #expect(Device(text) == nil) }
}
