import Foundation
import ImageFiles
import Support
import TensorFiles

/// An event file that TensorBoard reads, one for each process that trains a stage.
///
/// A process never writes into another's file. Its own begins with a session start at the first step that it will
/// make, by which TensorBoard drops what earlier files hold from that step on: the steps that a killed run made after
/// its last checkpoint, and that the resumed run makes again. So no step is missing, and none is there twice.
public struct EventFile: Sendable {
  public let url: URL

  /// Creates `events.out.tfevents.<seconds>.thorax` in `folder`.
  ///
  /// - Parameters:
  ///   - firstStep: the least step that this process may write; later ones of earlier files are void.
  ///   - now: readers take files in the order of their names, so that the name gets a later second where an earlier
  ///     file has this one or, the clock having been set back, a later one.
  /// - Throws: `FileAccessError` if the file cannot be made.
  public init(folder: URL, firstStep: Int, now: Date = Date()) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let newest = names.compactMap(Self.second(of:)).max() ?? 0
    let second = max(Int(now.timeIntervalSince1970), newest + 1)
    // Ten digits, as long as seconds have ten.
    url = folder.appendingPathComponent(Self.prefix + String(format: "%010d", second) + ".thorax")
    let begin = [
      TensorBoardEvent(wallTime: now.timeIntervalSince1970, step: 0, content: .fileVersion),
      TensorBoardEvent(wallTime: now.timeIntervalSince1970, step: firstStep, content: .sessionStart),
    ]
    try AtomicFile.write(begin.flatMap(\.record), to: url.path, mode: .createNew)
  }

  /// Appends a row's values as scalars, each with the row's split: `loss/train`, `loss/validation`, so that
  /// TensorBoard shows the two next to each other.
  ///
  /// - Throws: `FileAccessError` if the file cannot be written.
  public func append(_ row: MetricsRow, at time: Date = Date()) throws {
    let values = row.finiteValues.sorted { $0.key.rawValue < $1.key.rawValue }.map { metric, value in
      (tag: "\(metric.rawValue)/\(row.split.rawValue)", value: TensorBoardEvent.Value.scalar(Float(value)))
    }
    guard !values.isEmpty else { return }
    try append(TensorBoardEvent(wallTime: time.timeIntervalSince1970, step: row.step, content: .summary(values)))
  }

  /// Appends a grey PNG as an image.
  ///
  /// - Throws: `ImageFileError` where the file is no image, `FileAccessError` where it cannot be read.
  public func append(picture: URL, tag: String, step: Int, at time: Date = Date()) throws {
    let encoded: [UInt8]
    do {
      encoded = Array(try Data(contentsOf: picture))
    } catch {
      throw FileAccessError(path: picture.path, operation: .read, error: error)
    }
    let image = try GrayscaleImage(decoding: encoded)
    let value = TensorBoardEvent.Value.image(
      .init(encoded: encoded, width: image.width, height: image.height, channels: 1))
    try append(
      TensorBoardEvent(
        wallTime: time.timeIntervalSince1970, step: step, content: .summary([(tag: tag, value: value)])))
  }

  private func append(_ event: TensorBoardEvent) throws { try AppendedFile.append(event.record, to: url) }

  private static let prefix = "events.out.tfevents."

  private static func second(of name: String) -> Int? {
    guard name.hasPrefix(prefix) else { return nil }
    return Int(name.dropFirst(prefix.count).prefix { $0 != "." })
  }
}
