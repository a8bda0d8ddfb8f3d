import Foundation
import TestBasics
import Testing

@testable import TensorFiles

@Suite struct SafetensorsWriterTests {
  @Test(arguments: ["all-types.safetensors", "shapes.safetensors", "no-tensors.safetensors"])
  func writesTheReferencesFilesByteForByte(name: String) throws {
    let folder = try TemporaryFolder()
    let original = try SafetensorsFile(path: Fixtures.path(name))
    let entries = try original.names.reversed().map { name in
      let tensor = try original.tensor(name)
      return SafetensorsEntry(name: name, dtype: tensor.dtype, shape: tensor.shape)
    }
    let path = folder.path("copy.safetensors")
    try SafetensorsWriter.write(entries, metadata: original.metadata, to: path) { entry, append in
      try original.tensor(entry.name).withUnsafeBytes(append)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(Fixtures.bytes(name)))
    #expect(try folder.names() == ["copy.safetensors"])
  }

  @Test func alignsEveryTensor() throws {
    let folder = try TemporaryFolder()
    let tensors = StoredDType.allCases.map { dtype in
      let count = dtype.byteWidth == nil ? 4 : 3
      let byteCount = count * dtype.bitWidth / 8
      let entry = SafetensorsEntry(name: dtype.rawValue, dtype: dtype, shape: [count])
      return (entry: entry, bytes: [UInt8](repeating: 7, count: byteCount))
    }
    try SafetensorsWriter.write(tensors, to: folder.path("a"))
    let file = try SafetensorsFile(path: folder.path("a"))
    for name in file.names { #expect(try file.tensor(name).isAligned, "\(name)") }
  }

  @Test func metadataSurvivesAnyText() throws {
    let folder = try TemporaryFolder()
    let metadata = ["": "", "quote\"\\": "\u{0}\u{1F}\u{7F}\n\u{2028}", "\u{1FAC1}": "\u{FFFD}"]
    try SafetensorsWriter.write([], metadata: metadata, to: folder.path("a"))
    #expect(try SafetensorsFile(path: folder.path("a")).metadata == metadata)
  }

  @Test func refusesWhatMakesNoFileAndLeavesNothingBehind() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    func entry(_ name: String, _ shape: [Int] = [1], _ dtype: StoredDType = .uint8) -> SafetensorsEntry {
      SafetensorsEntry(name: name, dtype: dtype, shape: shape)
    }
    let cases: [(entries: [SafetensorsEntry], problem: SafetensorsWriteProblem)] = [
      ([entry("a"), entry("a")], .duplicateName),
      ([entry("__metadata__")], .reservedName),
      ([entry("a", [-1])], .invalidShape([-1])),
      ([entry("a", [.max, 2])], .invalidShape([.max, 2])),
      ([entry("a", [3], .float4)], .invalidShape([3])),
      ([entry("a", [2])], .wrongByteCount(expected: 2, written: 1)),
      ([entry("a", [0])], .wrongByteCount(expected: 0, written: 1)),
    ]
    for (entries, problem) in cases {
      let error = TensorFileError.unwritable(file: path, tensor: entries[0].name, problem: problem)
      #expect(throws: error) { try SafetensorsWriter.write(entries.map { ($0, [0]) }, to: path) }
    }
    struct Stop: Error {}
    #expect(throws: Stop.self) { try SafetensorsWriter.write([entry("a")], to: path) { _, _ in throw Stop() } }
    #expect(try folder.names() == [])
  }
}
