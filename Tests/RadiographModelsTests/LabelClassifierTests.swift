import Foundation
import Support
import TensorFiles
import TestSupport
import Testing
import Torch
import TorchNN

@testable import RadiographModels

@Suite("Classifiers of several labels")
struct LabelClassifierTests {
  /// A network of torchvision's, the fixture of `Tools/reference/classifiers.py`, and the layers of which that has all.
  struct Reference: Sendable, CustomTestStringConvertible {
    let network: ClassifierArchitecture.Network
    let fixture: String
    let first: String
    let last: String
    let norm: String
    var testDescription: String { network.rawValue }

    static let all = [
      Reference(
        network: .densenet121, fixture: "classifiers", first: "features.conv0", last: "classifier",
        norm: "features.norm5"),
      Reference(network: .resnet50, fixture: "resnet50", first: "conv1", last: "fc", norm: "layer4.2.bn3"),
    ]

    func make(_ scope: ParameterScope) throws -> any LabelNetwork {
      try ClassifierArchitecture(network: network, labels: ["a", "b", "c"], side: 64).make(scope)
    }
  }

  @Test(
    "DenseNet-121 and ResNet-50 have torchvision's names, shapes, outputs, gradients and running values",
    arguments: Reference.all)
  func torchvision(_ reference: Reference) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/\(reference.fixture).safetensors").path
    let file = try SafetensorsFile(path: path)
    let expected = try file.loadTensors()
    let drawn = try DrawnWeights { _ = try reference.make($0) }
    let sorted = drawn.parameters
    #expect(file.metadata["count"] == "\(sorted.count)")
    #expect(file.metadata["names"] == ContentHash.of(Array(drawn.listing.utf8)))
    let store = ParameterStore(tensors: try drawn.tensors(), dtype: .float64, trainable: true)
    let network = try reference.make(store.root)
    try store.verify()
    let image = try #require(expected["image"]).to(.float64)
    func expectClose(_ tensor: Tensor?, _ name: String) throws {
      let error = try relativeMaximumError(#require(tensor), #require(expected[name]))
      #expect(error < 1e-4, "\(name): \(error)")
    }
    try expectClose(network.logits(image, isTraining: false, dropout: nil), "used")
    let trained = try network.logits(image, isTraining: true, dropout: nil)
    try expectClose(trained, "trained")
    try trained.square().mean().backward()
    let parameters = try sorted.filter { !$0.isBuffer }.map { try #require(store[$0.path]) }
    let norms = try parameters.map { Float(try #require(try $0.value.grad).norm().item()) }
    let expectedNorms = try #require(expected["gradients"]).floats()
    #expect(norms.count == expectedNorms.count)
    let largest = expectedNorms.max() ?? 0
    #expect(zip(norms, expectedNorms).allSatisfy { abs($0 - $1) < 1e-4 * largest })
    try expectClose(store["\(reference.first).weight"]?.value.grad, "gradient.first")
    try expectClose(store["\(reference.last).weight"]?.value.grad, "gradient.last")
    for name in ["running_mean", "running_var"] {
      try expectClose(store["\(reference.norm).\(name)"]?.value, name)
    }
  }

  @Test("weights of torchvision's files begin a classifier, in both ways of naming, of three colours and other labels")
  func initialWeights() throws {
    let source = ParameterStore(generator: try Generator(seed: 1))
    _ = try DenseNet(source.root, labels: 5)
    let weights = try source.tensors()
    var published = weights
    let colours = try Tensor.rand([64, 3, 7, 7], generator: Generator(seed: 2))
    published["features.conv0.weight"] = colours
    published["features.norm0.num_batches_tracked"] = try Tensor([7 as Int64], shape: [1])
    let old = "features.denseblock1.denselayer1."
    published[old + "norm.1.weight"] = published.removeValue(forKey: old + "norm1.weight")
    published[old + "conv.2.weight"] = published.removeValue(forKey: old + "conv2.weight")
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try SafetensorsWriter.write(published, metadata: [:], to: path)

    let store = ParameterStore(generator: try Generator(seed: 3))
    let architecture = ClassifierArchitecture(network: .densenet121, labels: ["a", "b"], side: 32)
    _ = try LabelClassifier(store.root, architecture)
    let last = try #require(store["classifier.weight"]).value.floats()
    try LabelClassifier.begin(store, with: path)
    #expect(try #require(store["classifier.weight"]).value.floats() == last)
    let grey = try colours.sum(dim: [1], keepdim: true)
    #expect(try #require(store["features.conv0.weight"]).value.floats() == grey.floats())
    for name in [old + "norm1.weight", old + "conv2.weight", "features.norm5.running_var"] {
      #expect(try #require(store[name]).value.floats() == weights[name]?.floats())
    }
    let small = ParameterStore(generator: try Generator(seed: 3))
    _ = try LabelClassifier(small.root, ClassifierArchitecture(network: .small, labels: ["a"], side: 32))
    let error = #expect(throws: ParameterLoadingError.self) { try LabelClassifier.begin(small, with: path) }
    #expect(error?.missing.sorted() == small.parameters.map(\.path).filter { !$0.hasPrefix("output.") }.sorted())
    #expect(error?.unexpected.contains("features.norm5.weight") == true)
    #expect(error?.misshaped.isEmpty == true)
  }

  @Test("a step needs two images where the last maps are of one value", arguments: Reference.all)
  func minimumBatch(_ reference: Reference) throws {
    let network = try reference.make(ParameterStore(generator: Generator(seed: 1)).root)
    var lastSides: Set<Int> = []
    for side in [32, 33, 47, 60, 61, 64] {
      let last = try #require(network.features(Tensor.zeros([1, 1, side, side]), isTraining: false).last).shape[2]
      let architecture = ClassifierArchitecture(network: reference.network, labels: ["a"], side: side)
      #expect(architecture.minimumBatch == (last == 1 ? 2 : 1), "\(side)")
      lastSides.insert(last)
    }
    #expect(lastSides == [1, 2])
    #expect(ClassifierArchitecture(network: .small, labels: ["a"], side: 16).minimumBatch == 1)
  }

  @Test("torchvision's ResNet-50 begins a classifier of grey images with other labels")
  func initialResidualWeights() throws {
    let source = ParameterStore(generator: try Generator(seed: 1))
    _ = try ResNet(source.root, labels: 5)
    var published = try source.tensors()
    let colours = try Tensor.rand([64, 3, 7, 7], generator: Generator(seed: 2))
    published["conv1.weight"] = colours
    published["bn1.num_batches_tracked"] = try Tensor([7 as Int64], shape: [1])
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try SafetensorsWriter.write(published, metadata: [:], to: path)
    let store = ParameterStore(generator: try Generator(seed: 3))
    _ = try LabelClassifier(
      store.root, ClassifierArchitecture(network: .resnet50, labels: ["a", "b"], side: 32))
    let last = try #require(store["fc.weight"]).value.floats()
    try LabelClassifier.begin(store, with: path)
    #expect(try #require(store["fc.weight"]).value.floats() == last)
    let grey = try colours.sum(dim: [1], keepdim: true)
    #expect(try #require(store["conv1.weight"]).value.floats() == grey.floats())
    for name in ["layer1.0.conv1.weight", "layer2.0.downsample.0.weight", "layer4.2.bn3.running_var"] {
      #expect(try #require(store[name]).value.floats() == published[name]?.floats())
    }
  }

  @Test("brightness, contrast and size of an image make no difference beyond its detail")
  func preparation() throws {
    let architecture = ClassifierArchitecture(network: .small, labels: ["a", "b"], side: 16)
    let classifier = try LabelClassifier(ParameterStore(generator: Generator(seed: 1)).root, architecture)
    let image = try Tensor.rand([2, 1, 16, 16], generator: Generator(seed: 2))
    let plain = try classifier.prepared(image)
    #expect(try plain.mean(dim: [1, 2, 3]).doubles().allSatisfy { abs($0) < 1e-5 })
    #expect(try plain.square().mean(dim: [1, 2, 3]).doubles().allSatisfy { abs($0 - 1) < 1e-4 })
    let larger = try image.repeatInterleave(repeats: 3, dim: 2).repeatInterleave(repeats: 3, dim: 3)
    for other in [try classifier.prepared(image * 0.5 - 3), try classifier.prepared(larger)] {
      #expect(try zip(plain.doubles(), other.doubles()).allSatisfy { abs($0 - $1) < 1e-3 })
    }
    let odd = try Tensor.rand([1, 1, 41, 41], generator: Generator(seed: 2))
    #expect(try classifier.prepared(odd).shape == [1, 1, 16, 16])
    #expect(try classifier(image).shape == [2, 2])
    let shapes = [[2, 24, 8, 8], [2, 48, 4, 4], [2, 96, 2, 2], [2, 128, 1, 1]]
    #expect(try classifier.features(image).map(\.shape) == shapes)
  }

  @Test("a file is read as what was written, and one that holds no classifier is refused by its name")
  func files() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let architecture = ClassifierArchitecture(network: .small, labels: ["Effusion", "Mass"], side: 32)
    let store = ParameterStore(generator: try Generator(seed: 3))
    let classifier = try LabelClassifier(store.root, architecture)
    try SafetensorsWriter.write(store.tensors(), metadata: classifier.metadata(), to: path)
    let read = try LabelClassifier(contentsOf: path)
    #expect(read.architecture == architecture)
    let image = try Tensor.rand([3, 1, 40, 40], generator: Generator(seed: 4))
    // Weights that were read lie in another layout, and other kernels compute with them.
    #expect(try zip(read(image).floats(), classifier(image).floats()).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(try !read(image).requiresGrad)

    try SafetensorsWriter.write(store.tensors(), metadata: [:], to: path)
    #expect(throws: ClassifierFileError.noClassifier(path: path)) { try LabelClassifier(contentsOf: path) }
    var other = architecture
    other.labels = ["Effusion"]
    let text = String(decoding: try JSONEncoder().encode(other), as: UTF8.self)
    try SafetensorsWriter.write(store.tensors(), metadata: ["thorax:classifier": text], to: path)
    let error = #expect(throws: ParameterLoadingError.self) { try LabelClassifier(contentsOf: path) }
    #expect(error?.misshaped.map(\.path).sorted() == ["output.bias", "output.weight"])
    #expect(error?.misshaped.allSatisfy { $0.expected[0] == 1 && $0.found[0] == 2 } == true)
  }
}
