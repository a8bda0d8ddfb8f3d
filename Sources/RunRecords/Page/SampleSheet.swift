import Foundation
import ImageFiles

/// A picture of `samples/`, small enough for a page.
public struct SampleSheet: Sendable {
  public var step: Int
  public var jpeg: [UInt8]
  public var width: Int
  public var height: Int

  /// Wider sheets are reduced to this.
  static let widthLimit = 1024

  /// How a picture of `samples/` is called.
  public static func fileName(step: Int) -> String { "step-" + String(format: "%08d", step) + ".png" }

  /// The newest pictures `step-N.png` of a folder; those that cannot be read are left out.
  public static func newest(_ count: Int, in folder: URL) -> [SampleSheet] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let steps = names.compactMap { name -> (step: Int, name: String)? in
      guard name.hasPrefix("step-"), name.hasSuffix(".png") else { return nil }
      return Int(name.dropFirst(5).dropLast(4)).map { ($0, name) }
    }
    return steps.sorted { $0.step > $1.step }.prefix(max(count, 0)).compactMap { step, name in
      try? SampleSheet(step: step, picture: folder.appendingPathComponent(name))
    }
  }

  init(step: Int, picture: URL) throws {
    let image = try GrayPlane(GrayscaleImage(contentsOf: picture.path))
    width = min(image.width, Self.widthLimit)
    height = max(1, image.height * width / image.width)
    jpeg = try image.resized(width: width, height: height).grayscale.jpegBytes(quality: 85)
    self.step = step
  }
}
