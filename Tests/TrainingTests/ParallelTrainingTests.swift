import Foundation
import Models
import RunRecords
import TensorFiles
import Testing
import Torch

@testable import Training

/// Ranks are threads of this process: each has a group of its own, as if it were a process.
@Suite("Training on several processes", .serialized)
struct ParallelTrainingTests {
  /// Runs `body` for each of `count` ranks at once, in one thread each; nil for one alone.
  @discardableResult
  private static func inRanks<Value>(
    _ count: Int, stepSeconds: Double = 60, _ body: @escaping @Sendable (ProcessPlace?) throws -> Value
  ) throws -> [Value] {
    let port = try freePort()
    let results = Box<Value>(count: count)
    for rank in 0..<count {
      Thread.detachNewThread {
        var place = ProcessPlace(rank: rank, count: count, host: "127.0.0.1", port: port)
        place.stepSeconds = stepSeconds
        results.set(
          rank,
          Result {
            // The setting is a thread's own, where OpenMP computes.
            try LibTorch.setThreads(1)
            return try body(count > 1 ? place : nil)
          })
      }
    }
    return try results.wait().map { try $0.get() }
  }

  private static func freePort() throws -> UInt16 {
    #if os(Linux)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(isBound)
    return UInt16(bigEndian: address.sin_port)
  }

  private final class Box<Value>: @unchecked Sendable {
    // Guarded by `condition`.
    private var values: [Result<Value, any Error>?]
    private let condition = NSCondition()

    init(count: Int) { values = Array(repeating: nil, count: count) }

    func set(_ rank: Int, _ value: Result<Value, any Error>) {
      condition.withLock {
        values[rank] = value
        condition.broadcast()
      }
    }

    func wait() -> [Result<Value, any Error>] {
      condition.withLock {
        while values.contains(where: { $0 == nil }) { condition.wait() }
        return values.compactMap { $0 }
      }
    }
  }

  private static let stages: [TrainingStageName] = [.autoencoder, .diffusion]

  /// Trains both stages into a run of the name, in `count` ranks.
  ///
  /// - Parameter stop: The step at which six steps of this call are made, and it stops.
  private static func train(
    _ root: URL, _ name: String, in count: Int, steps: Int, resume: Bool = false, stopAt stop: Int? = nil,
    stages: [TrainingStageName] = stages, more: [String] = []
  ) throws {
    for stage in stages {
      try inRanks(count) { place in
        var run = TinyRun(root: root)
        run.name = name
        run.options.resume = resume
        run.processes = place
        run.settings =
          [
            "steps=\(steps)", "batchSize=4", "accumulation=2", "cadence.log=1", "cadence.validate=\(steps)",
            "cadence.checkpoint=\(steps)",
          ] + more
        let stopAfter = 6
        // Any process may be the one that is asked to stop.
        var asked = 0
        func isAsked() -> Bool {
          asked += 1
          return place?.rank ?? 0 == (place?.count ?? 1) - 1 && stop != nil && asked > stopAfter
        }
        // What is asked while stored latents and texts are looked through is no step.
        func restart(_ report: TrainingReport) {
          if case .progress(let work) = report, work.activity.hasPrefix("encoding") { asked = 0 }
        }
        let outcome =
          try stage == .autoencoder
          ? run.trainAutoencoder(stop: isAsked) : run.trainDiffusion(report: restart, stop: isAsked)
        if let stop { #expect(outcome == .stopped(step: stop)) } else { #expect(outcome == .finished(step: steps)) }
      }
    }
  }

  private static func losses(_ run: URL, _ stage: TrainingStageName) -> [Double] {
    MetricsLog(RunFolder(run, stage: stage).metrics).rows().compactMap { $0.values[.loss] }
  }

  private static func weights(_ run: URL, _ stage: TrainingStageName, step: Int) throws -> [Double] {
    try SafetensorsFile(path: RunFolder(run, stage: stage).checkpoint(step: step).path).loadTensors()
      .sorted { $0.key < $1.key }.filter { $0.key.hasPrefix("model.") }.flatMap { try $0.value.doubles() }
  }

  private static func difference(_ one: [Double], _ other: [Double]) -> Double {
    one.count == other.count ? zip(one, other).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
  }

  @Test("1, 2 and 4 processes have the same losses in both stages, and one set of files")
  func sameLosses() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    _ = try TinyRun.placeEncoder(in: dataset.root)
    for count in [1, 2, 4] { try Self.train(dataset.root, "run\(count)", in: count, steps: 50) }
    for stage in Self.stages {
      let alone = Self.losses(dataset.run("run1"), stage)
      // One of each step, and the validation's.
      #expect(alone.count == 51)
      for count in [2, 4] {
        let together = Self.losses(dataset.run("run\(count)"), stage)
        #expect(Self.difference(alone, together) < 1e-5, "\(stage) \(count)")
      }
    }
    func files(_ name: String) throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: dataset.run(name).path).filter { !$0.contains("tfevents") }
        .sorted()
    }
    #expect(try files("run1") == files("run4"))
  }

  @Test("a run goes on with another number of processes, and comes to the weights of one that was not stopped")
  func resuming() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    _ = try TinyRun.placeEncoder(in: dataset.root)
    let root = dataset.root
    // AdamW's first steps are as large for a gradient of rounding errors as for any other: at this rate they move a weight
    // by less than what is compared.
    let settings = ["learningRate=5e-5", "finalLearningRate=0"]
    try Self.train(root, "whole", in: 2, steps: 18, more: settings)
    for stage in Self.stages {
      try Self.train(root, "parts", in: 2, steps: 18, stopAt: 6, stages: [stage], more: settings)
      try Self.train(root, "parts", in: 1, steps: 18, resume: true, stopAt: 12, stages: [stage], more: settings)
      try Self.train(root, "parts", in: 4, steps: 18, resume: true, stages: [stage], more: settings)
      let difference = Self.difference(
        try Self.weights(root.appendingPathComponent("whole"), stage, step: 18),
        try Self.weights(root.appendingPathComponent("parts"), stage, step: 18))
      #expect(difference < 1e-5, "\(stage)")
    }
  }

  @Test("pairs of a teacher are drawn by one process, and 1 and 2 distil alike from them")
  func distillation() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    _ = try TinyRun.placeEncoder(in: dataset.root)
    let root = dataset.root
    try Self.train(root, "teacher", in: 1, steps: 8)
    let settings = [
      "teacher=\(root.appendingPathComponent("teacher").path)", "method=reflow", "guidance=2", "pairs=24",
      "teacherSteps=2", "steps=8", "batchSize=4", "warmupSteps=2", "cadence.log=1", "cadence.validate=8",
      "precision=float32",
    ]
    for count in [1, 2] {
      try Self.inRanks(count) { place in
        var request = TrainingRequest(
          dataset: root.appendingPathComponent("dataset"), run: root.appendingPathComponent("student\(count)"),
          settings: settings)
        request.processes = place
        let outcome = try Trainer.trainDistillation(
          request, architecture: TinyRun.architecture, shouldStop: { false }, report: { _ in })
        #expect(outcome == .finished(step: 8))
      }
    }
    let losses = [1, 2].map { Self.losses(root.appendingPathComponent("student\($0)"), .distillation) }
    #expect(losses[0].count == 9)
    #expect(zip(losses[0], losses[1]).allSatisfy { abs($0 - $1) < 1e-5 * max(1, $0) }, "\(losses)")
  }

  @Test("more processes than images in a step are an error in the first process, which the others repeat")
  func tooMany() throws {
    let dataset = try TinyDataset()
    defer { dataset.remove() }
    let messages = try Self.inRanks(3) { place in
      var run = TinyRun(root: dataset.root)
      run.processes = place
      do {
        _ = try run.trainAutoencoder()
        return "nothing"
      } catch {
        return "\(error)"
      }
    }
    #expect(messages[0].hasPrefix("a step of 2 images (batchSize x accumulation) is too small for 3 processes"))
    #expect(messages[1].hasPrefix("rank 0 (process ") && messages[1].contains("a step of 2 images"))
  }

  @Test("a launcher's variables are read, and errors in them are one line that names the variable")
  func variables() throws {
    let whole = ["RANK": "2", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "node1", "MASTER_PORT": "29500"]
    let place = try #require(try ProcessPlace(environment: whole))
    #expect([place.rank, place.count, place.localRank, Int(place.port)] == [2, 4, 1, 29500] && place.host == "node1")
    #expect(try ProcessPlace(environment: ["MASTER_ADDR": "node1"]) == nil)
    #expect(try ProcessPlace(environment: ["RANK": "0", "WORLD_SIZE": "1"]) == nil)
    for (key, value, name) in [
      ("RANK", "4", "RANK"), ("RANK", "-1", "RANK"), ("WORLD_SIZE", "two", "WORLD_SIZE"),
      ("MASTER_PORT", "70000", "MASTER_PORT"), ("MASTER_ADDR", "", "MASTER_ADDR"), ("RANK", "", "RANK"),
      ("THORAX_STEP_TIMEOUT", "soon", "THORAX_STEP_TIMEOUT"),
    ] {
      let environment = whole.merging([key: value]) { $1 }
      let error = #expect(throws: LaunchError.self) { try ProcessPlace(environment: environment) }
      let line = error.map { "\($0)" } ?? ""
      #expect(line.hasPrefix(name) && line.contains(": ") && !line.contains("\n"), "\(line)")
    }
  }
}
