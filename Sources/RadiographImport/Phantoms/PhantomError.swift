import Support

/// What can be wrong with a request for phantoms, or with pictures and prompts that are to be compared.
public enum PhantomError: Error, Sendable, Equatable {
  case count(Int)
  case size(Int)
  /// A picture that is there and cannot be decoded.
  case unreadableImage(path: String, reason: String)
  case missing(path: String)
  /// A folder without PNG or JPEG files.
  case noImages(path: String)
  /// A file of prompts that is there and cannot be read.
  case unreadablePrompts(path: String, reason: String)
  /// A line of a file of prompts, from 1.
  case malformedPrompts(path: String, line: Int)
  case noPrompts(path: String)
  /// The pictures are not as many as the prompts.
  case countMismatch(images: Int, prompts: Int)
}

extension PhantomError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .count(let count): "count \(count): give 1 to \(Phantom.mostInOneCall)"
    case .size(let size):
      "image size \(size): give a multiple of 8 from \(Phantom.sizes.lowerBound) to \(Phantom.sizes.upperBound)"
    case .unreadableImage(let path, let reason): "cannot read the image \(path.onOneLine(limit: 160)): \(reason)"
    case .missing(let path): "\(FileAccessError(path: path, operation: .read, reason: .notFound))"
    case .noImages(let path): "no PNG or JPEG file in \(path.onOneLine(limit: 160)): name the folder of the images"
    case .unreadablePrompts(let path, let reason):
      "cannot read the prompts \(path.onOneLine(limit: 160)), it \(reason): give a file of `thorax data phantom --prompts`"
    case .malformedPrompts(let path, let line):
      "\(path.onOneLine(limit: 160)), line \(line), is no prompt with its truth: give a file of "
        + "`thorax data phantom --prompts`"
    case .noPrompts(let path):
      "\(path.onOneLine(limit: 160)) holds no prompt: give a file of `thorax data phantom --prompts`"
    case .countMismatch(let images, let prompts):
      "\(images.of("image")) for \(prompts.of("prompt")): give one for each prompt, in the order of the prompts"
    }
  }
}
