import ImageFiles
import Support

/// What keeps features or their statistics from being computed or compared.
public enum FeatureError: Error, Equatable, Sendable, CustomStringConvertible {
  case noImages(folder: String)
  case unreadable(path: String, ImageFileError)
  /// A file is another one than when its folder was listed.
  case changed(path: String)
  /// Statistics of different extractors or preprocessing.
  case incomparable(what: String, one: String, other: String)

  public var description: String {
    switch self {
    case .noImages(let folder):
      "\(folder.onOneLine(limit: 160)) holds no PNG or JPEG files: give a folder of images"
    case .unreadable(let path, let error): "\(path.onOneLine(limit: 160)): \(error)"
    case .changed(let path):
      "\(path.onOneLine(limit: 160)) was changed after its folder was listed: start again when nothing writes into it"
    case .incomparable(let what, let one, let other):
      "statistics of different \(what) (\(one); \(other)) have no distance: compute both in the same way"
    }
  }
}
