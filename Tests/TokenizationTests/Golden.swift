import Foundation

@testable import Tokenization

/// Fixtures of `Tools/reference/wordpiece.py`, made with Hugging Face `tokenizers`.
enum Golden {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/tokenization")

  /// all-MiniLM-L6-v2's vocabulary, and a cased one trained on generated text.
  static let tokenizers = Result {
    try (
      uncased: WordPieceTokenizer(contentsOf: folder.appendingPathComponent("uncased")),
      cased: WordPieceTokenizer(contentsOf: folder.appendingPathComponent("cased.json"))
    )
  }

  /// The lines of a file of digests.
  static func rows(_ name: String) throws -> [[String]] {
    try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
  }

  /// The data that a developer's machine may have beside the repository.
  static let reports: URL? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["THORAX_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? root.deletingLastPathComponent().appendingPathComponent("shared")
    let reports = shared.appendingPathComponent("data/iu")
    let isThere = FileManager.default.fileExists(atPath: reports.appendingPathComponent("indiana_reports.csv").path)
    return isThere ? reports : nil
  }()
}

/// FNV-1a of 64 bits over 32-bit little-endian integers, as in `wordpiece.py`.
struct Digest: CustomStringConvertible {
  private var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ integers: some Sequence<Int>) {
    for integer in integers {
      for shift in [0, 8, 16, 24] { value = (value ^ UInt64(integer >> shift & 0xFF)) &* 0x100_0000_01B3 }
    }
  }

  /// The identifiers and, of a text that is cut, the number of tokens and where the first dropped one begins.
  mutating func add(_ encoding: Encoding) {
    add([encoding.ids.count])
    add(encoding.ids)
    if let truncation = encoding.truncation { add([truncation.tokenCount, truncation.scalarOffset]) }
  }

  var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension WordPieceTokenizer {
  /// One digest of texts, each cut to its limit.
  func digest(of texts: [(text: String, limit: Int)]) throws -> String {
    var digest = Digest()
    for (text, limit) in texts { digest.add(try encode(text, maximumLength: limit)) }
    return digest.description
  }
}
