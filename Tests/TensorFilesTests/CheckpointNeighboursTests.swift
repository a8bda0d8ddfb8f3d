import Testing

@testable import TensorFiles

/// Checkpoints with what training code saves beside the weights (Tools/reference/checkpoint_neighbours.py).
@Suite struct CheckpointNeighboursTests {
  static let files = ["neighbours-2.pt", "neighbours-4.pt", "neighbours-5.pt", "neighbours-2-numpy1.pt"]

  private func neighbours(_ file: String) throws -> CheckpointDictionary {
    let archive = try TorchArchive(path: Fixtures.path(file))
    return try #require(archive.root["neighbours"]?.dictionary)
  }

  @Test(arguments: files)
  func theWeightsAreReadWhateverStandsBesideThem(file: String) throws {
    let archive = try TorchArchive(path: Fixtures.path(file))
    let weights = try archive.tensors(at: "state_dict")
    #expect(weights.map(\.name) == ["w"])
    let expected = (0..<12).flatMap { withUnsafeBytes(of: Float($0).bitPattern.littleEndian, Array.init) }
    #expect(weights[0].tensor.contiguousBytes() == expected)
    #expect(archive.root["epoch"]?.int == 3)
    #expect(archive.root["config"]?["guidance_scale"]?.double == 3.5)
  }

  @Test(arguments: files)
  func numPyNumbersAndTextsAreRead(file: String) throws {
    let values = try neighbours(file)
    let doubles: [(String, Double)] = [("float64", 0.25), ("float32", -1.5), ("float16", 65504), ("tiny", 0x1p-24)]
    for (name, value) in doubles { #expect(values[name]?.double == value, "\(name)") }
    #expect(values["nan"]?.double?.isNaN == true)
    let integers: [(String, Int)] = [
      ("int64", -7), ("int32", 1 << 31 - 1), ("int16", -300), ("int8", -128), ("uint8", 255), ("uint16", 65535),
      ("uint32", 1 << 32 - 1), ("uint64", .max),
    ]
    for (name, value) in integers { #expect(values[name]?.int == value, "\(name)") }
    #expect(values["bool"]?.bool == true)
    #expect(values["false"]?.bool == false)
    #expect(values["str"]?.string == "caf\u{e9} \u{1FAC1}")
    guard case .bytes(let bytes)? = values["bytes"] else {
      Issue.record("bytes are a \(values["bytes"]?.kind ?? "nothing")")
      return
    }
    #expect(bytes == [0x61, 0x62, 0, 0x63])
  }

  @Test(arguments: files)
  func relativesOfListsAndDictionariesAreRead(file: String) throws {
    let values = try neighbours(file)
    #expect(values["defaultdict"]?["a"]?.elements?.compactMap(\.int) == [1])
    #expect(values["defaultdict.int"]?.dictionary?[3]?.int == 4)
    #expect(values["counter"]?["a"]?.int == 2)
    #expect(values["counter.empty"]?.dictionary?.entries.count == 0)
    #expect(values["deque"]?.elements?.compactMap(\.int) == [1, 2])
    #expect(values["deque.free"]?.elements?.compactMap(\.int) == [3])
    #expect(values["ordered"]?["a"]?.int == 1)
    #expect(values["namespace"]?["lr"]?.double == 0.5)
    #expect(values["namespace"]?["tags"]?.elements?.compactMap(\.string) == ["x"])
    #expect(values["simple namespace"]?["a"]?.int == 1)
    #expect(values["keys.numpy"]?.dictionary?[5]?.string == "five")
    #expect(values["size"]?.elements?.compactMap(\.int) == [2, 3])
    let state = values["nested"]?["state"]?.dictionary?[0]
    #expect(state?["step"]?.double == 3)
    #expect(state?["when"]?.unread == .refusedGlobal("datetime.date"))
  }

  @Test(arguments: files)
  func everythingElseIsPassedOverWithAReason(file: String) throws {
    let values = try neighbours(file)
    let made = [
      "array": "numpy.ndarray", "array.fortran": "numpy.ndarray", "array.scalar": "numpy.ndarray",
      "array.empty": "numpy.ndarray", "array.big endian": "numpy.ndarray", "array.object": "numpy.ndarray",
      "array.text": "numpy.ndarray", "array.record": "numpy.ndarray", "uint64 large": "numpy.uint64",
      "complex128": "numpy.complex128", "datetime64": "numpy.datetime64", "dtype": "numpy.dtype",
      "type": "numpy.float64", "datetime": "datetime.datetime", "path": "pathlib.PurePosixPath",
      "enum": "training.config.Schedule", "enum.int": "training.config.Level", "decimal": "decimal.Decimal",
      "uuid": "uuid.UUID", "dataclass": "training.config.Options", "dataclass.slots": "training.config.Slotted",
      "settings": "training.config.Settings", "namedtuple": "training.config.Record", "partial": "functools.partial",
      "pattern": "re._compile", "class": "collections.OrderedDict", "device": "torch.device",
      "object that holds itself": "training.config.Options",
    ]
    for (name, type) in made { #expect(values[name]?.unread == .refusedGlobal(type), "\(name)") }
    for name in ["large", "large negative"] {
      #expect(values[name]?.unread == .limitExceeded("an integer's bytes", limit: 8), "\(name)")
    }
    #expect(values["keys.float"]?.unread == .unsupportedKey("float"))
    #expect(values["keys.tuple"]?.unread == .unsupportedKey("tuple"))
    #expect(values["keys.none"]?.unread == .unsupportedKey("None"))
    // Of the others the names depend on the versions of Python and NumPy.
    let read: Set = [
      "float64", "float32", "float16", "nan", "tiny", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32",
      "uint64", "bool", "false", "str", "bytes", "random.numpy", "random.pcg64", "random.python", "defaultdict",
      "defaultdict.int", "counter", "counter.empty", "deque", "deque.free", "ordered", "namespace", "simple namespace",
      "keys.numpy", "size", "nested",
    ]
    // Protocol 5 has an instruction for these, and the others a call.
    for case (.string(let name), let value) in values.entries where name != "bytearray" {
      #expect((value.unread == nil) == read.contains(name), "\(name) is a \(value.kind)")
    }
  }

  @Test func weightsThatNothingReadsAreRefusedByName() throws {
    let archive = try TorchArchive(path: Fixtures.path("neighbours-2.pt"))
    func refusal(_ place: String, _ problem: CheckpointProblem) -> TensorFileError {
      .checkpoint(file: archive.file.path, place: place, problem: problem)
    }
    #expect(throws: refusal("neighbours.settings", .refusedGlobal("training.config.Settings"))) {
      try archive.tensors(at: "neighbours", "settings")
    }
    #expect(throws: refusal("neighbours.settings", .refusedGlobal("training.config.Settings"))) {
      try archive.tensors(at: "neighbours", "settings", "weights")
    }
    #expect(throws: refusal("neighbours.keys.float", .unsupportedKey("float"))) {
      try archive.tensors(at: "neighbours", "keys.float")
    }
    #expect(throws: refusal("neighbours.nested.state", .unsupportedKey("int"))) {
      try archive.tensors(at: "neighbours", "nested", "state")
    }
  }
}
