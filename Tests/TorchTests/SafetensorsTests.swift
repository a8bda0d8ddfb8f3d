import Foundation
import TensorFiles
import Testing

@testable import Torch

@Suite("Tensors in safetensors files")
struct SafetensorsTests {
  @Test("what is written comes back bit for bit, and the mapped file outlives its reader")
  func roundTrip() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let generator = try Generator(seed: 5)
    let values = try Tensor.randn([3, 4], generator: generator)
    let written: [String: Tensor] = [
      "half": try values.to(.float16), "brain": try values.to(.bfloat16), "single": values,
      "double": try values.to(.float64), "transposed": try values.transpose(dim0: 0, dim1: 1),
      "index": try Tensor.arange(7), "scalar": try Tensor([2.5] as [Float], shape: []),
      "empty": try Tensor([] as [Float], shape: [0, 3]),
    ]
    try SafetensorsWriter.write(written, metadata: ["step": "3"], to: path)

    let read = try SafetensorsFile(path: path).loadTensors()
    #expect(Set(read.keys) == Set(written.keys))
    for (name, tensor) in written {
      #expect(read[name]?.shape == tensor.shape)
      #expect(read[name]?.dtype == tensor.dtype)
      #expect(try read[name]?.bytes() == tensor.bytes(), "\(name)")
    }
    #expect(try SafetensorsFile(path: path).metadata == ["step": "3"])
  }

  @Test("writing to a mapped tensor leaves the file as it was")
  func copyOnWrite() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try SafetensorsWriter.write(["a": Tensor([1, 2, 3] as [Float])], to: path)
    try SafetensorsFile(path: path).loadTensors()["a"]?.zeroInPlace()
    #expect(try SafetensorsFile(path: path).loadTensors()["a"]?.floats() == [1, 2, 3])
  }
}
