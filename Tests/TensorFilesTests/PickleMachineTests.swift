import Testing

@testable import TensorFiles

/// Pickles written by hand: what no honest program saves.
@Suite struct PickleMachineTests {
  /// The tree that `pickle` makes, with storages of `storageCount` bytes.
  static func read(_ pickle: [UInt8], storageCount: Int = 64) throws(CheckpointFailure) -> CheckpointValue {
    let file = MappedFile(bytes: pickle + [UInt8](repeating: 1, count: storageCount), name: "test")
    let pickleBytes = UnsafeRawBufferPointer(rebasing: file.bytes[..<pickle.count])
    let (values, root, _) = try PickleMachine.run(pickleBytes)
    var assembler = CheckpointAssembler(file: file, values: values) { (storage) throws(CheckpointFailure) in
      try storage.checked(pickle.count..<(pickle.count + storageCount))
    }
    return try assembler.assemble(root)
  }

  static func problem(_ pickle: [UInt8], storageCount: Int = 64) -> CheckpointProblem? {
    do {
      _ = try read(pickle, storageCount: storageCount)
      return nil
    } catch {
      return error.problem
    }
  }

  /// Instructions by their letters; numbers are bytes.
  static func pickle(_ parts: Any...) -> [UInt8] {
    parts.reduce(into: []) { bytes, part in
      switch part {
      case let text as String: bytes += text.unicodeScalars.map { UInt8($0.value) }
      case let more as [UInt8]: bytes += more
      case let more as [Int]: bytes += more.map { UInt8($0) }
      case let byte as Int: bytes.append(UInt8(byte))
      default: Issue.record("\(part)")
      }
    }
  }

  static func text(_ text: String) -> [UInt8] { pickle("\u{8C}", text.utf8.count, text) }

  static func integer(_ value: Int) -> [UInt8] {
    pickle("\u{8A}", 8, withUnsafeBytes(of: UInt64(bitPattern: Int64(value)).littleEndian, Array.init))
  }

  /// A float tensor of a storage of `count` elements.
  static func tensor(count: Int, offset: Int, shape: [Int], strides: [Int]) -> [UInt8] {
    let storage = pickle(
      "(", text("storage"), "ctorch\nFloatStorage\n", text("0"), text("cpu"), integer(count), "tQ")
    return pickle(
      "ctorch._utils\n_rebuild_tensor_v2\n(", storage, integer(offset), "(", shape.flatMap(integer), "t(",
      strides.flatMap(integer), "t\u{89}ccollections\nOrderedDict\n)RtR.")
  }

  @Test func readsPlainValues() throws {
    let pickle = Self.pickle("\u{80}", 4, "]\u{94}(N\u{88}J", [0xFF, 0xFF, 0xFF, 0xFF], "M", [0, 1], "h", 0, "0e.")
    let elements = try #require(try Self.read(pickle).elements)
    #expect(elements.map(\.kind) == ["None", "bool", "int", "int"])
    #expect(elements[2].int == -1)
    #expect(elements[3].int == 256)
  }

  @Test(arguments: [0, 1, -1, 127, 128, -128, -129, 1 << 40, .max, .min])
  func readsIntegersOfEveryLength(value: Int) throws {
    #expect(try Self.read(Self.integer(value) + Self.pickle(".")).int == value)
  }

  @Test func refusesTensorsOutsideOfTheirStorage() throws {
    let shapes: [(count: Int, offset: Int, shape: [Int], strides: [Int])] = [
      (16, 0, [17], [1]), (16, 1, [16], [1]), (16, 0, [4, 4], [5, 1]), (16, 16, [1], [1]), (16, 16, [], []),
      (16, -1, [1], [1]), (16, 0, [2], [-1]), (16, 0, [-1], [1]), (16, 0, [2, 2], [1]), (16, 17, [0], [1]),
      (16, 0, [2], [.max]), (16, .max, [1], [1]), (16, 0, [3, 3], [.max / 2, .max / 2]),
      (16, 0, [.max, .max], [0, 0]), (16, 0, [.max / 2], [0]),
    ]
    for (count, offset, shape, strides) in shapes {
      let pickle = Self.tensor(count: count, offset: offset, shape: shape, strides: strides)
      let outside = CheckpointProblem.outsideStorage(
        shape: shape, strides: strides, offset: offset, storageCount: count)
      #expect(Self.problem(pickle) == outside, "\(shape) \(strides) \(offset)")
    }
    let fits = try Self.read(Self.tensor(count: 16, offset: 1, shape: [3, 5], strides: [5, 1])).tensor
    #expect(fits?.byteRange.count == 60)
    let empty = try Self.read(Self.tensor(count: 16, offset: 16, shape: [0, 5], strides: [.max, 1])).tensor
    #expect(empty?.contiguousBytes() == [])
  }

  @Test func refusesStoragesOfAnotherSize() {
    let tensor = Self.tensor(count: 16, offset: 0, shape: [1], strides: [1])
    #expect(Self.problem(tensor, storageCount: 63) == .storageSizeMismatch(storage: "0", expected: 64, found: 63))
    #expect(Self.problem(tensor, storageCount: 65) == .storageSizeMismatch(storage: "0", expected: 64, found: 65))
    #expect(Self.problem(tensor, storageCount: 68) == .storageSizeMismatch(storage: "0", expected: 64, found: 68))
    let endless = Self.tensor(count: .max, offset: 0, shape: [1], strides: [1])
    #expect(Self.problem(endless) == .storageSizeMismatch(storage: "0", expected: .max, found: 64))
  }

  @Test func refusesATensorThatRepeatsItselfEndlessly() {
    let pickle = Self.tensor(count: 16, offset: 0, shape: [1 << 30], strides: [0])
    #expect(Self.problem(pickle) == .limitExceeded("bytes of a tensor that repeats itself", limit: 1 << 30))
  }

  @Test func refusesTooManyDimensions() {
    let ones = [Int](repeating: 1, count: 65)
    let pickle = Self.tensor(count: 16, offset: 0, shape: ones, strides: ones)
    #expect(Self.problem(pickle) == .limitExceeded("dimensions", limit: 64))
  }

  @Test func boundsAListOfListsOfListsThatIsSmallOnlyWhileShared() {
    // Ten times the list before, 30 times over: a few hundred bytes that would print as 10^30 values.
    var pickle = Self.pickle("]\u{94}")
    for level in 0..<30 {
      pickle += Self.pickle("(", [UInt8]((0..<10).flatMap { _ in [0x68, UInt8(level)] }), "l\u{94}")
    }
    #expect(Self.problem(pickle + Self.pickle("h", 30, "\u{85}(", "1\u{85}.")) != nil)
    #expect(Self.problem(Self.discardingAllButLast(pickle)) == .limitExceeded("values", limit: 1 << 23))
  }

  /// Ends a pickle that left many values on the stack with a tuple of them all.
  static func discardingAllButLast(_ pickle: [UInt8]) -> [UInt8] { Self.pickle("(") + pickle + Self.pickle("t.") }

  @Test func boundsNesting() {
    let deep = [UInt8](repeating: UInt8(ascii: "]"), count: 1_000_000)
    let appends = [UInt8](repeating: UInt8(ascii: "a"), count: 999_999)
    #expect(
      Self.problem(deep + appends + Self.pickle(".")) == .limitExceeded("containers inside each other", limit: 64))
    func tuples(_ count: Int) -> [UInt8] {
      Self.pickle(")", String(repeating: "\u{85}", count: count - 1), ".")
    }
    #expect(Self.problem(tuples(64)) == nil)
    #expect(Self.problem(tuples(65)) == .limitExceeded("containers inside each other", limit: 64))
    // Shallow where first met, deep where met again.
    let halves = Self.pickle(
      "(", Array(tuples(40).dropLast()) + [0x94], "h", 0, String(repeating: "\u{85}", count: 40), "t.")
    #expect(Self.problem(halves) == .limitExceeded("containers inside each other", limit: 64))
  }

  @Test func boundsInstructionsValuesAndNumbers() {
    let marks = [UInt8](repeating: UInt8(ascii: "("), count: (1 << 22) + 1)
    #expect(Self.problem(marks) == .limitExceeded("pickle instructions", limit: 1 << 22))
    let lists = [UInt8](repeating: UInt8(ascii: "]"), count: (1 << 20) + 1)
    #expect(Self.problem(lists) == .limitExceeded("values", limit: 1 << 20))
    let long = Self.pickle("\u{8B}", [0, 0, 1, 0], [UInt8](repeating: 1, count: 1 << 16), ".")
    #expect(Self.problem(long) == .limitExceeded("an integer's bytes", limit: 8))
    let text = String(repeating: "x", count: 200)
    let encode = Self.pickle("0c_codecs\nencode\n\u{94}0", Self.text(text), "\u{94}0", Self.text("latin1"), "\u{94}0")
    let calls = (0..<100).flatMap { _ in Self.pickle("h", 0, "h", 1, "h", 2, "\u{86}R0") }
    guard case .limitExceeded("encoded bytes", _) = Self.problem(Self.pickle("N") + encode + calls) else {
      Issue.record("encoding without bound")
      return
    }
  }

  @Test(arguments: [
    [UInt8](), pickle("."), pickle("NN."), pickle("(N."), pickle("0."), pickle("(0."), pickle("1."), pickle("N("),
    pickle("\u{80}", 1, "N."), pickle("\u{80}", 6, "N."), pickle("h", 0, "."), pickle("j", [1, 0, 0, 0], "."),
    pickle("X", [255, 255, 255, 255], "a"), pickle("\u{8D}", [UInt8](repeating: 255, count: 8)),
    pickle("\u{8C}", 1, 0xFF),
    pickle("\u{8B}", [255, 255, 255, 255], "."), pickle("}(Nu."), pickle("(Nd."), pickle("Na."), pickle("]Ns."),
    pickle("NNs."), pickle("NQ."), pickle(")Q."), pickle("NNR."), pickle("N)R."), pickle("ctorch\nSize\n)R."),
    pickle("ctorch\nFloatStorage\n)R."), pickle("ctorch\nfloat32\n)R."), pickle("ccollections\nOrderedDict\n"),
    pickle("ccollections\nOrderedDict\n", "N\u{85}R."), pickle("}}b."), pickle("ccollections\nOrderedDict\n)R)b."),
    pickle("ctorch"), pickle("ctorch\nfloat32"), pickle("NN\u{93}."), pickle("\u{95}", [9, 0, 0, 0, 0, 0, 0, 0], "N."),
    pickle("ctorch._utils\n_rebuild_tensor_v2\n)R."), pickle("ctorch._utils\n_rebuild_parameter\n)R."),
    pickle("c_codecs\nencode\n)R."), pickle("\u{94}"),
  ])
  func refusesBrokenPickles(bytes: [UInt8]) {
    guard case .malformedPickle = Self.problem(bytes) else {
      Issue.record("\(bytes): \(String(describing: Self.problem(bytes)))")
      return
    }
  }

  @Test(arguments: [
    "I", "L", "F", "S", "V", "T", "U", "P", "i", "o", "\u{81}", "\u{92}", "\u{82}", "\u{8F}", "\u{91}", "\u{96}",
    "\u{97}", "g", "p", "\u{0}", "\u{FF}",
  ])
  func refusesInstructionsThatDataDoesNotNeed(letter: String) {
    let code = Self.pickle(letter)
    #expect(Self.problem(code) == .refusedOpcode(code: code[0], offset: 0))
  }

  @Test func namesByStackAreRefusedToo() {
    let pickle = Self.pickle("\u{80}", 4, Self.text("os"), Self.text("system"), "\u{93}", Self.text("id"), "\u{85}R.")
    #expect(Self.problem(pickle) == .refusedGlobal("os.system"))
  }

  @Test func refusesTheSameKeyTwice() {
    #expect(Self.problem(Self.pickle("}(K", 1, "NK", 1, "Nu.")) == .duplicateKey)
    #expect(Self.problem(Self.pickle("}(K", 1, "NK", 2, "Nu.")) == nil)
  }

  @Test func refusesFunctionsAndStoragesAsValues() {
    #expect(Self.problem(Self.pickle("ctorch\nSize\n.")) == .wrongKind(expected: "value", found: "function"))
  }
}
