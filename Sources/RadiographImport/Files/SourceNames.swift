import Foundation
import SystemPackage

/// Names of files as tables and reports write them, read as paths below a source's folder.
///
/// Tables are written on other systems than they are read on: with backslashes, `./` or `//`, blanks around a name, or
/// the whole path of the folder in front.
struct SourceNames: Sendable {
  /// The root as it was given, and without links.
  private let roots: [FilePath]

  init(root: URL) {
    let given = FilePath(root.standardizedFileURL.path).lexicallyNormalized()
    let resolved = FilePath(root.resolvingSymlinksInPath().path).lexicallyNormalized()
    roots = given == resolved ? [given] : [given, resolved]
  }

  /// The path below the root, `images/a.png` of `.\images\a.png`.
  ///
  /// - Returns: nil if the name leads out of the root, or is no name at all.
  func path(_ name: String) -> String? {
    if Self.isPlain(name) { return name }
    let name = name.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !name.isEmpty, !name.utf8.contains(0) else { return nil }
    // A drive of another system, `C:\images\a.png`.
    if name.dropFirst().first == ":", name.first?.isLetter == true { return nil }
    // By bytes: an accent behind a stroke would make another character of it.
    let bytes = name.utf8.map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }
    let file = FilePath(String(decoding: bytes, as: UTF8.self))
    for root in roots {
      // An absolute name takes the root's place.
      var place = root.pushing(file).lexicallyNormalized()
      if place.removePrefix(root), !place.isEmpty { return place.string }
    }
    return nil
  }

  /// Whether a name is a path as it stands: most are, and pass without being taken apart.
  private static func isPlain(_ name: String) -> Bool {
    var previous = UInt8(ascii: "/")
    for byte in name.utf8 {
      // A dot at the beginning of a part may be `.` or `..`.
      if byte <= 0x20 || byte == UInt8(ascii: "\\") || byte >= 0x80 || byte == UInt8(ascii: ":") { return false }
      if previous == UInt8(ascii: "/"), byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/") { return false }
      previous = byte
    }
    return previous != UInt8(ascii: "/")
  }
}

/// A name compared byte by byte. `String` takes the composed and the decomposed form of a letter for one, and a folder
/// may hold a file of each.
struct ExactName: Hashable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (one: ExactName, other: ExactName) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
