import Foundation
import RadiographModels
import TensorFiles
import Testing
import Torch
import TorchNN

/// A full-size checkpoint as the author's code writes it, and what PyTorch computed with it.
@Suite struct ReleasedCheckpointTests {
  @Test("It loads straight into the released preset and computes what PyTorch does")
  func loading() throws {
    let checkpoint = try ReleasedCheckpoint(path: ModelFixtures.path("released.pt"))
    #expect(checkpoint.architecture == .released)
    #expect(checkpoint.configuration == ReleasedCheckpoint.Configuration())
    #expect(checkpoint.textEncoder.keys.sorted() == ["embeddings.LayerNorm.weight"])

    let golden = try ModelFixtures.tensors("released")
    func expect(_ actual: Tensor, equals name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let error = try relativeMaximumError(actual, #require(golden[name]))
      #expect(error < 1e-4, "\(name)", sourceLocation: sourceLocation)
    }
    try withoutGradients {
      var store = try ParameterStore(tensors: checkpoint.unet.tensors())
      let unet = try UNet(store.root, checkpoint.architecture.unet)
      try store.verify()
      let text = TextCondition(context_BSC: try #require(golden["unet.in.context"]))
      try expect(
        unet(#require(golden["unet.in.x"]), times_B: #require(golden["unet.in.t"]), text: text), equals: "unet.out")

      store = try ParameterStore(tensors: checkpoint.autoencoder.tensors())
      let autoencoder = try Autoencoder(store.root, checkpoint.architecture.autoencoder)
      try store.verify()
      let latent = try autoencoder.encode(#require(golden["vae.in.image"]))
      try expect(latent.mean_BCHW, equals: "vae.out.mean")
      try expect(latent.logVariance_BCHW, equals: "vae.out.logvar")
      try expect(autoencoder.decode(#require(golden["vae.in.latent"])), equals: "vae.out.image")

      store = try ParameterStore(tensors: checkpoint.textProjection.tensors())
      let projection = try TextProjection(store.root, checkpoint.architecture.textProjection)
      try store.verify()
      let hidden = try #require(golden["text.in.hidden"])
      try expect(
        projection(hidden, mask_BS: Tensor.ones([1, 2], dtype: .bool)).context_BSC, equals: "text.out")
    }
  }

  @Test("Every name goes to the author's and back", arguments: ReleasedNames.Part.allCases)
  func roundTrip(part: ReleasedNames.Part) throws {
    let archive = try TorchArchive(path: ModelFixtures.path("released.pt"))
    let names = ReleasedNames(part)
    let tensors = try archive.tensors(at: part.rawValue)
    var paths: Set<String> = []
    for (name, _) in tensors where !name.hasPrefix("transformer.") {
      let path = try #require(names.ours(name), "\(name)")
      #expect(names.authors(path) == name)
      paths.insert(path)
    }
    #expect(paths.count == tensors.count { !$0.name.hasPrefix("transformer.") })
    #expect(names.ours("conv_in.weight") == nil)
    #expect(names.authors("encoder.9.weight") == nil)
  }

  @Test("Another file of PyTorch's is refused by what it lacks")
  func otherCheckpoints() throws {
    let path = ModelFixtures.path("released.pt")
    let whole = try TorchArchive(path: path)
    #expect(whole.root["vae_state_dict"] != nil)
    // A .pt of the pickle reader's own tests: a checkpoint, but not the author's.
    let other = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("tensor_files")
    let files = try FileManager.default.contentsOfDirectory(atPath: other.path).filter { $0.hasSuffix(".pt") }
    var refused = 0
    for file in files {
      guard let archive = try? TorchArchive(path: other.appendingPathComponent(file).path) else { continue }
      let error = #expect(throws: ReleasedCheckpointError.self, "\(file)") { try ReleasedCheckpoint(archive) }
      switch error {
      case .missingEntry(archive.file.path, "vae_state_dict")?: #expect(archive.root["vae_state_dict"] == nil)
      case .missingTensor(archive.file.path, "vae_state_dict", "decoder.conv_in.weight")?:
        #expect(archive.root["vae_state_dict"] != nil)
      default: Issue.record("\(file): \(String(describing: error))")
      }
      refused += 1
    }
    #expect(refused > 0)
  }
}
