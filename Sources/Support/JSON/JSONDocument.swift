/// A JSON value whose objects keep every member in its order.
///
/// Foundation's readers hold objects as dictionaries of `String`, which takes canonically equivalent keys for one; a
/// vocabulary may hold both spellings, and would lose one of them.
public indirect enum JSONDocument: Equatable, Sendable {
  case object([(key: String, value: JSONDocument)])
  case array([JSONDocument])
  case string(String)
  case number(Double)
  case bool(Bool)
  case null

  /// Reads `bytes` by the rules of ``JSONReader``.
  ///
  /// - Throws: ``JSONSyntaxError`` if they are not JSON.
  public init(parsing bytes: UnsafeRawBufferPointer) throws(JSONSyntaxError) {
    var reader = try JSONReader(bytes)
    self = try JSONDocument(from: &reader)
    try reader.finish()
  }

  /// Reads `bytes` by the rules of ``JSONReader``.
  ///
  /// - Throws: ``JSONSyntaxError`` if they are not JSON.
  public init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
    self = try bytes.withUnsafeBufferPointer { (bytes) throws(JSONSyntaxError) in
      try JSONDocument(parsing: UnsafeRawBufferPointer(bytes))
    }
  }

  /// Reads the next value of `reader`, which bounds how deep this recurses.
  ///
  /// - Throws: ``JSONSyntaxError`` if there is none.
  public init(from reader: inout JSONReader) throws(JSONSyntaxError) {
    switch reader.nextKind() {
    case .object:
      var members: [(key: String, value: JSONDocument)] = []
      try reader.enterObject()
      while let key = try reader.nextKey() { members.append((key, try JSONDocument(from: &reader))) }
      self = .object(members)
    case .array:
      var elements: [JSONDocument] = []
      try reader.enterArray()
      while try reader.hasNextElement() { elements.append(try JSONDocument(from: &reader)) }
      self = .array(elements)
    case .string: self = .string(try reader.string())
    case .bool: self = .bool(try reader.bool())
    case .null where reader.skipNull(): self = .null
    default: self = .number(try reader.number())
    }
  }

  /// The value of an object's member; nil for other values and keys that are not there.
  public subscript(key: String) -> JSONDocument? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var array: [JSONDocument]? { if case .array(let value) = self { value } else { nil } }
  /// A number without a fraction; nil for others.
  public var integer: Int? { if case .number(let value) = self { Int(exactly: value) } else { nil } }

  /// Whether two values are the same, texts compared byte by byte.
  public static func == (left: JSONDocument, right: JSONDocument) -> Bool {
    switch (left, right) {
    case (.object(let left), .object(let right)):
      left.count == right.count
        && zip(left, right).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
    case (.array(let left), .array(let right)): left == right
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.number(let left), .number(let right)): left == right
    case (.bool(let left), .bool(let right)): left == right
    case (.null, .null): true
    default: false
    }
  }
}
