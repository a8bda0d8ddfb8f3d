import Testing

@testable import Support

/// What files hold in place of weights and tokenizers, as people report it.
@Suite struct MistakenContentTests {
  static func content(_ bytes: [UInt8]) -> MistakenContent? { bytes.withUnsafeBytes { MistakenContent($0) } }
  static func content(_ text: String) -> MistakenContent? { content(Array(text.utf8)) }

  @Test func pointersSayHowLargeTheFileIs() {
    let lfs =
      "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "a", count: 64))\nsize 16088184\n"
    #expect(Self.content(lfs) == .pointer(byteCount: 16_088_184))
    #expect(Self.content(lfs.replacing("\n", with: "\r\n")) == .pointer(byteCount: 16_088_184))
    #expect(Self.content("version https://hawser.github.com/spec/v1\noid sha256:00\n") == .pointer(byteCount: nil))
    #expect(Self.content("# xet version 0\nfilesize = 12\nhash = 'ab'\n") == .pointer(byteCount: 12))
    #expect(
      Self.content(lfs)?.description == "a pointer of Git LFS to a file of 16088184 bytes, not the file: run 'git lfs "
        + "pull' in its folder, or download the file itself")
  }

  @Test(arguments: [
    "<!DOCTYPE html>\n<html><head></head></html>", "<!doctype HTML><title>Sign in</title>",
    "\u{FEFF}  \n<HTML lang=\"en\">",
    "<!-- a comment -->\n<html><body>not found</body></html>", "<head><title>404</title></head>",
  ])
  func pagesAreKnown(text: String) { #expect(Self.content(text) == .webPage) }

  @Test func answersOfServersAreKnownByTheirBeginning() {
    #expect(Self.content("{\"error\": \"Repository not found\"}") == .json)
    #expect(Self.content("[{\"a\":\n 1}]") == .json)
    #expect(Self.content("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>") == .xml)
    #expect(Self.content("Entry not found") == .text)
    #expect(Self.content(String(repeating: "Invalid credentials\n", count: 1000)) == .text)
  }

  @Test func nothingOfAFileIsQuoted() {
    for secret in ["root:x:0:0:root:/root:/bin/bash\n", "{\"token\": \"root:x\"}", "<?xml version=\"1.0\"?><root:x/>"] {
      #expect(Self.content(secret)?.description.contains("root:x") == false, "\(secret)")
    }
  }

  @Test func filesOfOtherFormatsAreKnown() {
    #expect(Self.content([]) == .empty)
    #expect(Self.content([UInt8](repeating: 0, count: 5000)) == .zeros)
    #expect(Self.content([0x1F, 0x8B, 8, 0]) == .compressed("gzip"))
    #expect(Self.content([0x28, 0xB5, 0x2F, 0xFD]) == .compressed("zstd"))
    #expect(Self.content([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) == .compressed("xz"))
    #expect(Self.content("BZh91AY") == .compressed("bzip2"))
    let tar = [UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8) + [UInt8](repeating: 0, count: 250)
    #expect(Self.content(tar) == .compressed("tar"))
    #expect(Self.content([0x80, 2, 0x7D, 0x71, 0, 0x2E]) == .pickle)
    #expect(Self.content([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)) == .safetensors)
    for (magic, word) in [
      ([0x50, 0x4B, 3, 4], "zip"), ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "HDF5"),
      (Array("GGUF".utf8), "GGUF"), ([0x93] + Array("NUMPY".utf8), "NumPy"), (Array("%PDF-1.7".utf8), "PDF"),
    ] as [([UInt8], String)] {
      #expect(Self.content(magic + [0, 1])?.description.contains(word) == true, "\(word)")
    }
  }

  @Test func bytesThatSayNothingAreNotJudged() {
    #expect(Self.content([1, 2, 3]) == nil)
    #expect(Self.content([UInt8](repeating: 0xFF, count: 100)) == nil)
    #expect(Self.content([100, 0, 0, 0, 0, 0, 0, 0] + Array("garbage".utf8)) == nil)
    // A text in Latin-1, and one that is cut inside a letter.
    #expect(Self.content(Array("caf".utf8) + [0xE9, 0x20, 0x61, 0x62, 0x63, 0x64]) == nil)
    let cut = [UInt8](repeating: 0x61, count: 4095) + Array("\u{E9}".utf8)
    #expect(Self.content(cut) == .text)
  }

  @Test func everyMessageIsOneLineWithARemedy() {
    let all: [MistakenContent] = [
      .empty, .zeros, .pointer(byteCount: nil), .pointer(byteCount: 1), .webPage, .xml, .json, .text,
      .compressed("gzip"), .pickle, .safetensors, .other("a PDF document"),
    ]
    for content in all {
      #expect(!content.description.contains("\n"))
      #expect(content.description.contains(": "), "\(content)")
    }
  }
}
