import Foundation
import RadiographModels
import Support
import TensorFiles
import TestBasics
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite("Files of feature extractors")
struct ExtractorFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// As small as a network of the family can be.
  private static let small = VisionTransformerArchitecture(width: 64, layers: 2, patch: 2, positionSide: 4, inner: 64)

  private static func smallWeights() throws -> [String: Tensor] {
    try DrawnWeights { _ = try VisionTransformer($0, small) }.tensors()
  }

  private func write(_ tensors: [String: Tensor], metadata: [String: String] = [:]) throws -> String {
    let path = folder.path("weights.safetensors")
    try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
    return path
  }

  private func refusal(_ tensors: [String: Tensor]) throws -> String {
    let path = try write(tensors)
    let error = #expect(throws: ExtractorFileError.self) { try FeatureExtractorFile.load(path) }
    let text = try #require(error).description.replacingOccurrences(of: path, with: "FILE")
    #expect(!text.contains("\n"))
    return text
  }

  @Test("PyTorch's file of transformers 5 in a dictionary beside other things is read, in half precision")
  func pyTorchFile() throws {
    let checkpoint = try ExtractorCheckpoint(path: ExtractorReference.fixtures + "/extractors-tiny.pt")
    #expect(checkpoint.architecture == .visionTransformer(Self.small))
    let features = try checkpoint.visionTransformer()
      .classFeatures(ExtractorReference.inputs([2, 3, 8, 8]) * 2 - 1)
    #expect(try ExtractorReference.error(features, ExtractorReference.tensor("tiny.features")) < 1e-4)
    #expect(
      throws: ExtractorFileError.otherArchitecture(
        path: checkpoint.path, found: "DINOv2 of width 64, 2 layers, patches of 2")
    ) { try checkpoint.inceptionV3() }
  }

  @Test("each architecture is recognised by its names, whatever wraps them, and the hash is of the weights alone")
  func recognition() throws {
    let inception = try write(ExtractorReference.inceptionWeights())
    let extractor = try FeatureExtractorFile.load(inception, pipeline: .legacy)
    #expect(extractor is InceptionExtractor)
    #expect(extractor.width == 2048 && extractor.classes == 1008)
    #expect(extractor.preprocessing == InceptionPipeline.legacy.description)

    let dense = try DrawnWeights { _ = try ChestDenseNet($0, labels: 14) }.tensors()
    // What state dictionaries hold beside weights.
    var stored = Dictionary(uniqueKeysWithValues: dense.map { ("module." + $0.key, $0.value) })
    stored["module.op_threshs"] = try Tensor.full([14], value: .nan)
    stored["module.features.norm0.num_batches_tracked"] = try Tensor([3 as Int64], shape: [])
    let wrapped = try FeatureExtractorFile.load(write(stored))
    #expect(wrapped is ChestDenseNetExtractor)
    #expect(wrapped.width == 1024 && wrapped.classes == 14)
    #expect(try FeatureExtractorFile.load(write(dense)).hash == wrapped.hash)

    var transformer = try Self.smallWeights()
    let plain = try FeatureExtractorFile.load(write(transformer))
    #expect(plain is VisionTransformerExtractor)
    #expect(plain.width == 64 && plain.classes == nil)
    transformer["embeddings.mask_token"] = try Tensor.zeros([1, 64])
    #expect(try FeatureExtractorFile.load(write(transformer)).hash == plain.hash)
    try transformer["layernorm.bias"]?.addInPlace(Tensor.full([64], value: 1e-3))
    #expect(try FeatureExtractorFile.load(write(transformer)).hash != plain.hash)
  }

  @Test("a classifier of ours gives the means of its last stage, and one with an absurd side is refused")
  func ownClassifier() throws {
    let architecture = ClassifierArchitecture(network: .small, labels: ["Effusion", "Mass"], side: 32)
    let store = ParameterStore(generator: try Generator(seed: 3))
    let classifier = try LabelClassifier(store.root, architecture)
    let path = try write(store.tensors(), metadata: classifier.metadata())
    let extractor = try FeatureExtractorFile.load(path)
    #expect(extractor is OwnExtractor)
    #expect(extractor.width == 128 && extractor.classes == 2)
    let image = try ExtractorReference.picture(1, width: 32, height: 32, kind: 9)
    let pixels = try Tensor(image.pixels.map { Float($0) }, shape: [1, 1, 32, 32])
    let means = try #require(classifier.features(pixels).last).mean(dim: [2, 3]).doubles()
    let found = try extractor.features(of: [image])
    #expect(zip(found.values, means).allSatisfy { abs($0 - $1) < 1e-5 })
    let logits = try #require(try extractor.logits(of: [image]))
    #expect(try zip(logits.values, classifier(pixels).doubles()).allSatisfy { abs($0 - $1) < 1e-5 })

    for side in [0, 1 << 40] {
      let text = #"{"labels":["a"],"network":"small","side":\#(side)}"#
      let other = try write(store.tensors(), metadata: ["thorax:classifier": text])
      #expect(throws: ClassifierFileError.noClassifier(path: other)) { try FeatureExtractorFile.load(other) }
    }
  }

  @Test(
    "a Siamese ResNet-50 has the embeddings and the probabilities of Packhäuser's network, and gives both as features")
  func patientVerifier() throws {
    let expected = try SafetensorsFile(path: ExtractorReference.fixtures + "/verifier.safetensors").loadTensors()
    var weights = try DrawnWeights { _ = try PatientVerifier($0, width: 8) }.tensors()
    for (name, factor) in [("model.fc.weight", 3e-3), ("fc_end.weight", 30)] {
      weights[name] = try #require(weights[name]) * factor
    }
    let store = ParameterStore(tensors: weights, dtype: .float64)
    let network = try PatientVerifier(store.root, width: 8)
    try store.verify()
    let images = try #require(expected["image"]).to(.float64)
    let embeddings = try network.embeddings(images)
    func expectClose(_ tensor: Tensor, _ name: String) throws {
      let values = try #require(expected[name]).doubles()
      #expect(try zip(tensor.doubles(), values).allSatisfy { abs($0 - $1) < 1e-5 }, "\(name)")
    }
    try expectClose(embeddings, "embeddings")
    let others = try embeddings.indexSelect(dim: 0, index: Tensor(indices: [3, 0, 1, 2]))
    try expectClose(network.probability(embeddings, others), "scores")

    weights["model.bn1.num_batches_tracked"] = try Tensor([3 as Int64], shape: [])
    let path = try write(weights)
    let extractor = try #require(try FeatureExtractorFile.load(path) as? PatientVerifierExtractor)
    #expect(extractor.width == 8 && extractor.classes == nil)
    let pictures = try (1...2).map { try ExtractorReference.picture($0, width: 90, height: 80, kind: 9) }
    let features = try extractor.features(of: pictures)
    #expect(features.values.allSatisfy { (0...1).contains($0) })
    let score = try extractor.score(features[0], features[1])
    #expect(try extractor.score(features[1], features[0]) == score && (0..<1).contains(score))
    let end = try #require(weights["fc_end.weight"]).doubles()
    let bias = try #require(weights["fc_end.bias"]).doubles()[0]
    let sum = zip(end, zip(features[0], features[1])).reduce(bias) { $0 + $1.0 * abs($1.1.0 - $1.1.1) }
    #expect(abs(score - 1 / (1 + exp(-sum))) < 1e-5)

    weights["fc_end.bias"] = nil
    #expect(
      try refusal(weights)
        == "FILE is not the Siamese ResNet-50 of Packhäuser et al. (missing: fc_end.bias): get the file "
        + "again, or give one of another architecture that is known")
  }

  @Test("a file that is not a whole extractor is refused by one line that says what is missing, too much or broken")
  func refusals() throws {
    let whole = try Self.smallWeights()
    let name = "DINOv2 of width 64, 2 layers, patches of 2"

    var weights = whole
    weights["layernorm.bias"] = nil
    weights["classifier.weight"] = try Tensor.zeros([2, 64])
    #expect(
      try refusal(weights) == "FILE is not the \(name) (missing: layernorm.bias; unexpected: classifier.weight): "
        + "get the file again, or give one of another architecture that is known")

    weights = whole
    weights["encoder.layer.1.mlp.fc2.bias"] = try Tensor.full([64], value: .nan)
    #expect(try refusal(weights).contains("not finite: encoder.layer.1.mlp.fc2.bias"))

    weights = whole
    weights["layernorm.bias"] = try Tensor([Int64](repeating: 0, count: 64), shape: [64])
    #expect(try refusal(weights).contains("not of floating-point numbers: layernorm.bias of I64"))

    // torchvision's own Inception-v3: other classes, and a head that is trained along.
    let torchvision = [
      "Mixed_5b.branch1x1.conv.weight": [64, 192, 1, 1], "fc.weight": [1000, 2048],
      "AuxLogits.fc.weight": [1000, 768],
    ]
    let text = try refusal(torchvision.mapValues { try Tensor.zeros($0) })
    #expect(text.contains("is not the Inception-v3 of pytorch-fid (missing: Conv2d_1a_3x3.bn.bias, "))
    #expect(text.contains("more; unexpected: AuxLogits.fc.weight; mis-shaped: fc.weight, which is [1000, 2048]"))

    #expect(
      try refusal(["layer1.0.conv1.weight": Tensor.zeros([1])]).hasPrefix(
        "FILE is no feature extractor that is known (its tensors are layer1.0.conv1.weight): give Inception-v3"))
    #expect(try refusal([:]).contains("its tensors are none"))
  }

  @Test("a truncated file is refused by the reader of its format, and a saved Python object by its name")
  func brokenFiles() throws {
    let path = try write(Self.smallWeights())
    let bytes = try Data(contentsOf: URL(filePath: path))
    try bytes.dropLast(1000).write(to: URL(filePath: path))
    let error = #expect(throws: TensorFileError.self) { try FeatureExtractorFile.load(path) }
    #expect(error?.description.contains("truncated") == true)

    let pickled = folder.path("whole.pt")
    let archive = try Data(contentsOf: URL(filePath: ExtractorReference.fixtures + "/extractors-tiny.pt"))
    try archive.prefix(archive.count / 2).write(to: URL(filePath: pickled))
    let truncated = #expect(throws: TensorFileError.self) { try FeatureExtractorFile.load(pickled) }
    #expect(truncated?.description.contains("truncated") == true)
    #expect(throws: FileAccessError.self) { try FeatureExtractorFile.load(folder.path("absent.pth")) }
  }
}
