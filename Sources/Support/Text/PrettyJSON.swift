import Foundation

/// JSON as Thorax writes it for people and programs alike: indented, keys in order, slashes as they are, so that the same
/// value makes the same bytes.
public enum PrettyJSON {
  /// The bytes of `value`, without a line break at the end.
  ///
  /// - Throws: `EncodingError` if `value` holds a number that is not finite.
  public static func data(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
  }
}
