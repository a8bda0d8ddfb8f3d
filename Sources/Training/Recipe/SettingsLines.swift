import Foundation
import Models
import Support
import YAMLText
import Yams

/// Where the settings of a YAML file stand.
struct SettingsLines {
  /// The line of each key, counted from 1, by dotted keys.
  private var lines: [String: Int] = [:]

  init(ofYAML text: String) {
    guard let root = try? YAMLDocument.compose(text) else { return }
    collect(root, prefix: "")
  }

  private mutating func collect(_ node: Node, prefix: String) {
    guard let mapping = node.mapping else { return }
    for (key, value) in mapping {
      guard let name = key.string else { continue }
      if let mark = key.mark { lines[prefix + name] = mark.line }
      collect(value, prefix: prefix + name + ".")
    }
  }

  /// The line of a setting, or of the innermost group around it that the file has; nil if it has neither.
  ///
  /// - Parameter stage: In whose section a recipe of several stages has the setting.
  func line(of key: String, in stage: TrainingStageName) -> Int? {
    // The architecture of all stages stands beside the sections, and so does what should not.
    let section = stage.rawValue + "."
    let isInSection =
      lines[key] == nil && !key.hasPrefix("architecture") && lines.keys.contains { $0.hasPrefix(section) }
    return line(of: isInSection ? section + key : key)
  }

  private func line(of key: String) -> Int? {
    var parts = key.split(separator: ".")
    while !parts.isEmpty {
      if let line = lines[parts.joined(separator: ".")] { return line }
      parts.removeLast()
    }
    return nil
  }
}

extension TrainingRequest {
  /// Adds the line of the settings file to an error of `body` that is about a setting from there.
  ///
  /// - Throws: ``TrainingError/inFile(path:line:error:)``, or what `body` throws.
  func namingLines<Value>(of stage: TrainingStageName, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as TrainingError {
      guard let key = error.settingKey, let configuration, !isPair(key),
        // A pipe cannot be read twice.
        let file = try? MappedFile(path: configuration.path),
        let line = withExtendedLifetime(file, { SettingsLines(ofYAML: String(decoding: file.bytes, as: UTF8.self)) })
          .line(of: key, in: stage)
      else { throw error }
      throw TrainingError.inFile(path: configuration.path, line: line, error: error)
    }
  }

  /// Whether a pair sets a setting, one of its parts, or the group that it is in.
  private func isPair(_ key: String) -> Bool {
    settings.contains { setting in
      let name = setting.prefix { $0 != "=" }
      return key == name || key.hasPrefix(name + ".") || name.hasPrefix(key + ".")
    }
  }
}

extension TrainingError {
  /// The setting that an error is about.
  fileprivate var settingKey: String? {
    switch self {
    case .invalidSetting(let key, _, _), .unknownSetting(let key, _), .unknownName(let key, _, _, _): key
    default: nil
    }
  }
}

extension YamlError {
  /// What is wrong with a text, in one line, and in which of its lines.
  var inOneLine: (problem: String, line: Int?) {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (problem, mark.line)
    case .duplicatedKeysInMapping(let duplicates, let context):
      ("\(duplicates.sorted().joined(separator: ", ")) is in it twice", context.mark.line)
    case .reader(let problem, _, _, _): (problem, nil)
    default: (String("\(self)".prefix { $0 != "\n" }), nil)
    }
  }
}
