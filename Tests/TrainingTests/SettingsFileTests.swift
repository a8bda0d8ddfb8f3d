import Diffusion
import Foundation
import Models
import Support
import TestBasics
import Testing

@testable import Training

@Suite("Settings files, and settings that do not go together")
struct SettingsFileTests {
  @Test(
    "a name that is near is suggested, and one that is not is not",
    arguments: [
      ("batchsize", "batchSize"), ("bacthSize", "batchSize"), ("batchSizes", "batchSize"), ("step", "steps"),
      ("learningrate", "learningRate"), ("learningRaet", "learningRate"), ("preset ", "preset"), ("colour", nil),
      ("x", nil), ("", nil),
    ] as [(String, String?)])
  func nearest(name: String, meant: String?) {
    let known = ["batchSize", "learningRate", "finalLearningRate", "steps", "preset", "seed"]
    #expect(NearestName.of(name, among: known) == meant)
  }

  @Test("a recipe that names its architecture in full is what it was after it was stored")
  func storedArchitecture() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let recipe: AutoencoderRecipe = try .ofNewRun("phantom", file: nil, settings: [])
      #expect(recipe.architecture != nil)
      let file = folder.appendingPathComponent("config.yaml")
      try Data(ConfigurationResolver.yaml(recipe).utf8).write(to: file)
      // The order of keys may be another each time.
      for _ in 0..<10 {
        let stored: AutoencoderRecipe = try ConfigurationResolver.stored(file)
        #expect(try ConfigurationResolver.differences(recipe, stored) == [])
      }
      var other = recipe
      other.architecture?.autoencoder.decoder.removeLast()
      #expect(try ConfigurationResolver.differences(recipe, other) == ["architecture.autoencoder.decoder"])
    }
  }

  @Test("the line of a key is found, also in a group, in flow style and behind an anchor; of another its group's")
  func lines() {
    let lines = SettingsLines(
      ofYAML: """
        # settings
        steps: 5
        cadence:
          log: 3

          keep: 2
        weighting: {type: minSNR,
          gamma: 5}
        times: &t
          mean: 1
        """)
    let expected = [
      "steps": 2, "cadence": 3, "cadence.log": 4, "cadence.keep": 6, "weighting.type": 7, "weighting.gamma": 8,
      "times.mean": 10, "times.deviation": 9,
    ]
    for (key, line) in expected { #expect(lines.line(of: key, in: .autoencoder) == line, "\(key)") }
    #expect(lines.line(of: "seed", in: .autoencoder) == nil)
    #expect(SettingsLines(ofYAML: "a: [").line(of: "a", in: .autoencoder) == nil)
  }

  @Test("an error names the file's line unless a pair has set the same, and an unknown key what was meant")
  func places() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let file = folder.appendingPathComponent("file.yaml")
      try Data("steps: 3\nbatchSize: many\n".utf8).write(to: file)
      func message(_ settings: String...) -> String? {
        let request = TrainingRequest(dataset: folder, run: folder, configuration: file, settings: settings)
        do {
          let _: ResolvedRecipe<AutoencoderSettings> = try request.resolve(in: RunFolder(folder, stage: .autoencoder))
          return nil
        } catch { return "\(error)" }
      }
      #expect(message() == "\(file.path):2: batchSize cannot be many: give a whole number")
      #expect(message("batchSize=some") == "batchSize cannot be some: give a whole number")
      #expect(message("batchSize=2", "stepz=3") == "there is no setting stepz: did you mean steps?")
      #expect(message("batchSize=2") == nil)
    }
  }

  @Test("noise is not predicted where a schedule begins with noise alone; everything else that is determined is taken")
  func combinations() throws {
    let curves: [NoiseSchedule] = [
      .init(.linear()), .init(.linear(), zeroTerminalSNR: true), .init(.rectifiedFlow()),
    ]
    for (number, schedule) in curves.enumerated() {
      for prediction in PredictionType.allCases {
        var recipe = DiffusionRecipe()
        recipe.scheduler = SchedulerConfiguration(schedule: schedule, prediction: prediction)
        if number > 0, prediction == .epsilon {
          let error = #expect(throws: TrainingError.self) { try recipe.validate() }
          guard case .invalidSetting("scheduler.prediction", "epsilon", _) = error else {
            Issue.record("\(String(describing: error))")
            continue
          }
        } else {
          try recipe.validate()
          // What is predicted determines the image at the first step of sampling.
          let process = try DiffusionProcess(recipe.scheduler)
          _ = try prediction.cleanCoefficients(at: process.time(at: 1 - 1e-9))
        }
      }
    }
  }

  @Test("crops and images that the networks cannot halve are refused, with what they take")
  func sides() throws {
    let architecture = TinyRun.architecture
    var settings = AutoencoderSettings()
    for (crop, fits) in [(16, true), (18, false), (20, true), (32, true), (33, true)] {
      settings.cropSize = crop
      let error = TrainingError.invalidSetting(
        key: "cropSize", value: "\(crop)", remedy: "give a multiple of 4, by which the autoencoder divides the side")
      if fits {
        try settings.requireFit(architecture, imageSide: 32, path: "data")
      } else {
        #expect(throws: error) { try settings.requireFit(architecture, imageSide: 32, path: "data") }
      }
    }
    #expect(throws: TrainingError.unfitImages(path: "data", side: 30, multiple: 4)) {
      try settings.requireFit(architecture, imageSide: 30, path: "data")
    }
    #expect(throws: TrainingError.unfitImages(path: "data", side: 36, multiple: 8)) {
      try DiffusionSettings().requireFit(architecture, imageSide: 36, path: "data")
    }
    #expect(
      TrainingError.unfitImages(path: "data", side: 36, multiple: 8).description
        == "data has images of 36 pixels a side, and these networks take multiples of 8: import them with --size 40")
  }
}
