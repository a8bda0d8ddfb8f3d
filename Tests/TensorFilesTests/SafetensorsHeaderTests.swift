import Support
import Testing

@testable import TensorFiles

/// Every rule of the format, one broken header each.
@Suite struct SafetensorsHeaderTests {
  /// A file with `header` (padded with nothing) and `dataCount` bytes of data.
  static func file(_ header: [UInt8], dataCount: Int) -> MappedFile {
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init)
    return MappedFile(bytes: length + header + [UInt8](repeating: 0, count: dataCount), name: "test")
  }

  static func problem(_ header: String, dataCount: Int) -> (tensor: String?, problem: SafetensorsProblem)? {
    problem(Array(header.utf8), dataCount: dataCount)
  }

  static func problem(_ header: [UInt8], dataCount: Int) -> (tensor: String?, problem: SafetensorsProblem)? {
    do {
      _ = try SafetensorsFile(file: file(header, dataCount: dataCount))
      return nil
    } catch .safetensors(_, let tensor, let problem) {
      return (tensor, problem)
    } catch {
      Issue.record("\(error)")
      return nil
    }
  }

  static func tensor(_ shape: String, _ offsets: String, dtype: String = "U8") -> String {
    "{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  static let broken: [(header: String, dataCount: Int, tensor: String?, problem: SafetensorsProblem)] = [
    ("{\"a\":\(tensor("[2]", "[0,2]"))}", 3, nil, .trailingBytes(1)),
    ("{\"a\":\(tensor("[2]", "[0,2]"))}", 1, "a", .dataTruncated(end: 2, available: 1)),
    ("{\"a\":\(tensor("[2]", "[1,3]"))}", 3, "a", .hole(from: 0, to: 1)),
    ("{\"a\":\(tensor("[2]", "[0,2]")),\"b\":\(tensor("[2]", "[3,5]"))}", 5, "b", .hole(from: 2, to: 3)),
    ("{\"a\":\(tensor("[2]", "[0,2]")),\"b\":\(tensor("[2]", "[1,3]"))}", 3, "b", .overlap(begin: 1, previousEnd: 2)),
    ("{\"a\":\(tensor("[2]", "[2,0]"))}", 2, "a", .offsetsReversed(begin: 2, end: 0)),
    ("{\"a\":\(tensor("[3]", "[0,2]"))}", 2, "a", .sizeMismatch(expected: 3, found: 2)),
    ("{\"a\":\(tensor("[]", "[0,2]"))}", 2, "a", .sizeMismatch(expected: 1, found: 2)),
    ("{\"a\":\(tensor("[4294967296,4294967296]", "[0,0]"))}", 0, "a", .shapeOverflow([1 << 32, 1 << 32])),
    ("{\"a\":\(tensor("[2305843009213693952]", "[0,0]"))}", 0, "a", .shapeOverflow([1 << 61])),
    ("{\"a\":\(tensor("[3]", "[0,1]", dtype: "F4"))}", 1, "a", .endsInsideByte(dtype: .float4, shape: [3])),
    ("{\"a\":\(tensor("[2]", "[0,2]", dtype: "F33"))}", 2, "a", .unknownDType("F33")),
    ("{\"a\":\(tensor("[2]", "[0,2]")),\"a\":\(tensor("[2]", "[2,4]"))}", 4, nil, .duplicateKey("a")),
    ("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0, "a", .duplicateKey("dtype")),
    ("{\"__metadata__\":{},\"__metadata__\":{}}", 0, nil, .duplicateKey("__metadata__")),
    ("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "__metadata__", .duplicateKey("k")),
    ("{\"a\":{\"shape\":[],\"data_offsets\":[0,1]}}", 1, "a", .missingField("dtype")),
    ("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "a", .missingField("shape")),
    ("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 1, "a", .missingField("data_offsets")),
    ("{} x", 0, nil, .headerSyntax(offset: 3, expected: "nothing more")),
    (" {}", 0, nil, .headerSyntax(offset: 0, expected: "{")),
    ("", 0, nil, .headerSyntax(offset: 0, expected: "{")),
    ("[]", 0, nil, .headerSyntax(offset: 0, expected: "{")),
    ("{\"a\":\(tensor("[2]", "[0,2,4]"))}", 2, "a", .headerSyntax(offset: 53, expected: "a pair of offsets")),
    ("{\"a\":\(tensor("[-1]", "[0,2]"))}", 2, "a", .headerSyntax(offset: 28, expected: "a non-negative integer")),
    ("{\"a\":\(tensor("[1.0]", "[0,1]"))}", 1, "a", .headerSyntax(offset: 28, expected: "a non-negative integer")),
    ("{\"a\":\(tensor("[1e0]", "[0,1]"))}", 1, "a", .headerSyntax(offset: 28, expected: "a non-negative integer")),
    ("{\"a\":\(tensor("[01]", "[0,1]"))}", 1, "a", .headerSyntax(offset: 28, expected: "a non-negative integer")),
    ("{\"a\":\(tensor("[1,]", "[0,1]"))}", 1, "a", .headerSyntax(offset: 30, expected: "a non-negative integer")),
    (
      "{\"a\":\(tensor("[9223372036854775808]", "[0,1]"))}", 1, "a",
      .headerSyntax(offset: 46, expected: "an integer below 2^63")
    ),
    ("{\"__metadata__\":{\"k\":1}}", 0, nil, .headerSyntax(offset: 21, expected: "\"")),
    ("{\"a\"", 0, nil, .headerSyntax(offset: 4, expected: ":")),
    ("{\"a", 0, nil, .headerSyntax(offset: 3, expected: "the end of the text")),
    ("{\"\u{1}\":1}", 0, nil, .headerSyntax(offset: 2, expected: "no control character")),
    ("{\"\\x\":1}", 0, nil, .headerSyntax(offset: 3, expected: "an escape")),
    ("{\"\\ud800\":1}", 0, nil, .headerSyntax(offset: 8, expected: "the second half of a surrogate pair")),
    ("{\"\\udc00\":1}", 0, nil, .headerSyntax(offset: 8, expected: "a paired surrogate")),
    ("{\"\\u12g4\":1}", 0, nil, .headerSyntax(offset: 6, expected: "four hexadecimal digits")),
  ]

  @Test(arguments: broken.indices)
  func refusesABrokenHeaderAndSaysWhere(index: Int) throws {
    let (header, dataCount, tensor, problem) = Self.broken[index]
    let found = try #require(Self.problem(header, dataCount: dataCount), "\(header)")
    #expect(found.problem == problem, "\(header)")
    #expect(found.tensor == tensor, "\(header)")
  }

  @Test func refusesLengthsThatDoNotFit() {
    func problem(_ bytes: [UInt8]) -> SafetensorsProblem? {
      do {
        _ = try SafetensorsFile(file: MappedFile(bytes: bytes, name: "test"))
        return nil
      } catch .safetensors(_, _, let problem) {
        return problem
      } catch {
        return nil
      }
    }
    #expect(problem([1, 0, 0]) == .tooShort(byteCount: 3))
    #expect(problem([3, 0, 0, 0, 0, 0, 0, 0, 123, 125]) == .headerTruncated(declared: 3, available: 2))
    let oneTooMany = withUnsafeBytes(of: UInt64(100_000_001).littleEndian, Array.init)
    #expect(problem(oneTooMany) == .headerTooLong(declared: 100_000_001, limit: 100_000_000))
    #expect(
      problem([UInt8](repeating: 0xFF, count: 8)) == .headerTooLong(declared: .max, limit: 100_000_000))
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80],
      [0xE2, 0x82], [0xF0, 0x9F, 0xA9], [0xE2, 0x28, 0xA1],
    ] as [[UInt8]])
  func refusesWhatIsNoUTF8(bytes: [UInt8]) {
    let header = Array("{\"".utf8) + bytes
    #expect(Self.problem(header, dataCount: 0)?.problem == .headerNotUTF8(offset: 2))
  }

  @Test func skipsKeysThatTheFormatDoesNotKnow() throws {
    let extra = "\"x\": {\"y\": [1, -2.5e3, 0, -0.0E-1, [], {}, [[\"]\"]], {\"z\": null}], \"w\": true} , \"v\":false,"
    let header = "{\"a\":{\(extra)\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}"
    let file = try SafetensorsFile(file: Self.file(Array(header.utf8), dataCount: 1))
    #expect(file.names == ["a"])
    for nonsense in [
      "+1", ".5", "1.", "01", "-", "1e", "1e+", "1e999", "nul", "[1", "[1,]", "{\"a\"}", "{,}", "[}", "1 2", "]", "",
      "--1",
    ] {
      let header = "{\"a\":{\"x\":\(nonsense),\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}"
      #expect(Self.problem(header, dataCount: 1) != nil, "\(nonsense)")
    }
  }

  @Test func readsEscapes() throws {
    let header = #"{"\u00e9\ud83e\udec1\"\\\/\b\f\n\r\t":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}   "#
    let file = try SafetensorsFile(file: Self.file(Array(header.utf8), dataCount: 1))
    #expect(file.names == ["\u{E9}\u{1FAC1}\"\\/\u{8}\u{C}\n\r\t"])
  }

  @Test func boundsNestingWithoutRecursion() {
    let deep = String(repeating: "[", count: 10_000_000)
    let found = Self.problem("{\"a\":{\"x\":\(deep)", dataCount: 0)
    #expect(found?.problem == .headerSyntax(offset: 139, expected: "at most 128 brackets"))
  }

  @Test func acceptsEmptyTensorsBetweenOthers() throws {
    let header = """
      {"b":\(Self.tensor("[0,7]", "[1,1]")),"c":\(Self.tensor("[1]", "[1,2]")),"a":\(Self.tensor("[]", "[0,1]"))}
      """
    let file = try SafetensorsFile(file: Self.file(Array(header.utf8), dataCount: 2))
    #expect(file.names == ["a", "b", "c"])
    #expect(try file.tensor("b").elementCount == 0)
  }

  @Test func messagesAreOneLineAndNameFileAndTensor() throws {
    let error = TensorFileError.safetensors(
      file: "vae.safetensors", tensor: "evil\u{1B}[31m\nname", problem: .sizeMismatch(expected: 3, found: 2))
    #expect(
      error.description == "vae.safetensors, tensor \"evil\\u{1b}[31m name\": its shape needs 3 bytes, "
        + "its offsets give 2: get the file again or use another")
    for (header, dataCount, _, _) in Self.broken {
      let problem = try #require(Self.problem(header, dataCount: dataCount)).problem
      #expect(!problem.description.contains("\n"))
    }
  }
}
