import Foundation
import Support
import TestBasics
import Testing

@Suite struct ContentHashTests {
  @Test("the published digests of SHA-256")
  func published() {
    #expect(ContentHash.of([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(ContentHash.of("abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(ContentHash.of(Array("abc".utf8)) == ContentHash.of("abc".utf8))
  }

  @Test("a file has the hash of its bytes, and one that is missing is named")
  func files() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    try Data("abc".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try ContentHash.ofFile(path) == ContentHash.of("abc".utf8))
    #expect(throws: FileAccessError(path: folder.path("b"), operation: .read, reason: .notFound)) {
      try ContentHash.ofFile(folder.path("b"))
    }
  }

  @Test("no two lists of parts have one hash because of where they are divided")
  func parts() {
    #expect(ContentHash.of(parts: ["ab", "c"]) != ContentHash.of(parts: ["a", "bc"]))
    #expect(ContentHash.of(parts: ["abc"]) != ContentHash.of(parts: ["abc", ""]))
  }

  @Test("a listing is hashed as sha256sum prints it, in the order of the names")
  func listing() {
    let hashes = ["b": String(repeating: "1", count: 64), "a": String(repeating: "2", count: 64)]
    let lines = "\(String(repeating: "2", count: 64))  a\n\(String(repeating: "1", count: 64))  b\n"
    #expect(ContentHash.of(listing: hashes) == ContentHash.of(lines.utf8))
  }

  @Test("hexadecimal digits keep leading zeros")
  func hexadecimal() { #expect([0, 1, 16, 255].map { UInt8($0) }.hexadecimal == "000110ff") }
}
