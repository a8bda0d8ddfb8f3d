extension SettingsDecoder {
  /// The values of a list.
  struct List: UnkeyedDecodingContainer {
    let list: [Any]
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    var count: Int? { list.count }
    var isAtEnd: Bool { currentIndex >= list.count }

    init(list: [Any], codingPath: [any CodingKey]) {
      self.list = list
      self.codingPath = codingPath
    }

    /// The place of a value in the list, counted from 0.
    private struct Place: CodingKey {
      var intValue: Int?
      var stringValue: String { "\(intValue ?? 0)" }

      init(_ index: Int) { intValue = index }
      init?(intValue: Int) { self.init(intValue) }
      init?(stringValue: String) { nil }
    }

    private mutating func next() throws -> SettingsDecoder {
      let path = codingPath + [Place(currentIndex)]
      guard !isAtEnd else {
        throw DecodingError.valueNotFound(
          Any.self, .init(codingPath: codingPath, debugDescription: "give more than \(list.count) values"))
      }
      defer { currentIndex += 1 }
      return SettingsDecoder(value: list[currentIndex], codingPath: path)
    }

    mutating func decodeNil() throws -> Bool {
      guard !isAtEnd, SettingsDecoder(value: list[currentIndex], codingPath: codingPath).decodeNil() else {
        return false
      }
      currentIndex += 1
      return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }

    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }
  }
}
