import Foundation
import RadiographData
import YAMLText
import Yams

/// Reads a mapping's YAML, and refuses keys that it does not know: a misspelt key would otherwise be a column that is
/// silently missing.
struct MappingReader {
  static let limit = 1 << 20

  private let path: String
  private let root: Node.Mapping

  init(_ data: Data, path: String) throws(DatasetError) {
    self.path = path
    guard data.count <= Self.limit else {
      throw .malformedMapping(path: path, reason: "it has more than \(Self.limit) bytes")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw .malformedMapping(path: path, reason: "it is not UTF-8 text")
    }
    let node: Node?
    do {
      // Without aliases a text has fewer values than bytes.
      node = try YAMLDocument.compose(text, limit: Self.limit)
    } catch {
      let line = "\(error)".split(separator: "\n").first ?? "not YAML"
      throw .malformedMapping(path: path, reason: String(line.prefix(200)))
    }
    guard let root = node?.mapping else { throw .malformedMapping(path: path, reason: "no mapping of keys to values") }
    self.root = root
  }

  func mapping() throws(DatasetError) -> TableMapping {
    let known: Set<String> = [
      "name", "licence", "attribution", "table", "tables", "join", "path", "patient", "study", "view", "age", "sex",
      "split", "sections", "text", "text_file", "labels",
    ]
    try requireKnown(root, known, in: "the mapping")
    guard let pathNode = root["path"] else { throw failure("no key path", root["name"]) }
    var mapping = TableMapping(name: try text(root, "name") ?? "table", path: try field(pathNode, "path"))
    mapping.licence = try text(root, "licence") ?? mapping.licence
    mapping.attribution = try text(root, "attribution") ?? ""
    mapping.tables =
      try (root["tables"] ?? root["table"]).map { node throws(DatasetError) in
        try texts(node, "tables")
      } ?? []
    for node in try list(root["join"], "join") { mapping.joins.append(try join(node)) }
    mapping.patient = try field(at: "patient")
    mapping.study = try field(at: "study")
    mapping.view = try field(at: "view")
    mapping.age = try field(at: "age")
    mapping.sex = try field(at: "sex")
    mapping.split = try field(at: "split")
    mapping.text = try field(at: "text")
    mapping.textFile = try field(at: "text_file")
    if let node = root["sections"] {
      guard let sections = node.mapping else { throw failure("sections is no mapping of names to columns", node) }
      for (key, value) in sections {
        let name = try text(key, "a section's name").lowercased()
        mapping.sections.append(TableMapping.Section(name: name, field: try field(value, "sections.\(name)")))
      }
    }
    if let node = root["labels"] { mapping.labels = try labels(node) }
    return mapping
  }

  private func join(_ node: Node) throws(DatasetError) -> TableMapping.Join {
    guard let map = node.mapping else { throw failure("join has something that is no mapping", node) }
    try requireKnown(map, ["table", "on", "optional"], in: "join")
    guard let table = try text(map, "table"), let on = map["on"] else { throw failure("join needs table and on", node) }
    let isOptional = map["optional"]?.bool
    if map["optional"] != nil, isOptional == nil { throw failure("optional is true or false", node) }
    let columns = try texts(on, "on")
    guard !columns.isEmpty else { throw failure("join needs a column in on", node) }
    return TableMapping.Join(table: table, on: columns, isOptional: isOptional ?? false)
  }

  private func labels(_ node: Node) throws(DatasetError) -> TableMapping.Labels {
    var labels = TableMapping.Labels()
    guard let map = node.mapping else { throw failure("labels needs columns, or column and separator", node) }
    try requireKnown(map, ["columns", "column", "separator", "decided"], in: "labels")
    if let columns = map["columns"] {
      if let names = columns.mapping {
        for (key, value) in names {
          labels.columns.append(
            TableMapping.Labels.Column(
              label: try text(key, "a label's name"), column: try text(value, "a label's column")))
        }
      } else {
        labels.columns = try texts(columns, "labels.columns").map {
          TableMapping.Labels.Column(label: $0, column: $0)
        }
      }
    }
    if let column = map["column"] { labels.list = try field(column, "labels.column") }
    if let separator = try text(map, "separator") {
      guard !separator.isEmpty else { throw failure("separator is empty", node) }
      labels.separator = separator
    }
    if let decided = map["decided"] { labels.decided = try texts(decided, "labels.decided") }
    return labels
  }

  private func field(at key: String) throws(DatasetError) -> TableField? {
    guard let node = root[key] else { return nil }
    return try field(node, key)
  }

  /// A column's name, a template, `{column:, values:, blank:}`, or several of them.
  private func field(_ node: Node, _ key: String) throws(DatasetError) -> TableField {
    if let nodes = node.sequence {
      guard !nodes.isEmpty else { throw failure("\(key) is an empty list", node) }
      var choices: [TableField.Choice] = []
      for node in nodes { choices.append(try choice(node, key)) }
      return TableField(choices: choices)
    }
    return TableField(choices: [try choice(node, key)])
  }

  private func choice(_ node: Node, _ key: String) throws(DatasetError) -> TableField.Choice {
    guard let map = node.mapping else {
      return TableField.Choice(template: try template(try text(node, key), key, node), values: nil)
    }
    try requireKnown(map, ["column", "values", "blank"], in: key)
    guard let column = try text(map, "column") else { throw failure("\(key) has no column", node) }
    var values: [String: String]?
    if let node = map["values"] {
      guard let pairs = node.mapping else { throw failure("\(key).values is no mapping", node) }
      values = [:]
      for (from, to) in pairs { values?[try text(from, "\(key).values")] = try text(to, "\(key).values") }
    }
    let blanks = try map["blank"].map { node throws(DatasetError) in Set(try texts(node, "\(key).blank")) } ?? []
    return TableField.Choice(template: try template(column, key, node), values: values, blanks: blanks)
  }

  private func template(_ text: String, _ key: String, _ node: Node) throws(DatasetError) -> TableTemplate {
    guard text.contains("{") || text.contains("}") else { return TableTemplate(column: text) }
    guard let template = TableTemplate(text) else { throw failure("\(key) has a brace that holds no column", node) }
    return template
  }

  // MARK: Nodes

  private func failure(_ reason: String, _ node: Node?) -> DatasetError {
    let line = node?.mark.map { "line \($0.line): " } ?? ""
    return .malformedMapping(path: path, reason: line + reason)
  }

  private func requireKnown(_ map: Node.Mapping, _ known: Set<String>, in place: String) throws(DatasetError) {
    for (key, _) in map {
      let name = key.string ?? ""
      guard known.contains(name) else { throw failure("\(place) has no key \"\(name.prefix(60))\"", key) }
    }
  }

  private func text(_ map: Node.Mapping, _ key: String) throws(DatasetError) -> String? {
    guard let node = map[key] else { return nil }
    return try text(node, key)
  }

  private func text(_ node: Node, _ key: String) throws(DatasetError) -> String {
    guard let scalar = node.scalar else { throw failure("\(key) is no text", node) }
    return scalar.string
  }

  private func list(_ node: Node?, _ key: String) throws(DatasetError) -> [Node] {
    guard let node else { return [] }
    guard let nodes = node.sequence else { throw failure("\(key) is no list", node) }
    return Array(nodes)
  }

  private func texts(_ node: Node, _ key: String) throws(DatasetError) -> [String] {
    if node.scalar != nil { return [try text(node, key)] }
    var result: [String] = []
    for node in try list(node, key) { result.append(try text(node, key)) }
    return result
  }
}
