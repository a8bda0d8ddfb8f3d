/// What `scripts/setup` brings, so that a message about it can say so.
public enum BroughtBySetup {
  /// The name of the text encoder, whose folder is in `text-encoders` of Thorax's cache.
  public static let textEncoder = "all-MiniLM-L6-v2"

  /// What to do about a damaged or missing file of a text encoder.
  ///
  /// - Parameter path: The file, or the encoder's folder.
  public static func remedy(forEncoderAt path: String) -> String {
    brings(path) ? "run scripts/setup, which brings the text encoder again" : "fetch the text encoder again"
  }

  /// What lies in place of a file of a text encoder, and what to do.
  public static func description(of content: MistakenContent, inPlaceOfEncoderAt path: String) -> String {
    brings(path) ? "\(path): \(content.fact): \(remedy(forEncoderAt: path))" : "\(path): \(content)"
  }

  private static func brings(_ path: String) -> Bool { path.contains("/thorax/text-encoders/\(textEncoder)") }
}
