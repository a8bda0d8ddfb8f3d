import Foundation
import TestBasics
import Testing

/// Commands to train that cannot be followed: each ends with one clear line and the right exit code, and changes
/// nothing.
@Suite(.serialized) struct RefusedTrainingTests {
  private struct Refused {
    var stage = "vae"
    var arguments: [String] = []
    /// The settings file.
    var yaml: String?
    var status: Int32
    var says: String
  }

  private static func pair(_ stage: String = "vae", _ settings: String..., says: String) -> Refused {
    Refused(stage: stage, arguments: settings.flatMap { ["--set", $0] }, status: 64, says: says)
  }

  private static func file(_ yaml: String, stage: String = "vae", status: Int32 = 64, says: String) -> Refused {
    Refused(stage: stage, yaml: yaml, status: status, says: says)
  }

  private func check(_ cases: [Refused]) throws {
    try SmallTraining.withDataset { folder in
      for refused in cases {
        var arguments = ["train", refused.stage, "--data", "dataset", "--output", "run"] + refused.arguments
        if let yaml = refused.yaml {
          try Data(yaml.utf8).write(to: folder.appendingPathComponent("file.yaml"))
          arguments += ["--config", "file.yaml"]
        }
        let result = try Program.run(arguments, in: folder, environment: ["OMP_NUM_THREADS": "1"])
        let name: Comment = "\(arguments.joined(separator: " ")) \(refused.yaml ?? ""): \(result.errors)"
        #expect(result.status == refused.status && !result.wasKilled, name)
        #expect(result.errorLines.count == 1 && result.output.isEmpty, name)
        #expect(result.errors.contains(refused.says), name)
        #expect(!SmallTraining.isThere("run", in: folder), name)
      }
    }
  }

  @Test func settingsOutOfRangeAndOptionsThatMeanNothing() throws {
    try check([
      Self.pair("vae", "steps=0", says: "steps cannot be 0: give a whole number from 1 to"),
      Self.pair("vae", "learningRate=-1", says: "learningRate cannot be -1.0: give a number from 0 to"),
      Self.pair("vae", "weightDecay=-0.1", says: "weightDecay cannot be -0.1"),
      Self.pair("vae", "warmupSteps=-1", says: "warmupSteps cannot be -1"),
      Self.pair("vae", "cadence.keep=0", says: "cadence.keep cannot be 0"),
      Self.pair("vae", "preset=huge", says: "preset cannot be huge: choose one of released, paper, small"),
      Self.pair("vae", "batchsize=2", says: "there is no setting batchsize: did you mean batchSize?"),
      Self.pair("vae", "cadence.keap=2", says: "there is no setting cadence.keap: did you mean cadence.keep?"),
      Self.pair("vae", "colour=red", says: "there is no setting colour: use one of accumulation, "),
      Refused(arguments: ["--device", "cuda:97"], status: 69, says: "cuda:97"),
      Refused(arguments: ["--max-time", "soon"], status: 64, says: "max-time is soon"),
      Refused(arguments: ["--max-time", "-5m"], status: 64, says: "max-time is -5m: choose a duration"),
      Refused(arguments: ["--processes", "-2"], status: 64, says: "processes is -2"),
      Refused(arguments: ["--config", "."], status: 74, says: "is a folder: name a file"),
      Refused(arguments: ["--config", "/dev/zero"], status: 65, says: "/dev/zero: has more than"),
      Refused(arguments: ["--data", "dataset"], status: 64, says: "--data is given twice: give it once"),
      Self.pair("diffusion", "sourceRepeats={sorce: 2}", says: "which "),
      Self.pair("classifier", "labels=[Nope]", says: "labels names Nope, which "),
      Refused(arguments: ["--max-time", "1e99h"], status: 64, says: "max-time is 1e99h"),
      Refused(arguments: ["--precision", "fp8"], status: 64, says: "fp8"),
      Refused(arguments: ["--resume"], status: 66, says: "holds no checkpoint to resume from: leave out --resume"),
      Refused(arguments: ["--config", "none.yaml"], status: 66, says: "none.yaml: no such file"),
    ])
  }

  @Test func settingsFilesByTheirLines() throws {
    try check([
      Self.file("steps: 5\n# how many\nbatchSize: many\n", says: "file.yaml:3: batchSize cannot be many: give a whole"),
      Self.file("cadence:\n  log: 5\n  keep: [1]\n", says: "file.yaml:3: cadence.keep cannot be a list: give a whole"),
      Self.file("steps: 5\nbatchsize: 2\n", says: "file.yaml:2: there is no setting batchsize: did you mean batchSize"),
      Self.file("\n\nlearningRate: -1\n", says: "file.yaml:3: learningRate cannot be -1.0: give a number from 0"),
      Self.file("preset: huge\n", says: "file.yaml:1: preset cannot be huge: choose one of"),
      Self.file("mirror: 3\n", says: "file.yaml:1: mirror cannot be 3: give true or false"),
      Self.file("seed: .nan\n", says: "file.yaml:1: seed cannot be nan: give a finite number"),
      Self.file("steps: 5\nsteps: 6\n", status: 65, says: "steps is in it twice"),
      Self.file("steps: [1\nbatchSize: 2\n", status: 65, says: "file.yaml:2 cannot be read as a configuration"),
      Self.file("just text", status: 65, says: "no mapping of keys to values"),
      Self.file("", status: 65, says: "no mapping of keys to values"),
      Self.file("\u{0}\u{1}\u{2}", status: 65, says: "cannot be read as a configuration"),
      Self.file(
        "weighting:\n  type: minSNR\n  gama: 5\n", stage: "diffusion",
        says: "file.yaml:3: there is no setting weighting.gama: did you mean weighting.gamma?"),
      Self.file(
        "scheduler:\n  schedule:\n    type: wave\n", stage: "diffusion",
        says: "file.yaml:3: scheduler.schedule.type cannot be"),
    ])
  }

  @Test func combinationsThatAreImpossible() throws {
    try check([
      Self.pair("vae", "cropSize=20", says: "cropSize cannot be 20: give a multiple of 8"),
      Self.pair(
        "diffusion", "scheduler.prediction=epsilon",
        says: "scheduler.prediction cannot be epsilon: choose one of sample, v, flow with a rectified flow"),
      Self.pair(
        "diffusion", "preset=paper", "scheduler.schedule.zeroTerminalSNR=true",
        says: "scheduler.prediction cannot be epsilon: choose one of sample, v, flow with zeroTerminalSNR"),
      Self.pair("diffusion", "times.deviation=0", says: "times.deviation cannot be 0.0: give a positive number"),
      Self.pair(
        "diffusion", "weighting.type=minSNR", "weighting.gamma=-1",
        says: "weighting.gamma cannot be -1.0: give a positive number"),
    ])
  }

  @Test func datasetsThatDoNotFit() throws {
    try SmallTraining.withDataset { folder in
      func importing(_ name: String, _ options: String...) throws {
        let arguments = ["data", "import", "folder", "source", "--output", name, "--quiet"] + options
        let result = try Program.run(arguments, in: folder)
        #expect(result.status == 0, "\(result.errors)")
      }
      func train(_ stage: String, _ data: String, status: Int32, says: String) throws {
        let arguments = ["train", stage, "--data", data, "--output", "run", "--set", "cropSize=16"]
        let result = try Program.run(stage == "vae" ? arguments : Array(arguments.dropLast(2)), in: folder)
        #expect(result.status == status && result.errorLines.count == 1, "\(result.errors)")
        #expect(result.errors.contains(says), "\(result.errors)")
      }
      try importing("odd", "--size", "100", "--split", "60/20/20")
      try train("vae", "odd", status: 65, says: "odd has images of 100 pixels a side, and these networks take")
      try train("diffusion", "odd", status: 65, says: "take multiples of 32: import them with --size 128")
      #expect(!SmallTraining.isThere("run", in: folder))
      try importing("part", "--size", "64", "--split", "100/0/0")
      try train("vae", "part", status: 65, says: "part has no images in its validation part: import some")
      try train("vae", "nowhere", status: 66, says: "nowhere")
      try train("diffusion", "dataset", status: 66, says: "has no trained autoencoder: run 'thorax train vae'")
      try train("classifier", "dataset", status: 65, says: "has no images in its train part")
      // None of these could begin, and none has left anything.
      #expect(!SmallTraining.isThere("run", in: folder))
      // What was there before stays, and gains nothing.
      let run = folder.appendingPathComponent("run")
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: run.appendingPathComponent("notes.txt"))
      try train("diffusion", "dataset", status: 66, says: "has no trained autoencoder")
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.path).filter { $0 != ".lock" } == ["notes.txt"])
    }
  }

  /// Five training images in batches of 16: every step sees each three or four times.
  @Test func aDatasetSmallerThanABatchIsSeenSeveralTimesAStep() throws {
    try StageRun.with("vae", steps: 1) { run in
      let result = try Program.run(run.arguments("--set", "batchSize=16"), in: run.folder)
      #expect(result.status == 0, "\(result.errors)")
      let epochs = try run.rows().compactMap { $0["epoch"] as? Double }
      #expect(epochs.last.map { $0 > 2.5 } == true, "\(epochs)")
    }
  }

  @Test func aRunIsResumedWithItsOwnSettingsAndDataset() throws {
    try StageRun.with("vae", steps: 2) { run in
      #expect(try run.run().status == 0)
      let before = try FileManager.default.subpathsOfDirectory(atPath: run.url.path).sorted()
      let newest = try Data(contentsOf: run.checkpoint(2))
      func resume(_ more: [String], status: Int32, says: String) throws {
        var arguments = run.arguments("--resume")
        // An option of one value is given once.
        if let name = more.first, name != "--set", let place = arguments.firstIndex(of: name) {
          arguments.removeSubrange(place...(place + 1))
        }
        let result = try Program.run(arguments + more, in: run.folder)
        #expect(result.status == status && result.errorLines.count == 1, "\(result.errors)")
        #expect(result.errors.contains(says), "\(result.errors)")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: run.url.path).sorted() == before)
        #expect(try Data(contentsOf: run.checkpoint(2)) == newest)
      }
      try resume(
        ["--set", "preset=paper"], status: 64,
        says: "was begun with other settings (preset): resume with the same, or begin anew")
      try resume(["--precision", "bf16"], status: 64, says: "was begun with other settings (precision)")
      try resume(["--set", "seed=3", "--set", "batchSize=3"], status: 64, says: "other settings (batchSize, seed)")
      let anew = try Program.run(run.arguments(), in: run.folder)
      #expect(anew.status == 73 && anew.errors.contains("holds a run already: add --resume"), "\(anew.errors)")

      // The same folder with another division of the same images.
      try FileManager.default.removeItem(at: run.folder.appendingPathComponent("dataset"))
      let arguments = [
        "data", "import", "folder", "source", "--output", "dataset", "--size", "64", "--split", "40/40/20", "--quiet",
      ]
      #expect(try Program.run(arguments, in: run.folder).status == 0)
      try resume([], status: 65, says: "is not as the run was begun with (5 + 2 images then, 4 + 3 images now")
    }
  }
}
