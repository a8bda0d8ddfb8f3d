import Support
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

  /// Why the value that `pickle` makes was passed over; nil if it was read.
  static func unread(_ pickle: [UInt8]) -> CheckpointProblem? { (try? read(pickle))?.unread }

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

  @Test("texts of Python 2, as in the files of lpips") func readsOldTexts() throws {
    #expect(try Self.read(Self.pickle("U", 3, "lin.")).string == "lin")
    #expect(try Self.read(Self.pickle("T", [3, 0, 0, 0], "lin.")).string == "lin")
    #expect(Self.problem(Self.pickle("U", 4, "lin")) != nil && Self.problem(Self.pickle("U", 1, 0xFF, ".")) != nil)
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
    #expect(Self.unread(long) == .limitExceeded("an integer's bytes", limit: 8))
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
    "I", "L", "F", "S", "V", "P", "i", "o", "\u{82}", "\u{83}", "\u{84}", "\u{97}", "\u{98}", "g", "p",
    "\u{0}",
    "\u{FF}",
  ])
  func refusesInstructionsThatDataDoesNotNeed(letter: String) {
    let code = Self.pickle(letter)
    #expect(Self.problem(code) == .refusedOpcode(code: code[0], offset: 0))
  }

  @Test func namesByStackAreRefusedToo() {
    let pickle = Self.pickle("\u{80}", 4, Self.text("os"), Self.text("system"), "\u{93}", Self.text("id"), "\u{85}R.")
    #expect(Self.problem(pickle) == .hostileGlobal("os.system"))
  }

  @Test(arguments: [
    "os\nsystem", "posix\nsystem", "nt\nsystem", "os\npopen", "os\nremove", "subprocess\nPopen",
    "subprocess\ncheck_output",
    "builtins\neval", "__builtin__\nexec", "builtins\n__import__", "builtins\nopen", "runpy\nrun_path",
    "socket\nsocket",
    "urllib.request\nurlopen", "shutil\nrmtree", "ctypes\nCDLL", "importlib\nimport_module", "pty\nspawn",
  ])
  func aPickleThatWouldRunSomethingIsRefusedWhereverItAsks(name: String) {
    let asked = name.replacing("\n", with: ".")
    for pickle in ["}(\u{8C}\u{1}aK\u{1}\u{8C}\u{1}bc\(name)\n)Ru.", "c\(name)\n.", "(c\(name)\nN)\u{81}t."] {
      #expect(Self.problem(Self.pickle(pickle)) == .hostileGlobal(asked), "\(asked)")
    }
  }

  @Test func whatAnyOtherNameMakesIsPassedOver() {
    let name = "c__main__\nThing\n"
    let made = [
      "\(name))R.", "\(name))\u{81}.", "\(name))}\u{92}.", "\(name))R}b.", "\(name))RN}\u{86}b.",
      "\(name))R(K\u{1}e.", "\(name))RK\u{1}a.", "\(name))RK\u{1}K\u{2}s.", "\(name))R(K\u{1}K\u{2}u.", "\(name))R)R.",
      "\(name).",
      "ccopyreg\n_reconstructor\n(\(name)cbuiltins\nobject\nNtR}b.",
    ]
    for pickle in made {
      #expect(Self.unread(Self.pickle(pickle)) == .refusedGlobal("__main__.Thing"), "\(pickle)")
    }
    #expect(Self.unread(Self.pickle("\u{8F}(K\u{1}K\u{2}\u{90}.")) == .refusedGlobal("set"))
    #expect(Self.unread(Self.pickle("(K\u{1}\u{91}.")) == .refusedGlobal("frozenset"))
  }

  @Test(arguments: [
    "N)R.", "N)\u{81}.", "c__main__\nThing\nNR.", "c__main__\nThing\nN\u{81}.", "K\u{1}(K\u{1}\u{90}.", "]}b.",
    "cargparse\nNamespace\n)R)b.", "cnumpy\ndtype\n)R.", "cnumpy\ndtype\nN\u{85}R.",
    "cnumpy._core.multiarray\nscalar\n)R.", "ccollections\nCounter\nN\u{85}R.", "ccopyreg\n_reconstructor\n)R.",
    "ctorch._tensor\n_rebuild_from_type_v2\n)R.",
  ])
  func refusesBrokenCalls(pickle: String) {
    guard case .malformedPickle = Self.problem(Self.pickle(pickle)) else {
      Issue.record("\(pickle): \(String(describing: Self.problem(Self.pickle(pickle))))")
      return
    }
  }

  /// A NumPy scalar of `bytes`, its type in NumPy's notation and its byte order.
  static func scalar(_ type: String, order: String = "<", _ bytes: [UInt8]) -> [UInt8] {
    pickle(
      "cnumpy._core.multiarray\nscalar\ncnumpy\ndtype\n", text(type), "\u{89}\u{88}\u{87}R(K", 3, text(order), "NNNtb",
      "C", bytes.count, bytes, "\u{86}R.")
  }

  @Test func readsNumPyNumbersOfEitherByteOrder() throws {
    #expect(try Self.read(Self.scalar("f8", [0, 0, 0, 0, 0, 0, 0xD0, 0x3F])).double == 0.25)
    #expect(try Self.read(Self.scalar("f8", order: ">", [0x3F, 0xD0, 0, 0, 0, 0, 0, 0])).double == 0.25)
    #expect(try Self.read(Self.scalar("i4", order: ">", [0xFF, 0xFF, 0xFF, 0xFE])).int == -2)
    #expect(try Self.read(Self.scalar("i2", [0xFE, 0xFF])).int == -2)
    #expect(try Self.read(Self.scalar("u2", [0xFE, 0xFF])).int == 65534)
    #expect(try Self.read(Self.scalar("U2", order: ">", [0, 0, 0, 0x61, 0, 0, 0, 0])).string == "a")
    // Too few bytes, a surrogate, a number of 2^63: no value, and no crash.
    for (type, bytes) in [("f8", [UInt8](repeating: 0, count: 7)), ("U1", [0, 0xD8, 0, 0]), ("i9", Array(0..<9))] {
      guard case .refusedGlobal = Self.unread(Self.scalar(type, bytes)) else {
        Issue.record("\(type) \(bytes)")
        continue
      }
    }
    let large = Self.scalar("u8", [UInt8](repeating: 0xFF, count: 8))
    #expect(Self.unread(large) == .refusedGlobal("numpy.uint64"))
  }

  @Test func halfPrecisionIsReadBitForBit() throws {
    let values: [(UInt16, Double)] = [
      (0x0000, 0), (0x0001, 0x1p-24), (0x03FF, 0x1.ff8p-15), (0x0400, 0x1p-14), (0x3C00, 1), (0x3C01, 1 + 0x1p-10),
      (0x7BFF, 65504), (0x7C00, .infinity), (0xC500, -5), (0xFC00, -.infinity),
    ]
    for (bits, value) in values {
      #expect(try Self.read(Self.scalar("f2", [UInt8(bits & 0xFF), UInt8(bits >> 8)])).double == value, "\(bits)")
    }
    #expect(try Self.read(Self.scalar("f2", [1, 0x7C])).double?.isNaN == true)
  }

  @Test func refusesTheSameKeyTwice() {
    #expect(Self.problem(Self.pickle("}(K", 1, "NK", 1, "Nu.")) == .duplicateKey)
    #expect(Self.problem(Self.pickle("}(K", 1, "NK", 2, "Nu.")) == nil)
  }

  @Test func functionsAreNoValues() {
    #expect(Self.unread(Self.pickle("ctorch\nSize\n.")) == .refusedGlobal("torch.Size"))
  }
}
