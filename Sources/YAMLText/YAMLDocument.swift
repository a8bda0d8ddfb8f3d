import Yams

/// YAML that a user wrote: settings, grids, targets, mappings of tables, and values on the command line.
public enum YAMLDocument {
  /// Far more values than a recipe has.
  public static let standardLimit = 10_000

  /// A document has more values than are allowed. A few lines of aliases to aliases can mean any number of them.
  public struct TooManyValues: Error, Equatable, Sendable, CustomStringConvertible {
    public var limit: Int
    public var description: String { "its aliases mean more than \(limit) values" }
  }

  /// The document's values, aliases resolved.
  ///
  /// - Parameter limit: The number of values that the document may have, each alias counted as all that it means.
  /// - Returns: nil for an empty document.
  /// - Throws: `YamlError` for text that is not YAML; ``TooManyValues``.
  public static func compose(_ text: String, limit: Int = standardLimit) throws -> Node? {
    guard let node = try Yams.compose(yaml: text) else { return nil }
    var left = limit
    guard fits(node, &left) else { throw TooManyValues(limit: limit) }
    return node
  }

  /// A value as the document describes it.
  ///
  /// - Throws: As ``compose(_:limit:)``; `DecodingError` for a document that describes something else, or is empty.
  public static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
    try YAMLDecoder().decode(type, from: compose(text) ?? Node(""))
  }

  /// The first key of a mapping that is not among `known`; nil if all are, and for what is no mapping.
  public static func unknownKey(of node: Node?, among known: [String]) -> String? {
    node?.mapping?.keys.lazy.map { $0.string ?? "" }.first { !known.contains($0) }
  }

  private static func fits(_ node: Node, _ left: inout Int) -> Bool {
    left -= 1
    guard left >= 0 else { return false }
    switch node {
    case .mapping(let mapping): return mapping.allSatisfy { fits($0.value, &left) }
    case .sequence(let sequence): return sequence.allSatisfy { fits($0, &left) }
    default: return true
    }
  }
}
