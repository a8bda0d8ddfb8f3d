import DeveloperTools
import Foundation
import TensorFiles
import Testing
import Torch

/// A short run of one stage through the program, with the smallest networks that it knows by name.
struct StageRun {
  /// The folder that holds dataset, text encoder and runs.
  let folder: URL
  let stage: String
  /// The run's name.
  var name = "run"
  var steps = 6

  static let stages = ["vae", "diffusion"]

  /// Runs `body` beside a dataset, a text encoder and, if the stage needs it, a trained autoencoder.
  static func with(_ stage: String, steps: Int = 6, _ body: (StageRun) throws -> Void) throws {
    try SmallTraining.withDataset { folder in
      if stage == "diffusion" {
        try placeEncoder(in: folder)
        let result = try StageRun(folder: folder, stage: "vae", name: "autoencoder", steps: 1).run()
        #expect(result.status == 0, "\(result.errors)")
      }
      try body(StageRun(folder: folder, stage: stage, steps: steps))
    }
  }

  func arguments(_ more: String...) -> [String] {
    // Pictures of the diffusion model take longer than all steps: it draws them at the end alone.
    let settings =
      ["steps=\(steps)", "warmupSteps=0", "batchSize=2", "cadence.log=1", "cadence.checkpoint=2"]
      + (stage == "vae"
        ? ["cropSize=16", "cadence.validate=3"]
        : ["textEncoder=./encoder", "promptsPerImage=1", "cadence.validate=100"])
    return [
      "train", stage, "--data", "dataset", "--output", name, "--precision", "fp32", "--threads", "1", "--device", "cpu",
    ] + settings.flatMap { ["--set", $0] } + more
  }

  /// Makes the run's folder, with the autoencoder that the stage needs.
  func prepare() throws {
    guard stage == "diffusion", !isThere("vae") else { return }
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: folder.appendingPathComponent("autoencoder/vae"), to: url.appendingPathComponent("vae"))
  }

  /// Runs the stage to its end, going on if there is a checkpoint.
  func run(_ more: String..., shell: String? = nil, signal: Int32? = nil, when moment: () -> Bool = { false }) throws
    -> Program.Result
  {
    try prepare()
    let resume = steps(of: try checkpoints()).isEmpty ? [] : ["--resume"]
    return try Program.run(
      arguments() + resume + more, in: folder, environment: ["OMP_NUM_THREADS": "1"], shell: shell, signal: signal,
      when: moment)
  }

  var url: URL { folder.appendingPathComponent(name) }
  func file(_ path: String) -> URL { url.appendingPathComponent("\(stage)/\(path)") }
  func isThere(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: url.appendingPathComponent(path).path)
  }
  func checkpoint(_ step: Int) -> URL { file("checkpoints/step-" + String(format: "%08d", step) + ".safetensors") }

  /// The names in the folder of checkpoints, hidden ones included.
  func checkpoints() throws -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: file("checkpoints").path)) ?? []).sorted()
  }

  private func steps(of names: [String]) -> [String] { names.filter { $0.hasPrefix("step-") } }

  /// The rows of `metrics.jsonl` without what depends on the machine's speed.
  func rows() throws -> [NSDictionary] {
    try String(contentsOf: file("metrics.jsonl"), encoding: .utf8).split(separator: "\n").map { line in
      var row = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let speeds = ["seconds", "images_per_second", "data_share", "recording_share"]
      for key in row.keys where speeds.contains(key) || key.hasPrefix("peak_") {
        row[key] = nil
      }
      return row as NSDictionary
    }
  }

  /// The run has ended as another one has, bit for bit, and nothing unfinished is left.
  func expectSame(as other: StageRun, _ comment: Comment? = nil) throws {
    #expect(try checkpoints() == other.checkpoints(), comment)
    for name in try other.checkpoints() {
      let files = [self, other].map { $0.file("checkpoints/\(name)").path }
      #expect(FileManager.default.contentsEqual(atPath: files[0], andPath: files[1]), comment)
    }
    #expect(try rows() == other.rows(), comment)
    let unfinished = try FileManager.default.subpathsOfDirectory(atPath: url.path).filter { $0.hasSuffix(".tmp") }
    #expect(unfinished == [], comment)
  }

  /// Writes a text encoder of random weights and one layer, as wide as the smallest networks need.
  private static func placeEncoder(in folder: URL) throws {
    let encoder = folder.appendingPathComponent("encoder")
    try FileManager.default.createDirectory(at: encoder, withIntermediateDirectories: true)
    let (words, width, inner) = (40, 384, 32)
    try Data(
      """
      {"vocab_size": \(words), "hidden_size": \(width), "num_hidden_layers": 1, "num_attention_heads": 4, \
      "intermediate_size": \(inner), "max_position_embeddings": 256, "type_vocab_size": 2, "layer_norm_eps": 1e-12, \
      "model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}
      """.utf8
    ).write(to: encoder.appendingPathComponent("config.json"))
    let known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "image", "chest", "."]
    try Data((known + (known.count..<words).map { "w\($0)" }).joined(separator: "\n").utf8)
      .write(to: encoder.appendingPathComponent("vocab.txt"))
    let layer = "encoder.layer.0."
    var shapes = [
      "embeddings.word_embeddings.weight": [words, width], "embeddings.position_embeddings.weight": [256, width],
      "embeddings.token_type_embeddings.weight": [2, width],
      layer + "intermediate.dense.weight": [inner, width], layer + "intermediate.dense.bias": [inner],
      layer + "output.dense.weight": [width, inner], layer + "output.dense.bias": [width],
    ]
    for norm in ["embeddings", layer + "attention.output", layer + "output"] {
      for part in ["weight", "bias"] { shapes["\(norm).LayerNorm.\(part)"] = [width] }
    }
    for dense in ["self.query", "self.key", "self.value", "output.dense"] {
      shapes["\(layer)attention.\(dense).weight"] = [width, width]
      shapes["\(layer)attention.\(dense).bias"] = [width]
    }
    let generator = try Generator(seed: 4)
    let tensors = try shapes.sorted { $0.key < $1.key }.reduce(into: [String: Tensor]()) {
      $0[$1.key] = try Tensor.randn($1.value, generator: generator) * 0.05
    }
    try SafetensorsWriter.write(tensors, to: encoder.appendingPathComponent("model.safetensors").path)
  }
}
