import Support

/// One tensor as the header of a safetensors file states it, not yet checked against the others.
struct SafetensorsHeaderEntry {
  var name: String
  var dtype: StoredDType
  var shape: [Int]
  var begin: Int
  var end: Int
}

/// The header of a safetensors file: the one JSON document that the format allows, read in a single pass.
///
/// It follows the format's grammar instead of building a JSON tree, so memory stays proportional to the header. Values
/// under keys that the format does not have are passed over.
struct SafetensorsHeader {
  struct Failure: Error {
    var tensor: String?
    var problem: SafetensorsProblem
  }

  private(set) var entries: [SafetensorsHeaderEntry] = []
  private(set) var metadata: [String: String] = [:]

  /// Reads `bytes`, the header without its length.
  init(parsing bytes: UnsafeRawBufferPointer) throws(Failure) {
    var fields: [(name: String, fields: Fields)] = []
    // What is being read, for messages.
    var tensor: String?
    var isMetadata = false
    do throws(JSONSyntaxError) {
      var reader = try JSONReader(bytes)
      // The format's document asks for `{` as the very first byte; blanks may only follow the object.
      guard bytes.first == UInt8(ascii: "{") else { throw reader.error(expecting: "{") }
      try reader.enterObject()
      while let key = try reader.nextKey() {
        if key == "__metadata__" {
          isMetadata = true
          metadata = try Self.readMetadata(&reader)
          isMetadata = false
        } else {
          tensor = key
          fields.append((key, try Fields(from: &reader)))
          tensor = nil
        }
      }
      try reader.finish()
    } catch {
      switch error.problem {
      case .notUTF8: throw Failure(problem: .headerNotUTF8(offset: error.offset))
      case .expected(let what):
        throw Failure(tensor: tensor, problem: .headerSyntax(offset: error.offset, expected: what))
      case .duplicateKey(let key):
        throw Failure(tensor: isMetadata ? "__metadata__" : tensor, problem: .duplicateKey(key))
      }
    }
    entries.reserveCapacity(fields.count)
    for (name, fields) in fields { entries.append(try fields.entry(named: name)) }
  }

  private static func readMetadata(_ reader: inout JSONReader) throws(JSONSyntaxError) -> [String: String] {
    var metadata: [String: String] = [:]
    if reader.skipNull() { return metadata }
    try reader.enterObject()
    while let key = try reader.nextKey() { metadata[key] = try reader.string() }
    return metadata
  }

  /// What the header says of one tensor.
  private struct Fields {
    var dtype: String?
    var shape: [Int]?
    var offsets: [Int]?

    init(from reader: inout JSONReader) throws(JSONSyntaxError) {
      try reader.enterObject()
      while let key = try reader.nextKey() {
        switch key {
        case "dtype": dtype = try reader.string()
        case "shape": shape = try Self.integers(&reader)
        case "data_offsets":
          offsets = try Self.integers(&reader)
          guard offsets?.count == 2 else { throw reader.error(expecting: "a pair of offsets") }
        default: try reader.skipValue()
        }
      }
    }

    private static func integers(_ reader: inout JSONReader) throws(JSONSyntaxError) -> [Int] {
      var integers: [Int] = []
      try reader.enterArray()
      while try reader.hasNextElement() { integers.append(try reader.nonNegativeInteger()) }
      return integers
    }

    func entry(named name: String) throws(Failure) -> SafetensorsHeaderEntry {
      func required<Value>(_ value: Value?, _ field: String) throws(Failure) -> Value {
        guard let value else { throw Failure(tensor: name, problem: .missingField(field)) }
        return value
      }
      let text = try required(dtype, "dtype")
      guard let dtype = StoredDType(rawValue: text) else { throw Failure(tensor: name, problem: .unknownDType(text)) }
      let shape = try required(shape, "shape")
      let offsets = try required(offsets, "data_offsets")
      return SafetensorsHeaderEntry(name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
    }
  }
}
