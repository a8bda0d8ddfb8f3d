import Support
import Testing

@testable import TensorFiles

/// Files of weights with something else in them: both readers say what it is.
@Suite struct MistakenFilesTests {
  static let contents: [(bytes: [UInt8], content: MistakenContent)] = [
    ([], .empty), ([UInt8](repeating: 0, count: 4096), .zeros),
    (
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 42\n".utf8), .pointer(byteCount: 42)
    ),
    (Array("<!DOCTYPE html><html></html>".utf8), .webPage), (Array("<?xml version=\"1.0\"?><Error/>".utf8), .xml),
    (Array("{\"error\":\"gated\"}".utf8), .json),
    (Array("404: Not Found".utf8), .text),
    ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 4], .compressed("gzip")), ([0x80, 2, 0x7D, 0x71, 0, 0x2E], .pickle),
  ]

  @Test(arguments: contents.indices)
  func bothReadersSayWhatIsThere(index: Int) {
    let (bytes, content) = Self.contents[index]
    #expect(throws: TensorFileError.mistaken(file: "unet.safetensors", content: content)) {
      try SafetensorsFile(file: MappedFile(bytes: bytes, name: "unet.safetensors"))
    }
    #expect(throws: TensorFileError.mistaken(file: "model.pt", content: content)) {
      try TorchArchive(file: MappedFile(bytes: bytes, name: "model.pt"))
    }
  }

  @Test func eachFormatIsKnownToTheReaderOfTheOther() throws {
    let checkpoint = try Fixtures.bytes("layouts.pt")
    let error = #expect(throws: TensorFileError.self) {
      try SafetensorsFile(file: MappedFile(bytes: checkpoint, name: "unet.safetensors"))
    }
    #expect(error?.description.contains("zip archive, as PyTorch's .pt") == true)
    let safetensors = try Fixtures.bytes("shapes.safetensors")
    #expect(throws: TensorFileError.mistaken(file: "model.pt", content: .safetensors)) {
      try TorchArchive(file: MappedFile(bytes: safetensors, name: "model.pt"))
    }
  }

  @Test func aBrokenHeaderIsStillCalledOne() {
    // Its length has the bytes of gzip's mark and of a pickle's.
    for length: UInt64 in [0x08_8B1F, 0x0280] {
      let bytes = withUnsafeBytes(of: length.littleEndian, Array.init) + Array("{\"a\":1".utf8)
      #expect(
        throws: TensorFileError.safetensors(
          file: "x", tensor: nil, problem: .headerTruncated(declared: length, available: 6))
      ) {
        try SafetensorsFile(file: MappedFile(bytes: bytes, name: "x"))
      }
    }
  }
}
