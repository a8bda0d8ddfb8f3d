/// What a file holds in place of what its name says: the pointer that Git LFS leaves, a page that a server sent, a
/// download that never came. Readers look for it once a file turns out not to be of their format.
public enum MistakenContent: Equatable, Sendable, CustomStringConvertible {
  case empty
  /// Zero bytes alone: space that was set aside for a download.
  case zeros
  /// A pointer of Git LFS or of Hugging Face's Xet; the size of the file that it points to, if it says so.
  case pointer(byteCount: Int?)
  case webPage
  /// A document in XML, such as the errors of object stores.
  case xml
  /// A document in JSON.
  case json
  /// Another text. Nothing of it is quoted: it may be a file that is no one else's to read.
  case text
  /// A compressed file, by the name of the compression.
  case compressed(String)
  /// A plain pickle of Python.
  case pickle
  case safetensors
  /// A file of another known format, in words.
  case other(String)

  /// Judges a file by its bytes.
  ///
  /// - Returns: nil if they are none of these. A file of the expected format may look like one of these by chance: call
  ///   this only once it has been refused.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    let start = bytes.prefix(4096)
    if bytes.isEmpty {
      self = .empty
    } else if bytes.count > 8, start.allSatisfy({ $0 == 0 }) {
      self = .zeros
    } else if Self.isSafetensors(bytes) {
      self = .safetensors
    } else if let format = Self.formats.first(where: { start.starts(with: $0.magic) }) {
      self = format.content
    } else if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
      self = .compressed("tar")
    } else if let text = Self.text(bytes) {
      self = Self.kind(of: text, byteCount: bytes.count)
    } else {
      return nil
    }
  }

  /// Judges a file that should be a text, such as JSON or a list of words, and therefore may look like one.
  ///
  /// - Returns: nil if it is a text, or none of these.
  public init?(inPlaceOfText bytes: UnsafeRawBufferPointer) {
    switch MistakenContent(bytes) {
    case nil, .json, .text: return nil
    case let content?: self = content
    }
  }

  private static let formats: [(magic: [UInt8], content: MistakenContent)] = [
    ([0x1F, 0x8B], .compressed("gzip")), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], .compressed("xz")),
    ([0x28, 0xB5, 0x2F, 0xFD], .compressed("zstd")), (Array("BZh".utf8), .compressed("bzip2")),
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .compressed("7z")), (Array("Rar!".utf8), .compressed("rar")),
    ([0x04, 0x22, 0x4D, 0x18], .compressed("lz4")),
    ([0x50, 0x4B, 0x03, 0x04], .other("a zip archive, as PyTorch's .pt and NumPy's .npz are")),
    ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A], .other("an HDF5 file, as Keras writes")),
    (Array("GGUF".utf8), .other("a GGUF file, as llama.cpp reads")),
    ([0x93] + Array("NUMPY".utf8), .other("a NumPy array")), (Array("%PDF".utf8), .other("a PDF document")),
    ([0x89] + Array("PNG".utf8), .other("a PNG image")), ([0xFF, 0xD8, 0xFF], .other("a JPEG image")),
    ([0x80, 0x02], .pickle), ([0x80, 0x03], .pickle), ([0x80, 0x04], .pickle), ([0x80, 0x05], .pickle),
  ]

  /// Whether the file begins with the length of a header, and a header.
  private static func isSafetensors(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count > 9, bytes[8] == UInt8(ascii: "{") else { return false }
    return UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) <= UInt64(bytes.count - 8)
  }

  /// The file's beginning as a text without blanks before it; nil if it is none.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
    var start = UnsafeRawBufferPointer(rebasing: bytes.prefix(4096))
    if start.starts(with: [0xEF, 0xBB, 0xBF]) { start = UnsafeRawBufferPointer(rebasing: start[3...]) }
    let validCount = firstInvalidUTF8Offset(in: start) ?? start.count
    // The last scalar may be cut.
    guard validCount >= start.count - 3 || (bytes.count <= 4096 && validCount == start.count) else { return nil }
    let text = String(decoding: start[..<validCount], as: UTF8.self)
    let isText = text.unicodeScalars.allSatisfy { scalar in
      scalar.value >= 0x20
        ? scalar.value != 0x7F : scalar == "\n" || scalar == "\r" || scalar == "\t" || scalar == "\u{C}"
    }
    guard isText else { return nil }
    return String(text.drop { $0.isWhitespace })
  }

  private static func kind(of text: String, byteCount: Int) -> MistakenContent {
    let lines = text.split(whereSeparator: \.isNewline)
    let first = (lines.first ?? "").lowercased()
    if first.hasPrefix("version https://git-lfs.") || first.hasPrefix("version https://hawser.")
      || first.hasPrefix("# xet version"), byteCount <= 4096
    {
      let size = lines.first { $0.hasPrefix("size ") || $0.hasPrefix("filesize = ") }
      return .pointer(byteCount: size?.split(separator: " ").last.flatMap { Int($0) })
    }
    let pages = ["<!doctype html", "<html", "<head", "<body", "<title", "<script"]
    if pages.contains(where: first.hasPrefix) || text.prefix(1024).lowercased().contains("<html") { return .webPage }
    if first.hasPrefix("<?xml") || first.hasPrefix("<error") { return .xml }
    return first.hasPrefix("{") || first.hasPrefix("[") ? .json : .text
  }

  /// What it is and what to do about it.
  public var description: String { "\(fact): \(remedy)" }

  /// What it is.
  public var fact: String {
    switch self {
    case .empty: "an empty file"
    case .zeros: "nothing but zero bytes, as a broken download leaves"
    case .pointer(let count): "a pointer of Git LFS\(count.map { " to a file of \($0) bytes" } ?? ""), not the file"
    case .webPage: "a web page (HTML), not the file"
    case .xml: "an XML document, as a server's errors are"
    case .json: "a JSON text, as a server's errors are"
    case .text: "a text, not the file"
    case .pickle: "a pickle"
    case .safetensors: "a safetensors file"
    case .compressed(let name): "compressed (\(name))"
    case .other(let what): what
    }
  }

  private var remedy: String {
    let again = "download the file itself again"
    return switch self {
    case .empty, .zeros, .xml, .json: again
    case .pointer: "run 'git lfs pull' in its folder, or download the file itself"
    case .webPage: "\(again), and log in first if the page asks for it"
    case .text: "check the name, or \(again)"
    case .pickle: "save its tensors with torch.save, or as safetensors"
    case .safetensors: "let its name end in .safetensors"
    case .compressed: "unpack it first"
    case .other: "give a file of the format that belongs here"
    }
  }
}
