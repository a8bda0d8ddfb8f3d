import Foundation
import Torch

/// Reads a recipe from a tree of settings. Unlike Foundation's decoders it reports, on every platform, where a value
/// stands, what was given and what would be accepted.
struct SettingsDecoder: Decoder {
  let value: Any
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)`` with the key of the first value that does not fit.
  static func decode<Recipe: Decodable>(_ type: Recipe.Type, from tree: [String: Any]) throws -> Recipe {
    do {
      return try SettingsDecoder(value: tree, codingPath: []).decode(type)
    } catch let error as DecodingError {
      throw setting(error, in: tree)
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let branch = value as? [String: Any] else { throw refused("set its parts, as in \(name).key=value") }
    return KeyedDecodingContainer(Branch(branch: branch, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let list = value as? [Any] else { throw refused("give a list, as in [1, 2]") }
    return List(list: list, codingPath: codingPath)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  private var name: String { codingPath.map(\.stringValue).joined(separator: ".") }

  private func refused(_ remedy: String) -> TrainingError {
    .invalidSetting(key: name.isEmpty ? "the configuration" : name, value: Self.text(value), remedy: remedy)
  }

  /// A value as an error quotes it: never more than a line, and never a whole configuration.
  private static func text(_ value: Any?) -> String {
    switch value {
    case nil: "left out"
    case let branch as [String: Any]: branch.isEmpty ? "{}" : "a group of settings"
    case let list as [Any]: list.isEmpty ? "[]" : "a list"
    case let text as String where text.isEmpty: "empty"
    case is NSNull: "null"
    case .some(let value): String("\(value)".prefix(80))
    }
  }

  /// What a type's own reading refuses, such as a word that it does not know.
  private static func setting(_ error: DecodingError, in tree: [String: Any]) -> TrainingError {
    let (context, key): (DecodingError.Context, (any CodingKey)?) =
      switch error {
      case .keyNotFound(let key, let context): (context, key)
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context, nil)
      @unknown default: (.init(codingPath: [], debugDescription: "\(error)"), nil)
      }
    let path = (context.codingPath + (key.map { [$0] } ?? [])).map(\.stringValue)
    let value = path.reduce(tree as Any?) { ($0 as? [String: Any])?[$1] }
    let remedy = key == nil ? String(context.debugDescription.prefix { $0 != "\n" }) : "give it a value"
    return .invalidSetting(key: path.joined(separator: "."), value: text(value), remedy: remedy)
  }
}

extension SettingsDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value is NSNull }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard let value = value as? Bool else { throw refused("give true or false") }
    return value
  }

  func decode(_ type: String.Type) throws -> String {
    guard let text = value as? String else {
      throw refused("give a word, in quotation marks if it looks like a number")
    }
    return text
  }

  func decode(_ type: Double.Type) throws -> Double {
    if let number = value as? Double { return number }
    if let number = value as? Int { return Double(number) }
    if let number = value as? UInt64 { return Double(number) }
    throw refused("give a number")
  }

  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  func decode(_ type: Int.Type) throws -> Int { try integer() }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
  func decode(_ type: UInt.Type) throws -> UInt { try integer() }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    switch type {
    case is Bool.Type, is String.Type, is Double.Type, is Float.Type, is any (BinaryInteger & Decodable).Type: break
    default:
      // `fp32` of the command line is `float32` here.
      if type == DType.self, let short = value as? String, let dtype = DType(precision: short) as? Value {
        return dtype
      }
      // A word is checked against those that there are, which the error then names.
      if let words = Self.words(of: type), !words.contains(where: { $0 == value as? String }) {
        // Of the types of tensors' elements these are the ones that networks are trained in.
        let good = type == DType.self ? [DType.bfloat16, .float16, .float32].map(\.rawValue) : words
        throw refused("choose one of \(good.joined(separator: ", "))")
      }
    }
    return try Value(from: self)
  }

  private static func words(of type: any Decodable.Type) -> [String]? {
    func words<Word: CaseIterable & RawRepresentable>(_ type: Word.Type) -> [String]? {
      type.allCases.compactMap { $0.rawValue as? String }
    }
    guard let word = type as? any (CaseIterable & RawRepresentable).Type else { return nil }
    let found = words(word)
    return found?.isEmpty == false ? found : nil
  }

  private func integer<Value: FixedWidthInteger>() throws -> Value {
    let whole: Value? =
      switch value {
      case let number as Int: Value(exactly: number)
      case let number as UInt64: Value(exactly: number)
      case let number as Double: Value(exactly: number)
      // YAML's whole numbers end at 2^63 - 1 here.
      case let digits as String where Int(digits) == nil: Value(digits)
      default: nil
      }
    guard let whole else {
      throw refused(Value.isSigned ? "give a whole number" : "give a whole number from 0 to \(Value.max)")
    }
    return whole
  }
}

extension SettingsDecoder {
  /// The settings below a key.
  struct Branch<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let branch: [String: Any]
    let codingPath: [any CodingKey]

    var allKeys: [Key] { branch.keys.sorted().compactMap(Key.init(stringValue:)) }
    func contains(_ key: Key) -> Bool { branch[key.stringValue] != nil }

    private func decoder(_ key: Key) throws -> SettingsDecoder {
      guard let value = branch[key.stringValue] else {
        throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "give it a value"))
      }
      return SettingsDecoder(value: value, codingPath: codingPath + [key])
    }

    func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try decoder(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).decode(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(key).decode(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder(key).decode(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder(key).decode(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(key).decode(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(key).decode(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder(key).decode(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder(key).decode(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder(key).decode(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder(key).decode(type) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
      try decoder(key).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { SettingsDecoder(value: branch, codingPath: codingPath) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
  }
}
