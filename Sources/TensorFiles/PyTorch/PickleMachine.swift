import Foundation
import Support

/// Reads a pickle of plain data and tensors. It calls nothing: the few names of `PickleGlobal` are handled here as data,
/// and what any other name would make is passed over as a value that is not read.
///
/// Memory and time grow with the pickle's length only: values are counted, containers refer to each other by index
/// instead of being copied, and nothing recurses.
struct PickleMachine {
  /// Most instructions that one pickle may have. A tensor takes about thirty.
  static let instructionLimit = 1 << 22
  /// Most values that one pickle may make or remember.
  static let valueLimit = 1 << 20
  /// Longest pickle, in bytes.
  static let lengthLimit = 1 << 28
  /// PyTorch itself goes no further.
  static let dimensionLimit = 64

  var values: [PickleValue] = [.none, .bool(false), .bool(true)]
  var stack: [Int] = []
  private var marks: [Int] = []
  private var memo: [Int: Int] = [:]
  var reader: ByteReader
  /// Where the instruction being run begins, and how many ran before it.
  private var instruction = 0
  private var instructionCount = 0
  /// Bytes made by `_codecs.encode`, which a pickle could ask for again and again.
  var encodedCount = 0

  /// Reads the pickle that begins at `start`; returns the machine with its values, the index of the result among them
  /// and where the pickle ends.
  static func run(
    _ bytes: UnsafeRawBufferPointer, at start: Int = 0
  ) throws(CheckpointFailure) -> (values: [PickleValue], root: Int, end: Int) {
    let end = min(bytes.count, start + lengthLimit)
    var machine = PickleMachine(reader: ByteReader(UnsafeRawBufferPointer(rebasing: bytes[..<end]), at: start))
    while try machine.step() {}
    guard machine.stack.count == 1, machine.marks.isEmpty else { throw machine.malformed("one result") }
    return (machine.values, machine.stack[0], machine.reader.position)
  }

  private init(reader: ByteReader) {
    self.reader = reader
  }

  // MARK: Instructions

  /// Runs one instruction; false at the end.
  private mutating func step() throws(CheckpointFailure) -> Bool {
    instruction = reader.position
    instructionCount += 1
    guard instructionCount <= Self.instructionLimit else {
      throw CheckpointFailure(problem: .limitExceeded("pickle instructions", limit: Self.instructionLimit))
    }
    let code: UInt8 = try read()
    switch Unicode.Scalar(code) {
    case "\u{80}": try readProtocol()
    case "\u{95}":  // FRAME: a hint on buffering
      let length: UInt64 = try read()
      guard length <= UInt64(reader.remaining) else { throw malformed("a frame inside the pickle") }
    case ".": return false
    case "N": stack.append(0)
    case "\u{88}": stack.append(2)
    case "\u{89}": stack.append(1)
    case "J", "K", "M", "\u{8A}", "\u{8B}": try push(readInteger(code))
    case "G": try push(.double(Double(bitPattern: read(UInt64.self).byteSwapped)))
    case "X", "\u{8C}", "\u{8D}", "T", "U": try push(.string(readString(code)))
    case "B", "C", "\u{8E}", "\u{96}": try push(.bytes(Array(readCounted(code))))
    case "]": try push(.list([]))
    case "}": try push(.dictionary([], .plain))
    case ")": try push(.tuple([]))
    case "(": marks.append(stack.count)
    case "0": _ = try pop()
    case "1": _ = try popMark()
    case "2": try stack.append(top())
    case "t": try push(.tuple(popMark()))
    case "\u{85}": try push(.tuple(pop(count: 1)))
    case "\u{86}": try push(.tuple(pop(count: 2)))
    case "\u{87}": try push(.tuple(pop(count: 3)))
    case "l": try push(.list(popMark()))
    case "d": try push(.dictionary(keysAndValues(popMark()), .plain))
    case "a": try appendToList(pop(count: 1))
    case "e": try appendToList(popMark())
    case "s": try addToDictionary(pop(count: 2))
    case "u": try addToDictionary(keysAndValues(popMark()))
    case "q", "r", "\u{94}": try store(code)
    case "h", "j": try recall(code)
    case "c": try push(readGlobal())
    case "\u{93}": try push(popGlobal())
    case "Q": try pushPersistent(pop())
    case "R", "\u{81}": try call(pop(count: 2))  // REDUCE, NEWOBJ
    case "\u{92}": try call(pop(count: 3))  // NEWOBJ_EX
    case "b": try build()
    case "\u{8F}": try push(.unread(.refusedGlobal("set")))
    case "\u{90}": try addToSet(popMark())
    case "\u{91}":
      _ = try popMark()
      try push(.unread(.refusedGlobal("frozenset")))
    default: throw CheckpointFailure(problem: .refusedOpcode(code: code, offset: instruction))
    }
    return true
  }

  private mutating func readProtocol() throws(CheckpointFailure) {
    let version: UInt8 = try read()
    guard (2...5).contains(version) else { throw malformed("a protocol from 2 to 5") }
  }

  private mutating func readInteger(_ code: UInt8) throws(CheckpointFailure) -> PickleValue {
    switch Unicode.Scalar(code) {
    case "J": return .int(Int(try read(Int32.self)))
    case "K": return .int(Int(try read(UInt8.self)))
    case "M": return .int(Int(try read(UInt16.self)))
    default:
      let length = code == 0x8A ? Int(try read(UInt8.self)) : Int(try read(Int32.self))
      guard length >= 0, let bytes = reader.read(count: length) else { throw malformed("an integer") }
      // The state of a random generator has such numbers.
      guard length <= 8 else { return .unread(.limitExceeded("an integer's bytes", limit: 8)) }
      let isNegative = bytes.last.map { $0 & 0x80 != 0 } ?? false
      return .int(bytes.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) })
    }
  }

  /// The bytes whose count, of 1, 4 or 8 bytes, stands before them.
  private mutating func readCounted(_ code: UInt8) throws(CheckpointFailure) -> UnsafeRawBufferPointer {
    let count: UInt64 =
      switch Unicode.Scalar(code) {
      case "C", "\u{8C}", "U": UInt64(try read(UInt8.self))
      case "B", "X", "T": UInt64(try read(UInt32.self))
      default: try read(UInt64.self)
      }
    guard let count = Int(exactly: count), let bytes = reader.read(count: count) else {
      throw malformed("a text inside the pickle")
    }
    return bytes
  }

  private mutating func readString(_ code: UInt8) throws(CheckpointFailure) -> String {
    let bytes = try readCounted(code)
    guard firstInvalidUTF8Offset(in: bytes) == nil else { throw malformed("a text in UTF-8") }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: The memo

  private mutating func store(_ code: UInt8) throws(CheckpointFailure) {
    let key: Int =
      switch Unicode.Scalar(code) {
      case "q": Int(try read(UInt8.self))
      case "r": Int(try read(UInt32.self))
      default: memo.count
      }
    memo[key] = try top()
    guard memo.count <= Self.valueLimit else {
      throw CheckpointFailure(problem: .limitExceeded("values", limit: Self.valueLimit))
    }
  }

  private mutating func recall(_ code: UInt8) throws(CheckpointFailure) {
    let key = code == UInt8(ascii: "h") ? Int(try read(UInt8.self)) : Int(try read(UInt32.self))
    guard let index = memo[key] else { throw malformed("a value stored before") }
    stack.append(index)
  }

  // MARK: Containers

  private mutating func appendToList(_ elements: [Int]) throws(CheckpointFailure) {
    let target = try top()
    switch values[target] {
    case .unread: return
    case .list(var list):
      // The list leaves its place while it grows, or every growth would copy it.
      values[target] = .none
      list.append(contentsOf: elements)
      values[target] = .list(list)
    default: throw malformed("a list")
    }
  }

  private mutating func addToDictionary(_ elements: [Int]) throws(CheckpointFailure) {
    let target = try top()
    switch values[target] {
    case .unread: return
    case .dictionary(var dictionary, let kind):
      values[target] = .none
      dictionary.append(contentsOf: elements)
      values[target] = .dictionary(dictionary, kind)
    default: throw malformed("a dictionary")
    }
  }

  private mutating func addToSet(_: [Int]) throws(CheckpointFailure) {
    guard case .unread = values[try top()] else { throw malformed("a set") }
  }

  private func keysAndValues(_ elements: [Int]) throws(CheckpointFailure) -> [Int] {
    guard elements.count % 2 == 0 else { throw malformed("a value for every key") }
    return elements
  }

  // MARK: Reading and the stack

  func malformed(_ expected: String) -> CheckpointFailure {
    CheckpointFailure(problem: .malformedPickle(offset: instruction, expected: expected))
  }

  private mutating func read<Integer: FixedWidthInteger & BitwiseCopyable>(
    _: Integer.Type = Integer.self
  ) throws(CheckpointFailure) -> Integer {
    guard let value = reader.read(Integer.self) else { throw malformed("more of the pickle") }
    return value
  }

  mutating func push(_ value: PickleValue) throws(CheckpointFailure) {
    guard values.count < Self.valueLimit else {
      throw CheckpointFailure(problem: .limitExceeded("values", limit: Self.valueLimit))
    }
    values.append(value)
    stack.append(values.count - 1)
  }

  /// The lowest stack entry that instructions may take: none of those before the last mark.
  private var floor: Int { marks.last ?? 0 }

  func top() throws(CheckpointFailure) -> Int {
    guard stack.count > floor, let index = stack.last else { throw malformed("a value before it") }
    return index
  }

  mutating func pop() throws(CheckpointFailure) -> Int {
    let index = try top()
    stack.removeLast()
    return index
  }

  mutating func pop(count: Int) throws(CheckpointFailure) -> [Int] {
    guard stack.count - count >= floor else { throw malformed("\(count) values before it") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  /// The values since the last mark.
  private mutating func popMark() throws(CheckpointFailure) -> [Int] {
    guard let mark = marks.popLast() else { throw malformed("a mark before it") }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }
}
