import Foundation
import Support
import Testing

@testable import TensorFiles

@Suite struct TorchArchiveTests {
  /// A value as the fixtures' generator describes it.
  final class Expected: Decodable {
    var kind: String
    var text: String?
    var keys: [Expected]?
    var elements: [Expected]?
    var dtype: String?
    var shape: [Int]?
    var strides: [Int]?
    var hex: String?
  }

  static let fixtures = [
    "all-types.pt", "layouts.pt", "layouts-protocol-5.pt", "layouts-legacy.bin", "released.pt", "released-legacy.bin",
    "only-a-tensor.pt", "numpy-scalar.pt",
  ]

  @Test(arguments: fixtures)
  func readsWhatPyTorchSavedBitForBit(name: String) throws {
    let url = URL(fileURLWithPath: Fixtures.path(name + ".json"))
    let expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: url))
    try compare(TorchArchive(path: Fixtures.path(name)).root, expected, at: "root")
  }

  private func compare(_ value: CheckpointValue, _ expected: Expected, at place: String) throws {
    #expect(value.kind == expected.kind, "\(place)")
    switch value {
    case .unread(let problem): Issue.record("\(place) was not read: \(problem)")
    case .module(let name, _): Issue.record("\(place) is a module, \(name)")
    case .none: break
    case .bool(let bool): #expect(String(bool) == expected.text, "\(place)")
    case .int(let int): #expect(String(int) == expected.text, "\(place)")
    case .double(let double):
      let bytes = withUnsafeBytes(of: double.bitPattern.littleEndian, Array.init)
      #expect(Fixtures.hex(bytes) == expected.text, "\(place)")
    case .string(let string): #expect(ExactString(string) == expected.text.map(ExactString.init), "\(place)")
    case .bytes(let bytes): #expect(Fixtures.hex(bytes) == expected.text, "\(place)")
    case .dtype(let dtype): #expect(dtype.rawValue == expected.text, "\(place)")
    case .tensor(let tensor):
      #expect(tensor.dtype.rawValue == expected.dtype, "\(place)")
      #expect(tensor.shape == expected.shape, "\(place)")
      #expect(tensor.strides == expected.strides, "\(place)")
      #expect(Fixtures.hex(tensor.contiguousBytes()) == expected.hex, "\(place)")
    case .list(let elements), .tuple(let elements):
      let expectedElements = try #require(expected.elements)
      try #require(elements.count == expectedElements.count, "\(place)")
      for (index, pair) in zip(elements, expectedElements).enumerated() {
        try compare(pair.0, pair.1, at: "\(place)[\(index)]")
      }
    case .dictionary(let dictionary):
      let keys = try #require(expected.keys)
      let elements = try #require(expected.elements)
      try #require(dictionary.entries.count == keys.count, "\(place)")
      for (entry, (key, element)) in zip(dictionary.entries, zip(keys, elements)) {
        switch entry.key {
        case .string(let text): try compare(.string(text), key, at: "\(place), a key")
        case .int(let number): try compare(.int(number), key, at: "\(place), a key")
        }
        try compare(entry.value, element, at: "\(place).\(entry.key)")
      }
    }
  }

  @Test(arguments: ["released.pt", "released-legacy.bin"])
  func findsStateDictionariesAndConfiguration(name: String) throws {
    let checkpoint = try TorchArchive(path: Fixtures.path(name))
    let unet = try checkpoint.tensors(at: "unet_state_dict")
    #expect(unet.map(\.name) == ["time_embed.weight", "time_embed.bias", "out.weight"])
    #expect(unet[0].tensor.shape == [3, 2])
    let config = try #require(checkpoint.root["config"])
    #expect(config["latent_channels"]?.int == 8)
    #expect(config["guidance_scale"]?.double == 7.5)
    #expect(config["num_train_timesteps"]?.double == 1000)
    #expect(config["text_model"]?.string == "dmis-lab/biobert-base-cased-v1.1")
    #expect(config["missing"] == nil)

    let path = Fixtures.path(name)
    let missing = TensorFileError.checkpoint(file: path, place: nil, problem: .missingEntry("ema"))
    #expect(throws: missing) { try checkpoint.tensors(at: "ema") }
    let wrongKind = CheckpointProblem.wrongKind(expected: "tensor", found: "int")
    let notATensor = TensorFileError.checkpoint(file: path, place: "config.latent_channels", problem: wrongKind)
    #expect(throws: notATensor) { try checkpoint.tensors(at: "config") }
    let notADictionary = CheckpointProblem.wrongKind(expected: "dict", found: "int")
    #expect(throws: TensorFileError.checkpoint(file: path, place: "epoch", problem: notADictionary)) {
      try checkpoint.tensors(at: "epoch", "more")
    }
  }

  @Test func tensorsPointIntoTheFileAndShareTheirStorage() throws {
    let checkpoint = try TorchArchive(path: Fixtures.path("layouts.pt"))
    let base = try #require(checkpoint.root["base"]?.tensor)
    let offset = try #require(checkpoint.root["offset"]?.tensor)
    #expect(offset.baseAddress == base.baseAddress + 12 * 4)
    #expect(base.isAligned && base.isContiguous)
    #expect(base.baseAddress == checkpoint.file.baseAddress + base.byteRange.lowerBound)
    #expect(try #require(checkpoint.root["stepped"]?.tensor).isContiguous == false)
  }

  static let refused: [(name: String, place: String?, problem: CheckpointProblem)] = [
    ("posix.system", nil, .hostileGlobal("posix.system")),
    ("posix.system legacy", nil, .hostileGlobal("posix.system")),
    ("__main__.Point", nil, .refusedGlobal("__main__.Point")),
    ("torch.nn.modules.linear.Linear", nil, .refusedGlobal("torch.nn.modules.linear.Linear")),
    ("torch.ComplexDoubleStorage", nil, .refusedGlobal("torch.ComplexDoubleStorage")),
    ("torch._utils._rebuild_sparse_tensor", nil, .refusedGlobal("torch._utils._rebuild_sparse_tensor")),
    ("torch.device", nil, .refusedGlobal("torch.device")),
    ("__builtin__.set", nil, .refusedGlobal("__builtin__.set")),
    ("quantized", nil, .refusedGlobal("torch._utils._rebuild_qtensor")),
    ("conjugated", nil, .invalidTensor("a conjugated or otherwise lazy tensor")),
    ("big integer", nil, .limitExceeded("an integer's bytes", limit: 8)),
    ("float key", nil, .unsupportedKey("float")),
    ("cycle", "[0]", .cycle),
    ("TorchScript", nil, .torchScript),
    ("deflated", nil, .notStored(entry: "archive/byteorder", method: 8)),
    ("big-endian", nil, .bigEndian),
    ("storage missing", "x", .missingStorage("0")),
    ("storage short", "x", .storageSizeMismatch(storage: "0", expected: 8, found: 7)),
  ]

  @Test(arguments: refused.indices)
  func refusesByNameAndRunsNothing(index: Int) throws {
    let (name, place, problem) = Self.refused[index]
    let path = Fixtures.path("refused/\(name).pt")
    let error = #expect(throws: TensorFileError.checkpoint(file: path, place: place, problem: problem), "\(name)") {
      try TorchArchive(path: path)
    }
    #expect(error?.description.contains("\n") == false)
  }

  @Test func modulesGiveTheirStateOnlyToThoseWhoAcceptThem() throws {
    let linear = Fixtures.path("refused/torch.nn.modules.linear.Linear.pt")
    let state = try #require(try TorchArchive(path: linear, acceptsModule: true).root.state)
    #expect(state.map(\.name) == ["weight", "bias"])
    #expect(state.map(\.tensor.shape) == [[1, 1], [1]])

    let legacy = Fixtures.path("module legacy.pt")
    #expect(
      throws: TensorFileError.checkpoint(
        file: legacy, place: nil, problem: .refusedGlobal("torch.nn.modules.container.Sequential"))
    ) { try TorchArchive(path: legacy) }
    let archive = try TorchArchive(path: legacy, acceptsModule: true)
    let nested = try #require(archive.root.state).sorted { $0.name < $1.name }
    #expect(
      nested.map(\.name) == [
        "convolution.weight", "inner.norm.bias", "inner.norm.num_batches_tracked", "inner.norm.running_mean",
        "inner.norm.running_var", "inner.norm.weight",
      ])
    for (index, tensor) in nested.map(\.tensor).enumerated() where tensor.dtype == .float32 {
      let value = withUnsafeBytes(of: Float(index)) { Array($0) }
      #expect(tensor.contiguousBytes() == Array(repeating: value, count: tensor.elementCount).flatMap { $0 })
    }
    // A module is no dictionary of tensors to those who ask for one.
    #expect(
      throws: TensorFileError.checkpoint(
        file: legacy, place: nil, problem: .refusedGlobal("torch.nn.modules.container.Sequential"))
    ) { try archive.tensors() }
    // An object that is no module stays unread.
    #expect(throws: TensorFileError.self) {
      try TorchArchive(path: Fixtures.path("refused/__main__.Point.pt"), acceptsModule: true)
    }
  }

  @Test func aPlainPickleIsCalledOne() {
    let path = Fixtures.path("refused/plain pickle.pt")
    #expect(throws: TensorFileError.mistaken(file: path, content: .pickle)) { try TorchArchive(path: path) }
  }

  @Test func everyRefusedFixtureIsInTheTable() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Fixtures.path("refused"))
    #expect(Set(files) == Set(Self.refused.map { $0.name + ".pt" } + ["plain pickle.pt"]))
  }

  @Test(arguments: ["layouts.pt", "layouts-legacy.bin"])
  func refusesTruncation(name: String) throws {
    let bytes = try Fixtures.bytes(name)
    // Every length would take a debug build half a minute.
    for length in stride(from: 0, to: bytes.count, by: 7) {
      let error = #expect(throws: TensorFileError.self, "cut to \(length) bytes") {
        try TorchArchive(file: MappedFile(bytes: bytes[..<length], name: "cut"))
      }
      switch error {
      case .mistaken("cut", .empty)?: #expect(length == 0)
      case .checkpoint("cut", _, .malformedArchive)?: #expect(name.hasSuffix(".pt"))
      // Of the older layout the beginning alone is a pickle.
      case .mistaken("cut", .pickle)?: #expect(name.hasSuffix(".bin") && length < 20)
      case .checkpoint("cut", _, .malformedPickle)?, .checkpoint("cut", _, .missingStorage)?,
        .checkpoint("cut", _, .storageSizeMismatch)?:
        #expect(name.hasSuffix(".bin"))
      default: Issue.record("cut to \(length) bytes: \(String(describing: error))")
      }
    }
  }
}
