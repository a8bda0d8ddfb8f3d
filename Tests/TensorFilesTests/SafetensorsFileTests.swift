import Foundation
import Support
import TestBasics
import Testing

@testable import TensorFiles

@Suite struct SafetensorsFileTests {
  @Test(arguments: ["all-types.safetensors", "shapes.safetensors", "no-tensors.safetensors"])
  func readsEveryElementOfTheReferencesFiles(name: String) throws {
    let expected = try Fixtures.expected(name)
    let file = try SafetensorsFile(path: Fixtures.path(name))
    #expect(file.metadata == expected.metadata)
    #expect(file.names.count == expected.tensors.count)
    for tensor in expected.tensors {
      #expect(Fixtures.Tensor(tensor.name, try file.tensor(tensor.name)) == tensor)
    }
  }

  @Test func coversEveryElementType() throws {
    let file = try SafetensorsFile(path: Fixtures.path("all-types.safetensors"))
    #expect(Set(try file.names.map { try file.tensor($0).dtype }) == Set(StoredDType.allCases))
  }

  @Test func tellsCanonicallyEquivalentNamesApart() throws {
    let file = try SafetensorsFile(path: Fixtures.path("shapes.safetensors"))
    let composed = try #require(file["caf\u{E9}"])
    let decomposed = try #require(file["cafe\u{301}"])
    #expect(composed.contiguousBytes() != decomposed.contiguousBytes())
  }

  @Test func copiesNothingAndKeepsTheFileMapped() throws {
    let path = Fixtures.path("shapes.safetensors")
    var file: SafetensorsFile? = try SafetensorsFile(path: path)
    let tensor = try #require(file?["caf\u{E9}"])
    #expect(
      file?.file.bytes.baseAddress.map { $0 + tensor.byteRange.lowerBound } == UnsafeRawPointer(tensor.baseAddress))
    file = nil
    #expect(tensor.withUnsafeBytes { $0.load(as: Float.self) } == 1)
  }

  @Test func writingThroughTheMappingLeavesTheFileAlone() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.safetensors")
    try SafetensorsWriter.write([(SafetensorsEntry(name: "x", dtype: .uint8, shape: [2]), [1, 2])], to: path)
    let tensor = try SafetensorsFile(path: path).tensor("x")
    tensor.baseAddress.storeBytes(of: 9, as: UInt8.self)
    #expect(tensor.contiguousBytes() == [9, 2])
    #expect(try SafetensorsFile(path: path).tensor("x").contiguousBytes() == [1, 2])
  }

  @Test func namesTheTensorThatIsNotThere() throws {
    let file = try SafetensorsFile(path: Fixtures.path("no-tensors.safetensors"))
    let error = #expect(throws: TensorFileError.self) { try file.tensor("encoder.weight") }
    #expect(error?.description.contains("no tensor \"encoder.weight\"") == true)
  }

  @Test func refusesWhatIsNoReadableFile() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
    let cases: [(path: String, reason: FileAccessError.Reason)] = [
      (folder.path("missing"), .notFound), (folder.url.path, .isFolder), (folder.path("pipe"), .notRegularFile),
      ("/dev/null", .notRegularFile), ("", .invalidPath), ("a\0b", .invalidPath),
      (folder.path("missing/inside"), .notFound),
    ]
    for (path, reason) in cases {
      let expected = FileAccessError(path: path, operation: .read, reason: reason)
      #expect(throws: expected) { try SafetensorsFile(path: path) }
    }
  }

  @Test func refusesAnEmptyFile() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write([], to: folder.path("empty"))
    #expect(throws: TensorFileError.mistaken(file: folder.path("empty"), content: .empty)) {
      try SafetensorsFile(path: folder.path("empty"))
    }
  }

  @Test func refusesEveryTruncation() throws {
    let bytes = try Fixtures.bytes("shapes.safetensors")
    let headerEnd = 8 + Int(bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
    for length in 0..<bytes.count {
      let error = #expect(throws: TensorFileError.self, "cut to \(length) bytes") {
        try SafetensorsFile(file: MappedFile(bytes: bytes[..<length], name: "cut"))
      }
      switch error {
      case .mistaken("cut", .empty)?: #expect(length == 0)
      // A byte of the header's length that is a letter.
      case .mistaken("cut", .text)?: #expect(length == 1)
      case .safetensors("cut", nil, .tooShort(length))?: #expect(length < 8)
      case .safetensors("cut", nil, .headerTruncated(_, length - 8))?: #expect(length < headerEnd)
      case .safetensors("cut", _?, .dataTruncated(_, length - headerEnd))?: #expect(length >= headerEnd)
      default: Issue.record("cut to \(length) bytes: \(String(describing: error))")
      }
    }
  }
}
