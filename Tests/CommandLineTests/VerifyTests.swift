import Foundation
import TestBasics
import Testing

/// `thorax keys` and `thorax verify`.
@Suite struct VerifyTests {
  private struct Verified: Decodable {
    struct Watermark: Decodable {
      var found: Bool
      var false_positive_rate: Double
      var payload: String?
    }
    struct File: Decodable {
      var path: String
      var watermark: Watermark?
      var signature: String?
      var public_key: String?
      var expected_key: Bool?
      var seed: UInt64?
      var error: String?
    }
    var files: [File]
  }

  private static func verified(
    _ arguments: String..., in place: Workplace, status: Int32 = 0
  ) throws -> [Verified.File] {
    let result = try place.run(["verify", "--json"] + arguments)
    #expect(result.status == status, "\(result.errors)")
    return try JSONDecoder().decode(Verified.self, from: Data(result.output.utf8)).files
  }

  @Test("drawn files are known again, signed ones tell whether they were changed")
  func drawn() throws {
    try withWorkplace { place in
      func draw(_ name: String, _ more: String...) throws {
        let result = try place.run(["generate", "--model", "tiny", "Effusion", "--seed", "3", "--output", name] + more)
        #expect(result.status == 0, "\(result.errors)")
      }
      try draw("unsigned.png")
      try draw("plain.png", "--no-watermark")
      let made = try place.run(["keys", "make"])
      #expect(made.status == 0, "\(made.errors)")
      let shown = try place.run(["keys", "show"])
      #expect(shown.output == made.output && shown.output.count == 45)
      let names = ["signed.png", "signed.jpg", "signed.dcm"]
      for name in names { try draw(name) }
      try draw("again.dcm")
      try draw("off.png", "--signing-key", "none")

      let files = try Self.verified(
        "unsigned.png", "plain.png", "signed.png", "signed.jpg", "signed.dcm", "off.png", in: place)
      #expect(files.map(\.path).first == "unsigned.png")
      #expect(files.map(\.signature) == ["absent", "absent", "valid", "valid", "valid", "absent"])
      #expect(files.map(\.expected_key) == [nil, nil, true, true, true, nil])
      #expect(files.allSatisfy { $0.seed == 3 })
      #expect(files[1].watermark?.found == false)
      func bytes(_ name: String) throws -> Data { try place.data(name) }
      #expect(try bytes("signed.dcm") == bytes("again.dcm"))
      #expect(try bytes("off.png") == bytes("unsigned.png"))

      // One letter of the prompt, in a chunk whose checksum is mended.
      var text = try bytes("signed.dcm")
      let letters = try #require(text.range(of: Data("thorax:prompt\",\"Effusion".utf8)))
      text[letters.upperBound - 1] = UInt8(ascii: "m")
      try text.write(to: place.folder.appendingPathComponent("changed.dcm"))
      #expect(try Self.verified("changed.dcm", in: place, status: 65).map(\.signature) == ["altered"])
      let key = Data(repeating: 7, count: 32).base64EncodedString()
      let other = try place.run(["verify", "signed.png", "--public-key", key])
      #expect(other.status == 65 && other.output.contains("BY ANOTHER KEY"), "\(other.output)")
      let wrong = try place.run(["verify", "signed.png", "--public-key", "AAAA"])
      #expect(wrong.status == 64 && wrong.errors.contains("is no public key"), "\(wrong.errors)")
      // The certificates beside the key give PNG and JPEG their Content Credentials.
      for name in ["signed.png", "signed.jpg"] { #expect(try bytes(name).range(of: Data("c2pa.claim.v2".utf8)) != nil) }
      #expect(try bytes("off.png").range(of: Data("c2pa".utf8)) == nil)
      let words = try place.run(["verify", "signed.png"])
      #expect(words.output.contains("signed by the expected key") && words.output.hasPrefix("signed.png: "))

      let like = try place.run(["generate", "--like", "plain.png", "--output", "like.png", "--signing-key", "none"])
      #expect(like.status == 0, "\(like.errors)")
      #expect(try bytes("like.png") == bytes("plain.png"))
    }
  }

  @Test("what cannot be looked at is one line and its exit code; the rest is looked at")
  func badInput() throws {
    try withWorkplace { place in
      try Data("no picture".utf8).write(to: place.folder.appendingPathComponent("text.png"))
      try Data().write(to: place.folder.appendingPathComponent("empty.dcm"))
      func expect(_ status: Int32, _ words: String, _ arguments: String...) throws {
        let result = try place.run(arguments)
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(
          result.errorLines.last?.hasPrefix("error: ") == true && result.errors.contains(words), "\(result.errors)")
      }
      try expect(65, "not an image", "verify", "text.png")
      try expect(65, "empty.dcm", "verify", "empty.dcm")
      try expect(66, "missing.png", "verify", "missing.png")
      try expect(64, "missing expected argument", "verify")
      try expect(66, "key", "keys", "show")
      try expect(65, "holds no signing key", "keys", "show", "text.png")
      try expect(
        65, "holds no signing key", "generate", "--model", "tiny", "a", "--signing-key", "text.png", "--output", "x.png"
      )
      #expect(try place.run(["keys", "make"]).status == 0)
      try expect(73, "key", "keys", "make")
      let mixed = try place.run(["verify", "--json", "text.png", "missing.png"])
      let files = try JSONDecoder().decode(Verified.self, from: Data(mixed.output.utf8)).files
      #expect(mixed.status == 65 && files.count == 2 && files.allSatisfy { $0.error != nil })
    }
  }
}
