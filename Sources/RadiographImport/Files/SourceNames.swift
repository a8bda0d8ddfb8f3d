import Foundation

/// Names of files as tables and reports write them, read as paths below a source's folder.
///
/// Tables are written on other systems than they are read on: with backslashes, `./` or `//`, blanks around a name, or
/// the whole path of the folder in front.
struct SourceNames: Sendable {
  /// The root as it was given and without links, by components.
  private let roots: [[String]]

  init(root: URL) {
    let given = root.standardizedFileURL.path
    let resolved = root.resolvingSymlinksInPath().standardizedFileURL.path
    roots = (given == resolved ? [given] : [given, resolved]).map { Self.parts($0) { $0 == UInt8(ascii: "/") } }
  }

  /// The path below the root, `images/a.png` of `.\images\a.png`.
  ///
  /// - Returns: nil if the name leads out of the root, or is no name at all.
  func path(_ name: String) -> String? {
    if Self.isPlain(name) { return name }
    let name = name.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !name.utf8.contains(0) else { return nil }
    func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") }
    let parts = Self.parts(name, isSeparator)
    let isAbsolute = name.utf8.first.map(isSeparator) ?? false
    // A drive of another system, `C:\images\a.png`.
    if let first = parts.first, first.count == 2, first.last == ":", first.first?.isLetter == true { return nil }
    for root in roots {
      var place = isAbsolute ? [] : root
      for part in parts {
        switch part {
        case ".": continue
        case "..": _ = place.popLast()
        default: place.append(part)
        }
      }
      if place.count > root.count, place.starts(with: root) { return place[root.count...].joined(separator: "/") }
    }
    return nil
  }

  /// By bytes: an accent behind a stroke would make another character of it.
  private static func parts(_ path: String, _ isSeparator: (UInt8) -> Bool) -> [String] {
    path.utf8.split(whereSeparator: isSeparator).map { String(decoding: $0, as: UTF8.self) }
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
