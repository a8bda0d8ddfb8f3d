import Foundation
import ImageFiles
import Support
import SystemPackage

/// Writes phantoms as files: `NAME.png` and `NAME.txt` (the report under its headings) of each, and `truth.jsonl`, whose
/// lines have `path`, `text`, and the keys of `PhantomReading`.
public struct PhantomExport: Sendable {
  public let folder: FilePath
  public let seed: UInt64
  public let count: Int
  public let size: Int

  /// - Throws: `PhantomError` for a count or a size that is not drawn.
  public init(to folder: String, seed: UInt64, count: Int, size: Int) throws(PhantomError) {
    try Phantom.checkCount(count)
    try Phantom.checkSize(size)
    (self.folder, self.seed, self.count, self.size) = (FilePath(folder), seed, count, size)
  }

  private var truth: FilePath { folder.appending("truth.jsonl") }

  private struct Truth: Encodable {
    var path: String
    var text: String
    var reading: PhantomReading

    enum Key: String, CodingKey { case path, text }

    func encode(to encoder: any Encoder) throws {
      try reading.encode(to: encoder)
      var values = encoder.container(keyedBy: Key.self)
      try values.encode(path, forKey: .path)
      try values.encode(text, forKey: .text)
    }
  }

  /// Refuses places that are taken, before anything is drawn.
  ///
  /// - Parameter overwrite: Whether files that are there are replaced.
  /// - Throws: `OutputError`.
  public func check(overwrite: Bool) throws(OutputError) {
    if folder.isTaken, !folder.isFolder { throw .folder(path: folder.string, reason: "a file has this name") }
    guard folder.isFolder else { return }
    try truth.checkReplaceable(overwrite: overwrite)
    for index in 0..<count {
      let name = Phantom(seed: seed, index: index).name
      for ending in ["png", "txt"] {
        try folder.appending("\(name).\(ending)").checkReplaceable(overwrite: overwrite)
      }
    }
  }

  /// Draws and writes; `truth.jsonl` comes last, so that it never lists what is not there.
  ///
  /// - Parameter progress: Called with the number of phantoms written.
  /// - Throws: `OutputError` if the folder cannot be made, `FileAccessError` if a file cannot be written,
  ///   `CancellationError` if the task was cancelled.
  public func run(progress: (Int) -> Void = { _ in }) throws {
    try folder.makeWritableFolder()
    var lines: [UInt8] = []
    for start in stride(from: 0, to: count, by: 64) {
      try Task.checkCancellation()
      let end = min(start + 64, count)
      let results = OrderedResults<Result<[UInt8], any Error>>(count: end - start)
      DispatchQueue.concurrentPerform(iterations: end - start) { position in
        let phantom = Phantom(seed: seed, index: start + position)
        results[position] = Result { try write(phantom) }
      }
      for result in results.values { lines += try result.get() }
      progress(end)
    }
    try AtomicFile.write(lines, to: truth.string)
  }

  /// - Returns: the phantom's line of the truth.
  private func write(_ phantom: Phantom) throws -> [UInt8] {
    let image = try PhantomDrawing(phantom.description).image(size: size)
    let path = phantom.name + ".png"
    try AtomicFile.write(image.pngBytes(), to: folder.appending(path).string)
    let report = "FINDINGS: \(phantom.report.findings)\n\nIMPRESSION: \(phantom.report.impression)\n"
    try AtomicFile.write(Array(report.utf8), to: folder.appending(phantom.name + ".txt").string)
    return try JSONLine.bytes(
      Truth(path: path, text: phantom.report.text, reading: PhantomReading(phantom.description)))
  }
}

/// One line of a file of JSON Lines.
enum JSONLine {
  /// The bytes of a value, keys in order, with a line feed.
  ///
  /// - Throws: what the encoder throws.
  static func bytes(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }
}

/// Results that many threads fill in, each its own place.
final class OrderedResults<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  // Guarded by `lock`.
  private var filled: [Value?]

  init(count: Int) { filled = Array(repeating: nil, count: count) }

  var values: [Value] { lock.withLock { filled.compactMap { $0 } } }

  subscript(position: Int) -> Value? {
    get { lock.withLock { filled[position] } }
    set { lock.withLock { filled[position] = newValue } }
  }
}
