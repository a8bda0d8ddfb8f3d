import Foundation
import RadiographModels
import Support
import TensorFiles
import TestBasics
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite("Perceptual distance")
struct PerceptualMetricTests {
  /// `perceptual.json`, made by `Tools/reference/perceptual.py`.
  private struct Reference: Decodable {
    var names: String
    var square: [Double]
    var oblong: [Double]
  }

  /// Weights as the script draws them, the tensors in the order of their names.
  private static func weights(_ backbone: PerceptualNetwork.Backbone) throws -> [(name: String, tensor: Tensor)] {
    let shapes = ParameterStore.shapesOnly()
    _ = try PerceptualNetwork(shapes.root, backbone)
    let generator = try Generator(seed: 0)
    let sorted = shapes.parameters.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    return try sorted.map { parameter in
      let r = try Tensor.randn(parameter.shape, generator: generator)
      let fanIn = Double(parameter.shape.dropFirst().reduce(1, *))
      if parameter.path.hasPrefix("lin") { return (parameter.path, try r.abs()) }
      return (parameter.path, try r * (parameter.shape.count > 1 ? (2 / fanIn).squareRoot() : 0.1))
    }
  }

  private static func write(_ tensors: [(name: String, tensor: Tensor)], to folder: URL, _ name: String) throws
    -> String
  {
    let path = folder.appending(path: name).path
    try SafetensorsWriter.write(Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor) }), to: path)
    return path
  }

  @Test("LPIPS agrees with the package, from torchvision's weights and its own", arguments: ["alex", "vgg"])
  func parity(name: String) throws {
    let backbone = try #require(PerceptualNetwork.Backbone(rawValue: name))
    let references: [String: Reference] = try MetricFixture.load("perceptual")
    let reference = try #require(references[name])
    let weights = try Self.weights(backbone)
    let listing = weights.map { "\($0.name) \($0.tensor.shape)\n" }.joined()
    #expect(ContentHash.of(Array(listing.utf8)) == reference.names)

    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let extra = try Tensor([1 as Float], shape: [1])
    let published = [
      try Self.write(
        weights.filter { $0.name.hasPrefix("features") } + [("classifier.6.bias", extra)],
        to: folder.url, "torchvision.safetensors"),
      try Self.write(
        weights.filter { $0.name.hasPrefix("lin") } + [("lins.0.model.1.weight", extra)],
        to: folder.url, "lin.safetensors"),
    ]
    let distance = try PerceptualDistance(PerceptualNetwork(contentsOf: published, backbone))
    #expect(try PerceptualNetwork(contentsOf: published).backbone == backbone)
    for (height, width, values) in [(64, 64, reference.square), (47, 90, reference.oblong)] {
      let first = try MetricInputs.images(seed: 61, count: 3, height: height, width: width)
      let other = try MetricInputs.images(seed: 62, count: 3, height: height, width: width)
      let size = height * width
      let second = try GrayImages(
        pixels: other.pixels.indices.map { index in
          index / size == 1
            ? Float((15 * Double(first.pixels[index]) + Double(other.pixels[index])) / 16)
            : other.pixels[index]
        }, count: 3, height: height, width: width)
      let distances = try distance.values(first, second)
      for (value, wanted) in zip(distances, values) { #expect(abs(value / wanted - 1) < 1e-4, "\(value) \(wanted)") }
      #expect(distances.count == 3)
      #expect(try distance.values(first, first) == [0, 0, 0])
      let wider = try GrayImages(
        pixels: first.pixels.map { 100 * $0 - 20 }, count: 3, height: height, width: width)
      let same = try distance.values(wider, wider.selecting([0, 1, 2]), range: -20...80)
      #expect(same == [0, 0, 0])
    }
  }

  @Test("the state dict of the whole package is read, and what is missing is named")
  func wholeState() throws {
    let backbone = PerceptualNetwork.Backbone.alexNet
    let weights = try Self.weights(backbone)
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let slices = ["0": 1, "3": 2, "6": 3, "8": 4, "10": 5]
    let renamed = weights.map { name, tensor in
      let parts = name.split(separator: ".")
      guard parts[0] == "features", let slice = slices[String(parts[1])] else { return (name: name, tensor: tensor) }
      return (name: "net.slice\(slice).\(parts[1]).\(parts[2])", tensor: tensor)
    }
    let scaling = try Tensor([0 as Float, 0, 0], shape: [1, 3, 1, 1])
    let whole = try Self.write(renamed + [("scaling_layer.shift", scaling)], to: folder.url, "whole.safetensors")
    let plain = try Self.write(weights, to: folder.url, "plain.safetensors")
    let (first, second) = try MetricInputs.pairs(seeds: (61, 62), count: 2, height: 40, width: 40)
    let values = try [whole, plain].map {
      try PerceptualDistance(PerceptualNetwork(contentsOf: [$0], backbone)).values(first, second)
    }
    #expect(values[0] == values[1] && values[0].allSatisfy { $0 > 0.01 })

    let features = try Self.write(weights.filter { $0.name.hasPrefix("features") }, to: folder.url, "f.safetensors")
    let missing = #expect(throws: ParameterLoadingError.self) {
      try PerceptualNetwork(contentsOf: [features], backbone)
    }
    #expect(missing?.missing.sorted() == (0..<5).map { "lin\($0).model.1.weight" })
    let other = #expect(throws: ParameterLoadingError.self) { try PerceptualNetwork(contentsOf: [plain], .vgg16) }
    #expect(other?.misshaped.map(\.path).contains("features.0.weight") == true)
  }

  @Test("images that are too small for the last stage are refused", arguments: [("alex", 31), ("vgg", 16)])
  func minimumSide(name: String, side: Int) throws {
    let backbone = try #require(PerceptualNetwork.Backbone(rawValue: name))
    let store = ParameterStore(generator: try Generator(seed: 4), trainable: false)
    let distance = PerceptualDistance(try PerceptualNetwork(store.root, backbone))
    let least = try MetricInputs.images(seed: 1, count: 2, height: side, width: side)
    #expect(try distance.values(least.selecting([0]), least.selecting([1])).allSatisfy(\.isFinite))
    let small = try MetricInputs.images(seed: 1, count: 1, height: side, width: side - 1)
    #expect(throws: MetricError.imageTooSmall(height: side, width: side - 1, minimum: side)) {
      try distance.values(small, small)
    }
    #expect(throws: MetricError.invalidSetting(name: "the data range", value: 0, allowed: "a positive number")) {
      try distance.values(least, least, range: 1...1)
    }
  }

  @Test("a sample and the image of its patient are compared by it too, beside the images of different patients")
  func figures() throws {
    let store = ParameterStore(generator: try Generator(seed: 4), trainable: false)
    let perceptual = PerceptualDistance(try PerceptualNetwork(store.root, .alexNet))
    let real = try MetricInputs.images(seed: 1, count: 4, height: 40, width: 40)
    let figures = try PairMeasurement(
      samples: real, real: real, patients: ["a", "a", "b", "c"], perceptual: perceptual, seed: 0
    ).figures()
    let distance = try #require(figures.last)
    #expect(figures.map(\.name).map { $0.split(separator: " ").last } == ["SSIM", "PSNR", "MSE", "LPIPS"])
    #expect(distance.value == 0 && distance.count == 4)
    #expect(try #require(distance.real) > 0.001)
  }
}
