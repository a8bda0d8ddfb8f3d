import Foundation
import Generation
import Support
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import Models

@Suite struct ModelFolderTests {
  @Test func aFolderReadsBackAsItWasWritten() async throws {
    try await withTinyModel { model, _ in
      let folder = try ModelFolder(path: model.folder.path)
      #expect(folder.description == TinyModel.description)
      #expect(try folder.hash().count == 64)
      #expect(try folder.hash() == ModelFolder(path: model.folder.path).hash())
      let names = try FileManager.default.contentsOfDirectory(atPath: model.folder.path).sorted()
      #expect(
        names == ["README.md", "SHA256SUMS", "model.json", "text.safetensors", "unet.safetensors", "vae.safetensors"])
      let beside = try FileManager.default.contentsOfDirectory(
        atPath: model.folder.deletingLastPathComponent().path)
      #expect(beside == ["tiny"], "nothing of the writing is left")
    }
  }

  @Test func aChangedByteOfTheWeightsIsRefused() async throws {
    try await withTinyModel { model, _ in
      let folder = try ModelFolder(path: model.folder.path)
      let whole = try folder.hash()
      let sums = model.folder.appendingPathComponent(ModelFolder.sumsName)
      #expect(try String(contentsOf: sums, encoding: .utf8).split(separator: "\n").count == 3)
      for name in ["text.safetensors", "unet.safetensors", "vae.safetensors"] {
        let file = model.folder.appendingPathComponent(name)
        let written = try Data(contentsOf: file)
        var changed = written
        // The lowest bit of the last value: still a number, and another image.
        changed[changed.count - 4] ^= 1
        try changed.write(to: file)
        let error = ModelError.changedFile(folder: model.folder.path, name: name)
        #expect(throws: error) { try folder.hash() }
        #expect(throws: error) { try ModelInformation(source: ModelSource(folder)) }
        await #expect(throws: error) {
          try await ModelHost.load(folder, textEncoder: model.encoder, device: .device(.cpu))
        }
        try written.write(to: file)
      }
      #expect(try folder.hash() == whole)
      // What an export has written beside it does not keep a model from being replaced.
      try Data("0".utf8).write(to: model.folder.appendingPathComponent(ModelFolder.trainingRecordName))
      try ModelFolder.requireFree(model.folder.path, overwrite: true)
      // A model of before has none.
      try FileManager.default.removeItem(at: sums)
      #expect(try folder.hash() == whole)
    }
  }

  @Test func halfPrecisionHalvesTheBytesAndChangesTheHash() async throws {
    try await withTinyModel { model, root in
      let path = root.appendingPathComponent("half").path
      try ModelFolder.write(TinyModel.description, weights: TinyModel.weights(), card: "", dtype: .float16, to: path)
      let (full, half) = (try ModelFolder(path: model.folder.path), try ModelFolder(path: path))
      #expect(half.byteCount() < full.byteCount() * 2 / 3)
      #expect(try half.hash() != full.hash())
      let host = try await ModelHost.load(half, textEncoder: model.encoder, device: .device(.cpu), precision: .float32)
      _ = try await host.generate(GenerationRequest(prompt: "effusion", seed: 1))
    }
  }

  @Test func ofSeveralWrittenAtOnceToOnePathOneStays() async throws {
    try await withTinyModel { _, root in
      let path = root.appendingPathComponent("wanted").path
      let written = await withTaskGroup(of: String?.self) { group in
        for writer in 0..<6 {
          group.addTask {
            do {
              try ModelFolder.write(TinyModel.description, weights: TinyModel.weights(), card: "\(writer)", to: path)
              return "\(writer)"
            } catch {
              #expect(error as? OutputError == .exists(path: path))
              return nil
            }
          }
        }
        return await group.reduce(into: [String]()) { all, one in one.map { all.append($0) } }
      }
      #expect(written.count == 1)
      #expect(try String(contentsOfFile: path + "/README.md", encoding: .utf8) == written.first)
      let beside = try FileManager.default.contentsOfDirectory(atPath: root.path)
      #expect(!beside.contains { $0.hasSuffix(".tmp") }, "\(beside)")
    }
  }

  @Test func aModelThatIsThereIsReplacedOnlyWhenAsked() async throws {
    try await withTinyModel { model, _ in
      let path = model.folder.path
      #expect(throws: OutputError.exists(path: path)) {
        try ModelFolder.write(TinyModel.description, weights: TinyModel.weights(), card: "", to: path)
      }
      try ModelFolder.write(TinyModel.description, weights: TinyModel.weights(), card: "new", to: path, overwrite: true)
      #expect(try String(contentsOf: model.folder.appendingPathComponent("README.md"), encoding: .utf8) == "new")
    }
  }

  @Test(arguments: [
    ("a run", "a folder with more than a model, 'report.html', 'vae'"),
    ("other files", "a folder with more than a model, 'thesis.txt'"),
    ("a model and a note", "a folder with more than a model, 'notes.txt'"), ("a file", "not a folder"),
    ("a link", "a symbolic link, not a model folder"),
    ("a folder for a file", "a folder in which 'unet.safetensors' is not a file"),
  ])
  func onlyAModelFolderIsReplaced(kind: String, reason: String) async throws {
    try await withTinyModel { model, root in
      let target = root.appendingPathComponent("target")
      let manager = FileManager.default
      func write(_ name: String) throws {
        let file = target.appendingPathComponent(name)
        try manager.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: file)
      }
      switch kind {
      case "a run": try ["vae/config.yaml", "report.html"].forEach(write)
      case "other files": try ["thesis.txt"].forEach(write)
      case "a model and a note":
        try manager.copyItem(at: model.folder, to: target)
        try write("notes.txt")
      case "a file": try Data("mine".utf8).write(to: target)
      case "a link": try manager.createSymbolicLink(at: target, withDestinationURL: model.folder)
      default: try ["model.json", "unet.safetensors/inner.txt"].forEach(write)
      }
      let before = try manager.subpathsOfDirectory(atPath: root.path).sorted()
      #expect(throws: OutputError.notReplaced(path: target.path, reason: reason)) {
        try ModelFolder.write(
          TinyModel.description, weights: TinyModel.weights(), card: "", to: target.path, overwrite: true)
      }
      #expect(try manager.subpathsOfDirectory(atPath: root.path).sorted() == before)
    }
  }

  @Test func anEmptyFolderTakesAModel() async throws {
    try await withTinyModel { _, root in
      let target = root.appendingPathComponent("empty")
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
      try ModelFolder.write(
        TinyModel.description, weights: TinyModel.weights(), card: "", to: target.path, overwrite: true)
      #expect(try ModelFolder(path: target.path).description == TinyModel.description)
    }
  }

  @Test func everyOffendingTensorOfEveryFileIsNamed() async throws {
    try await withTinyModel { model, _ in
      try model.rewrite(.unet) { tensors in
        tensors["input.bias"] = nil
        tensors["surplus"] = try Tensor.zeros([1])
        tensors["output.convolution.bias"] = try Tensor.zeros([7])
      }
      try model.rewrite(.textProjection) { tensors in
        tensors["linear.bias"] = try Tensor.full([16], value: .nan)
      }
      do {
        _ = try await ModelHost.load(model)
        Issue.record("the model was loaded")
      } catch ModelError.unfitWeights(_, let problems) {
        #expect(problems.count == 2)
        for name in ["input.bias", "surplus", "output.convolution.bias"] { #expect(problems[0].contains(name)) }
        #expect(problems[1].contains("linear.bias"))
      }
    }
  }

  @Test(arguments: [
    ("{", "it is not JSON"), ("", "an empty file: download the file itself again"),
    ("[]", "no group of values in braces at its top"), ("{}", "'version' is missing at its top"),
    ("{\"version\":\"1\"}", "no whole number at version"),
  ])
  func aDescriptionThatIsNoneIsRefused(json: String, reason: String) {
    #expect(throws: ModelError.malformedDescription(path: "model.json", reason: reason)) {
      try ModelDescription(json: Data(json.utf8), path: "model.json")
    }
  }

  @Test(arguments: [
    (["samplng"], "'samplng' is not known"), (["sampling", "guidanceForm"], "'sampling.guidanceForm' is not known"),
    (["sampling", "steps"], "no whole number at sampling.steps"), (["name"], nil),
  ])
  func aKeyThatNothingReadsIsNamed(place: [String], reason: String?) throws {
    var tree = try #require(try JSONSerialization.jsonObject(with: TinyModel.description.json()) as? [String: Any])
    if place.count == 1 {
      tree[place[0]] = "x"
    } else {
      var inner = try #require(tree[place[0]] as? [String: Any])
      inner[place[1]] = "x"
      tree[place[0]] = inner
    }
    let json = try JSONSerialization.data(withJSONObject: tree)
    guard let reason else {
      #expect(try ModelDescription(json: json, path: "model.json").name == "x")
      return
    }
    #expect(throws: ModelError.malformedDescription(path: "model.json", reason: reason)) {
      try ModelDescription(json: json, path: "model.json")
    }
  }

  @Test func aLaterVersionIsNamedEvenWhenItsLayoutIsUnknown() {
    #expect(throws: ModelError.laterVersion(path: "m", version: 9, known: 1)) {
      try ModelDescription(json: Data("{\"version\":9,\"strange\":true}".utf8), path: "m")
    }
  }

  @Test func implausibleDescriptionsAreRefusedBeforeMemoryIsAskedFor() throws {
    let path = "model.json"
    func refuses(
      _ reason: String, sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout ModelDescription) -> Void
    ) throws {
      var description = TinyModel.description
      change(&description)
      let error = #expect(throws: ModelError.self, sourceLocation: sourceLocation) { try description.check(path: path) }
      guard case .implausible(path, let text)? = error else {
        Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
        return
      }
      #expect(text.hasPrefix(reason), "\(text)", sourceLocation: sourceLocation)
      let json = try description.json()
      #expect(throws: ModelError.implausible(path: path, reason: text), sourceLocation: sourceLocation) {
        try ModelDescription(json: json, path: path)
      }
    }
    try refuses("1000000000000 channels asked for") { $0.architecture.unet.levels[0].channels = 1_000_000_000_000 }
    try refuses("images of 1099511627776 pixels a side") { $0.architecture.imageSide = 1 << 40 }
    try refuses("the autoencoder has 16 latent channels and the U-Net 4") {
      $0.architecture.autoencoder.latentChannels = 16
    }
    try refuses("3 image channels, where radiographs have 1") { $0.architecture.autoencoder.imageChannels = 3 }
    try refuses("latent statistics of 0 and 4 channels for 4") { $0.latent.mean = [] }
    try refuses("latent statistics that are not finite") { $0.latent.standardDeviation[0] = 0 }
    try refuses("latent statistics that are not finite") { $0.latent.standardDeviation[0] = -1 }
    try refuses("0 default steps of 1000") { $0.sampling.steps = 0 }
    try refuses("1001 default steps of 1000") { $0.sampling.steps = 1001 }
    try refuses("4611686018427387904 default steps of 1000") { $0.sampling.steps = 1 << 62 }
    try refuses("guidance rescale is 2.0") {
      $0.bestSampling = SamplingSettings(steps: 10, guidance: 2, guidanceRescale: 2, sampler: .euler)
    }
    try refuses("guidance interval is 3.0") {
      $0.bestSampling = SamplingSettings(steps: 10, guidance: 2, guidanceInterval: 0.5...3, sampler: .euler)
    }
    try refuses("1001 best steps of 1000") {
      $0.bestSampling = SamplingSettings(steps: 1001, guidance: 1, sampler: .euler)
    }
    try refuses("guidance is 101.0") {
      $0.bestSampling = SamplingSettings(steps: 10, guidance: 101, sampler: .euler)
    }
    try refuses("a gain of details by 3.0") { $0.detailGain = DetailGain(amount: 3) }
    try refuses("details between deviations of 3.0 and 3.0 pixels") {
      $0.detailGain = DetailGain(amount: 0.2, fineDeviation: 3)
    }
    try refuses("details between deviations of 0.6 and 1000.0 pixels") {
      $0.detailGain = DetailGain(amount: 0.2, coarseDeviation: 1000)
    }
    try refuses("guidance is -1.0") { $0.sampling.guidance = -1 }
    try refuses("the noise schedule cannot be used") { $0.scheduler.schedule.trainTimesteps = 1 << 50 }
    try refuses("the name '../other'") { $0.name = "../other" }
    try refuses("the text encoder '../../etc'") { $0.textEncoder.name = "../../etc" }
    try refuses("the text encoder '/etc'") { $0.textEncoder.name = "/etc" }
  }

  @Test func anEncoderOfAnotherHashIsRefused() async throws {
    try await withTinyModel { model, root in
      var description = TinyModel.description
      description.textEncoder.hash = String(repeating: "0", count: 64)
      let path = root.appendingPathComponent("other").path
      try ModelFolder.write(description, weights: TinyModel.weights(), card: "", to: path)
      let found = try ContentHash.ofFile(model.encoder.appendingPathComponent("model.safetensors").path)
      let error = ModelError.textEncoderChanged(
        name: description.textEncoder.name, folder: model.encoder.path, expected: String(repeating: "0", count: 64),
        found: found)
      await #expect(throws: error) {
        try await ModelHost.load(ModelFolder(path: path), textEncoder: model.encoder, device: .device(.cpu))
      }
      description.textEncoder.hash = found
      try ModelFolder.write(description, weights: TinyModel.weights(), card: "", to: path, overwrite: true)
      _ = try await ModelHost.load(ModelFolder(path: path), textEncoder: model.encoder, device: .device(.cpu))
    }
  }

  @Test func namesAndPathsLeadToModels() async throws {
    try await withTinyModel { model, _ in
      let catalog = ModelCatalog(places: [model.folder.deletingLastPathComponent().path])
      #expect(catalog.models().map(\.name) == ["tiny"])
      let (byName, byPath) = (try catalog.path(for: "tiny"), try catalog.path(for: model.folder.path))
      #expect(byName == model.folder.path)
      #expect(byPath == model.folder.path)
      for name in ["other", ""] {
        #expect(throws: ModelError.notFound(name: name, known: ["tiny"], places: catalog.places)) {
          try catalog.path(for: name)
        }
      }
      #expect(throws: ModelError.missing(path: "/nowhere/m")) { try catalog.path(for: "/nowhere/m") }
    }
  }

  @Test func presetsHaveTheCountsOfTheArticle() throws {
    let released = try ModelInformation(preset: .released).parameters
    #expect(released[.autoencoder] == 3_246_353)
    #expect(released[.unet] == 39_658_856)
    #expect(released[.textProjection] == 593_664)
    #expect(released.textEncoder == 108_310_272)
    #expect(released.total == 151_809_145)
    let small = try ModelInformation(preset: .small).parameters
    #expect(small.textEncoder == 22_713_216)
  }
}

extension TinyModel {
  /// Changes the tensors of one file.
  func rewrite(_ part: ModelPart, _ change: (inout [String: Tensor]) throws -> Void) throws {
    let path = folder.appendingPathComponent(part.fileName).path
    var tensors = try SafetensorsFile(path: path).loadTensors()
    try change(&tensors)
    try SafetensorsWriter.write(tensors, to: path)
    // Other weights than were written.
    try? FileManager.default.removeItem(at: folder.appendingPathComponent(ModelFolder.sumsName))
  }
}
