import ArgumentParser
import Diffusion
import Foundation
import Generation
import Models
import RadiographModels
import Terminal
import Support

struct InfoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "List the installed models, or say what one model is made of.",
    discussion: "A preset (released, paper, small) is described from its architecture; no weights are needed."
  )

  @Argument(help: ArgumentHelp("A model, a model folder or a preset.", valueName: "name|dir"))
  var model: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    if let model {
      let information = try ModelInformation(reference: model)
      if json { try Console.writeJSON(information) } else { try Console.writeResult(Self.text(information)) }
    } else {
      let overview = Overview()
      if json { try Console.writeJSON(overview) } else { try Console.writeResult(overview.text) }
    }
  }

  /// What is there when no model is named.
  private struct Overview: Encodable {
    struct Model: Encodable {
      var name: String
      var path: String
    }

    var models: [Model]
    let presets = ModelPreset.allCases.map(\.rawValue)
    let machine = Machine.current()
    let version = ThoraxVersion.current

    init() {
      models = ModelCatalog.standard().models().map { Model(name: $0.name, path: $0.path) }
    }

    var text: String {
      let list = models.isEmpty ? ["none"] : models.map { "\($0.name)  \($0.path)" }
      return """
        models    \(list.joined(separator: "\n          "))
        presets   \(presets.joined(separator: ", "))
        machine   \(machine.processor), \(machine.cores) cores, \(machine.memoryBytes >> 30) GiB, \(machine.system)
        version   \(version)
        """
    }
  }

  private static func text(_ sampling: SamplingSettings) -> String {
    var parts = ["\(sampling.steps.of("step")) of \(sampling.sampler.rawValue)", "guidance \(sampling.guidance)"]
    if sampling.guidance != 1, sampling.guidanceFrom != .nothing {
      parts.append("from \(sampling.guidanceFrom.rawValue)")
    }
    return parts.joined(separator: ", ")
  }

  private static func text(_ model: ModelInformation) -> String {
    let parameters = model.parameters
    let sampling = model.sampling
    let best = model.bestSampling
    var lines = [("name", model.name), ("preset", model.preset)]
    for part in ModelPart.all { lines.append((part.name, "\(parameters[part].grouped) parameters, \(part.title)")) }
    lines += [
      (
        "encoder",
        "\(model.textEncoder.name), " + (parameters.textEncoder.map { "\($0.grouped) parameters" } ?? "size not known")
      ),
      ("total", "\(parameters.total.grouped) parameters"),
      ("latent", "\(model.latent.channels) x \(model.latent.height) x \(model.latent.width)"),
      ("image", "\(model.image.channels) x \(model.image.height) x \(model.image.width)"),
      (
        "sampling",
        "\(Self.text(sampling)), \(model.flops / 1_000_000_000) GFLOP an image"
      ),
      ("best", "\(Self.text(best)), by --quality best"),
      ("precision", model.allowsInt8 ? "int8 where the processor is made for it, otherwise fp32" : "fp32"),
      ("licence", model.licence),
    ]
    if let gain = model.detailGain {
      lines.append(
        (
          "details",
          "stronger by \(gain.amount), between \(gain.fineDeviation) and \(gain.coarseDeviation) pixels"
        ))
    }
    if let hash = model.hash { lines.append(("hash", hash)) }
    if let bytes = model.bytes { lines.append(("bytes", bytes.grouped)) }
    if let path = model.path { lines.append(("place", path)) }
    if let card = model.card { lines.append(("card", card)) }
    lines += model.training.sorted { $0.key < $1.key }.map { ("training", "\($0.key): \($0.value)") }
    return lines.map { $0.0.padding(toLength: 10, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
  }
}
