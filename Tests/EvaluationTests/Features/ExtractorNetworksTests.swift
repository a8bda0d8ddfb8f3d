import RadiographModels
import Support
import TensorFiles
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite("Networks of feature extractors")
struct ExtractorNetworksTests {
  private func expectNames(_ drawn: DrawnWeights, _ name: String) throws {
    #expect(try ExtractorReference.file().metadata[name] == ContentHash.of(Array(drawn.listing.utf8)))
  }

  private func expectClose(_ actual: Tensor, _ name: String) throws {
    let error = try ExtractorReference.error(actual, ExtractorReference.tensor(name))
    #expect(error < 1e-4, "\(name): \(error)")
  }

  @Test("Inception-v3 has pytorch-fid's names, features and log odds, of any size of image")
  func inception() throws {
    try expectNames(DrawnWeights { _ = try InceptionV3($0) }, "inception.names")
    let network = try ExtractorReference.inception()
    let features = try network.features(ExtractorReference.inputs([2, 3, 123, 139]) * 2 - 1)
    try expectClose(features, "inception.features")
    try expectClose(network.logits(features, withBias: false), "inception.logits")
    try expectClose(network.logits(features, withBias: true), "inception.biased")
    let large = try network.features(ExtractorReference.inputs([1, 3, 299, 299]) * 2 - 1)
    try expectClose(large, "inception.large")
  }

  @Test("Inception-v3 makes of one channel what it makes of three that are the same")
  func greyImages() throws {
    let grey = try ExtractorReference.inputs([2, 1, 100, 100]) * 2 - 1
    let colour = try ExtractorReference.inception().features(Tensor.cat([grey, grey, grey], dim: 1))
    let features = try ExtractorReference.inception().features(grey)
    #expect(try ExtractorReference.error(features, colour) < 1e-4)
  }

  @Test("DenseNet-121 of one channel has TorchXRayVision's names, features and log odds")
  func denseNet() throws {
    let drawn = try DrawnWeights { _ = try ChestDenseNet($0, labels: 18) }
    try expectNames(drawn, "densenet.names")
    let store = ParameterStore(tensors: try drawn.tensors(), memoryFormat: .channelsLast)
    let network = try ChestDenseNet(store.root, labels: 18)
    try store.verify()
    let (features, logits) = try network(ExtractorReference.inputs([2, 1, 224, 224]) * 2048 - 1024)
    try expectClose(features, "densenet.features")
    try expectClose(logits, "densenet.logits")
  }

  @Test("a vision transformer has the names and features of transformers' Dinov2Model, between its positions too")
  func visionTransformer() throws {
    let drawn = try DrawnWeights { _ = try VisionTransformer($0) }
    try expectNames(drawn, "dino.names")
    let store = ParameterStore(tensors: try drawn.tensors())
    let network = try VisionTransformer(store.root)
    try store.verify()
    try expectClose(network.classFeatures(ExtractorReference.inputs([1, 3, 518, 518]) * 2 - 1), "dino.features")
    try expectClose(network.classFeatures(ExtractorReference.inputs([2, 3, 70, 102]) * 2 - 1), "dino.interpolated")
  }
}
