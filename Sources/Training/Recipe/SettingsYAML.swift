import Yams

/// YAML from a user's hand: settings, grids, and values on the command line.
enum SettingsYAML {
  /// Far more values than a recipe has. A few lines of aliases to aliases mean any number of values.
  static let limit = 10_000

  struct TooManyValues: Error {}

  /// The document's values, aliases resolved; nil for an empty document.
  ///
  /// - Throws: `YamlError` for text that is no YAML; ``TooManyValues``.
  static func compose(_ text: String) throws -> Node? {
    guard let node = try Yams.compose(yaml: text) else { return nil }
    var left = limit
    try count(node, &left)
    return node
  }

  private static func count(_ node: Node, _ left: inout Int) throws {
    left -= 1
    guard left >= 0 else { throw TooManyValues() }
    switch node {
    case .mapping(let mapping): for (_, value) in mapping { try count(value, &left) }
    case .sequence(let sequence): for value in sequence { try count(value, &left) }
    default: break
    }
  }
}
