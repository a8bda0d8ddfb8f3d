import Foundation
import Generation
import TensorFiles
import TestSupport
import Torch

extension BadInput {
  private static func model(
    _ name: String, status: Int32 = 65, says: String, harm: @escaping @Sendable (TinyModel) throws -> Void
  ) -> BadInput {
    BadInput(
      name, ["generate", "effusion", "--seed", "1", "--json"], status: status, says: says, harm: { try harm($0.model) })
  }

  /// Replaces the first occurrence of a text in `model.json`.
  private static func description(
    _ name: String, _ old: String, _ new: String, says: String
  ) -> BadInput {
    model(name, says: says) { model in
      let url = model.folder.appendingPathComponent("model.json")
      var json = try String(contentsOf: url, encoding: .utf8)
      guard let range = json.range(of: old) else { throw CocoaError(.coderValueNotFound) }
      json.replaceSubrange(range, with: new)
      try Data(json.utf8).write(to: url)
    }
  }

  private static func weights(
    _ name: String, says: String, _ change: @escaping @Sendable (inout [String: Tensor]) throws -> Void
  ) -> BadInput {
    model(name, says: says) { model in
      let path = model.folder.appendingPathComponent("unet.safetensors").path
      var tensors = try SafetensorsFile(path: path).loadTensors()
      try change(&tensors)
      try SafetensorsWriter.write(tensors, to: path)
    }
  }

  private static func bytes(
    _ name: String, of file: String, says: String, _ change: @escaping @Sendable (inout Data) -> Void
  ) -> BadInput {
    model(name, says: says) { model in
      let url = model.folder.appendingPathComponent(file)
      var data = try Data(contentsOf: url)
      change(&data)
      try data.write(to: url)
    }
  }

  static let models: [BadInput] = [
    model("description missing", says: "model.json") {
      try FileManager.default.removeItem(at: $0.folder.appendingPathComponent("model.json"))
    },
    model("weights missing", says: "vae.safetensors") {
      try FileManager.default.removeItem(at: $0.folder.appendingPathComponent("vae.safetensors"))
    },
    model("text encoder missing", status: 69, says: "tiny") {
      try FileManager.default.removeItem(at: $0.encoder)
    },
    model("text encoder's weights missing", says: "model.safetensors") {
      try FileManager.default.removeItem(at: $0.encoder.appendingPathComponent("model.safetensors"))
    },
    bytes("description is not JSON", of: "model.json", says: "not JSON") { $0 = Data("hello".utf8) },
    bytes("description is binary", of: "model.json", says: "not JSON") { $0 = Data([0, 1, 2, 0xFF]) },
    bytes("description cut short", of: "model.json", says: "not JSON") { $0 = $0.prefix($0.count / 2) },
    bytes("description is nested 100,000 deep", of: "model.json", says: "model.json") {
      $0 = Data(repeating: UInt8(ascii: "["), count: 100_000)
    },
    description("description of a later version", "\"version\" : 1", "\"version\" : 2", says: "update"),
    description("description without a key", "\"scheduler\"", "\"schedule\"", says: "scheduler"),
    description(
      "a thousand milliard channels", "\"channels\" : 16", "\"channels\" : 1000000000000", says: "1000000000000"),
    description("channels beyond integers", "\"channels\" : 16", "\"channels\" : 1e30", says: "model.json"),
    description("channels negative", "\"channels\" : 16", "\"channels\" : -16", says: "-16"),
    description("an image of half a pixel", "\"imageSide\" : 32", "\"imageSide\" : 0.5", says: "does not fit"),
    description("an unknown sampler", "\"euler\"", "\"ueler\"", says: "sampler"),
    description(
      "latent statistics of one channel", "\"standardDeviation\" : [", "\"standardDeviation\" : [1,", says: "5 channels"
    ),
    description(
      "an epsilon below zero", "\"normalisationEpsilon\" : 1e-05", "\"normalisationEpsilon\" : -1", says: "epsilon"),
    description("no period of times", "\"period\" : 10000", "\"period\" : 0", says: "period"),
    bytes("weights empty", of: "unet.safetensors", says: "unet.safetensors") { $0 = Data() },
    bytes("weights truncated", of: "unet.safetensors", says: "unet.safetensors") { $0 = $0.dropLast(100) },
    bytes("weights with bytes behind", of: "vae.safetensors", says: "vae.safetensors") { $0 += Data(count: 64) },
    bytes("weights with a lying header", of: "text.safetensors", says: "text.safetensors") { $0[7] = 0x7F },
    weights("a tensor missing", says: "input.bias") { $0["input.bias"] = nil },
    weights("a tensor too many", says: "surplus") { $0["surplus"] = try Tensor.zeros([1]) },
    weights("a tensor renamed", says: "input.bia5") { $0["input.bia5"] = $0.removeValue(forKey: "input.bias") },
    weights("a tensor mis-shaped", says: "input.bias is 17 and must be 16") {
      $0["input.bias"] = try Tensor.zeros([17])
    },
    weights("a tensor of NaN", says: "input.bias") { $0["input.bias"] = try Tensor.full([16], value: .nan) },
  ]

  /// The same of `info`, which reads no value and no text encoder.
  static let modelsOfInfo = models.filter { !$0.name.hasPrefix("text encoder") && $0.name != "a tensor of NaN" }.map {
    var input = $0
    input.name = "info: \(input.name)"
    input.arguments = ["info", "tiny", "--json"]
    return input
  }

  private static func latents(_ name: String, _ content: @autoclosure () -> Data, says: String) -> BadInput {
    BadInput(
      name, ["generate", "effusion", "--initial-latents", "l.safetensors"], files: ["l.safetensors": content()],
      status: 65, says: says)
  }

  /// A safetensors file of one float32 tensor.
  private static func file(_ tensor: String, shape: [Int], value: Float) -> Data {
    let bytes =
      Data(repeating: 0, count: 0)
      + withUnsafeBytes(of: value) { value in
        (0..<shape.reduce(1, *)).reduce(into: Data()) { data, _ in data.append(contentsOf: value) }
      }
    let header = "{\"\(tensor)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[0,\(bytes.count)]}}"
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(padded.utf8.count).littleEndian) { Data($0) } + Data(padded.utf8) + bytes
  }

  static let latents: [BadInput] = [
    BadInput(
      "latents file missing", ["generate", "effusion", "--initial-latents", "l.safetensors"], status: 66,
      says: "l.safetensors"),
    latents("latents of another shape", file("latents", shape: [1, 4, 8, 9], value: 0), says: "4x8x9"),
    latents("latents of other channels", file("latents", shape: [1, 8, 8, 8], value: 0), says: "8x8x8"),
    latents("latents of NaN", file("latents", shape: [1, 4, 8, 8], value: .nan), says: "NaN"),
    latents("latents for two images", file("latents", shape: [2, 4, 8, 8], value: 0), says: "2 samples"),
    latents("latents by another name", file("noise", shape: [1, 4, 8, 8], value: 0), says: "latents"),
    latents("latents that are no safetensors", Data("hello".utf8), says: "l.safetensors"),
  ]
}
