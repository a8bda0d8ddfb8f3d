import ArgumentParser
import Foundation
import RadiographModels
import Torch
import TorchNN

/// Images a second through an autoencoder's encoder, by the number of images that it takes at a time.
struct EncodingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encoding",
    abstract: "Encode images one by one and in batches, as training does before its second stage.",
    discussion: "docs/training-cache.md holds the figures.")

  @Option(help: "Preset of the networks.")
  var preset = ModelPreset.small.rawValue

  @Option(help: "Images that are encoded at a time; several may be given.")
  var batch = [1, 4, 16, 64]

  @Option(help: "Images of a measurement, a multiple of every batch.")
  var images = 64

  @Option(help: "Rounds; the batches take turns.")
  var rounds = 5

  @Option(help: "Processor threads.")
  var threads = 2

  func validate() throws {
    guard ModelPreset(rawValue: preset) != nil else { throw ValidationError("preset \(preset): there is none") }
    guard batch.allSatisfy({ $0 > 0 && images % $0 == 0 }) else {
      throw ValidationError("batch \(batch): give divisors of \(images), the images of a measurement")
    }
    guard rounds > 0 else { throw ValidationError("rounds \(rounds): give a whole number above 0") }
  }

  func run() throws {
    guard let architecture = ModelPreset(rawValue: preset)?.architecture else { return }
    try LibTorch.setThreads(threads)
    let side = architecture.imageSide
    let fresh = ParameterStore(generator: try Generator(seed: 1), memoryFormat: .channelsLast, trainable: false)
    _ = try Autoencoder(fresh.root, architecture.autoencoder)
    let tensors = try fresh.parameters.reduce(into: [String: Tensor]()) { $0[$1.path] = try $1.value }
    let autoencoder = try Autoencoder(
      ParameterStore(tensors: tensors, memoryFormat: .channelsLast).root, architecture.autoencoder)
    let all = try Tensor.rand([images, 1, side, side], generator: Generator(seed: 2)) * 2.0 - 1.0
    var seconds: [Int: [Double]] = [:]
    var results: [Int: Tensor] = [:]
    try withoutGradients {
      for round in 0...rounds {
        for size in batch {
          var parts: [Tensor] = []
          let time = try milliseconds {
            for start in stride(from: 0, to: images, by: size) {
              let some = try all.narrow(dim: 0, start: start, length: size).contiguous(memoryFormat: .channelsLast)
              parts.append(try autoencoder.encode(some).mean_BCHW.contiguous().to(.float16))
            }
          }
          // The first round packs weights.
          if round > 0 { seconds[size, default: []].append(time / 1000) }
          results[size] = try Tensor.cat(parts)
        }
      }
    }
    guard let first = batch.first, let reference = results[first] else { return }
    let slowest = (seconds[first] ?? []).min() ?? 0
    for size in batch {
      let (best, result) = ((seconds[size] ?? []).min() ?? 0, results[size] ?? reference)
      let differences = try (result.to(.float32) - reference.to(.float32)).abs()
      report(
        "batches of \(size)", String(format: "%.1f images/s (best of \(rounds))", Double(images) / best),
        String(format: "%.2f times batches of \(first)", slowest / best),
        String(format: "differs by at most %.3g", try differences.max().item()))
    }
  }
}
