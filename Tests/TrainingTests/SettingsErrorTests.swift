import Foundation
import Testing
import Torch

@testable import Training

/// Values that do not fit their setting: each is refused with its key, what was given, and what would be taken.
@Suite("Wrong settings")
struct SettingsErrorTests {
  struct Wrong: Sendable, CustomTestStringConvertible {
    var setting: String
    var key: String
    var value: String
    var remedy: String

    init(_ setting: String, _ key: String, _ value: String, _ remedy: String) {
      (self.setting, self.key, self.value, self.remedy) = (setting, key, value, remedy)
    }

    var testDescription: String { setting }
  }

  @Test(
    arguments: [
      Wrong("batchSize=4.5", "batchSize", "4.5", "give a whole number"),
      Wrong("batchSize=many", "batchSize", "many", "give a whole number"),
      Wrong("batchSize=true", "batchSize", "true", "give a whole number"),
      Wrong("batchSize=", "batchSize", "empty", "give a whole number"),
      Wrong("batchSize=[1, 2]", "batchSize", "a list", "give a whole number"),
      Wrong("batchSize={a: 1}", "batchSize", "a group of settings", "give a whole number"),
      Wrong("batchSize=null", "batchSize", "null", "give a whole number"),
      Wrong("batchSize=1e300", "batchSize", "1e+300", "give a whole number"),
      Wrong("seed=-1", "seed", "-1", "give a whole number from 0 to 18446744073709551615"),
      Wrong(
        "seed=18446744073709551616", "seed", "18446744073709551616",
        "give a whole number from 0 to 18446744073709551615"),
      Wrong("learningRate=fast", "learningRate", "fast", "give a number"),
      Wrong("learningRate=false", "learningRate", "false", "give a number"),
      Wrong("learningRate=.nan", "learningRate", "nan", "give a finite number"),
      Wrong("scheduler.stepsOffset=1.5", "scheduler.stepsOffset", "1.5", "give a whole number"),
      Wrong("scheduler.schedule.zeroTerminalSNR=3", "scheduler.schedule.zeroTerminalSNR", "3", "give true or false"),
      Wrong("scheduler.prediction=3", "scheduler.prediction", "3", "choose one of epsilon, sample, v, flow"),
      Wrong("scheduler.spacing=wide", "scheduler.spacing", "wide", "choose one of leading, linspace, trailing"),
      Wrong("times.type=normal", "times.type", "normal", "choose one of uniform, logitNormal"),
      Wrong("precision=half", "precision", "half", "choose one of bfloat16, float16, float32"),
      Wrong("times=3", "times", "3", "set its parts, as in times.key=value"),
      Wrong("times.mean=left", "times.mean", "left", "give a number"),
      Wrong("optimizer=sgd", "optimizer", "sgd", "choose one of adamW, muon"),
      Wrong("checkpointing=some", "checkpointing", "some", "choose one of none, everySecond, all"),
      Wrong("averageWidths=0.1", "averageWidths", "0.1", "give a list, as in [1, 2]"),
      Wrong("sourceRepeats.nih=2.5", "sourceRepeats.nih", "2.5", "give a whole number"),
      Wrong("sourceRepeats=2", "sourceRepeats", "2", "set its parts, as in sourceRepeats.key=value"),
      Wrong("textEncoder=5", "textEncoder", "5", "give a word, in quotation marks if it looks like a number"),
      Wrong("=5", "--set", "=5", "write key=value"),
      Wrong("nonsense", "--set", "nonsense", "write key=value"),
      Wrong("batchSize=[1", "batchSize", "[1", "write a number, a word or a list"),
    ])
  func refused(_ wrong: Wrong) {
    let expected = TrainingError.invalidSetting(key: wrong.key, value: wrong.value, remedy: wrong.remedy)
    #expect(throws: expected) {
      let small: DiffusionRecipe = try RecipeCatalog.recipe("small")
      _ = try ConfigurationResolver.resolve(small, file: nil, settings: [wrong.setting])
    }
  }

  @Test("switches and words of the autoencoder's settings are refused as well")
  func autoencoder() {
    func resolve(_ setting: String) throws {
      _ = try ConfigurationResolver.resolve(AutoencoderRecipe(), file: nil, settings: [setting])
    }
    #expect(throws: TrainingError.invalidSetting(key: "mirror", value: "maybe", remedy: "give true or false")) {
      try resolve("mirror=maybe")
    }
    #expect(throws: TrainingError.invalidSetting(key: "reconstruction", value: "l2", remedy: "choose one of l1, mse")) {
      try resolve("reconstruction=l2")
    }
  }

  @Test("the message names key, value and remedy in one line")
  func message() {
    let error = #expect(throws: TrainingError.self) {
      try ConfigurationResolver.resolve(DiffusionRecipe(), file: nil, settings: ["batchSize=4.5"])
    }
    #expect(error?.description == "batchSize cannot be 4.5: give a whole number")
  }

  @Test("the largest seed, and whole numbers that are written as others, are taken")
  func taken() throws {
    let recipe = try ConfigurationResolver.resolve(
      DiffusionRecipe(), file: nil, settings: ["seed=18446744073709551615", "batchSize=1e1", "learningRate=1"])
    #expect(recipe.seed == .max)
    #expect(recipe.batchSize == 10)
    #expect(recipe.learningRate == 1)
  }

  @Test("networks are trained in three precisions, and in no other")
  func precision() throws {
    for precision in [DType.float32, .bfloat16, .float16] {
      var recipe = DiffusionRecipe()
      recipe.precision = precision
      try recipe.validate()
    }
    var recipe = DiffusionRecipe()
    recipe.precision = .int32
    #expect(
      throws: TrainingError.invalidSetting(
        key: "precision", value: "int32", remedy: "choose one of float32, bfloat16, float16")
    ) { try recipe.validate() }
  }

  @Test("a warm-up longer than the run is shortened to it, with a note")
  func warmup() throws {
    let small: DiffusionRecipe = try RecipeCatalog.recipe("small")
    let short = ResolvedRecipe(try ConfigurationResolver.resolve(small, file: nil, settings: ["steps=60"]))
    #expect(short.recipe.warmupSteps == 60)
    #expect(short.notes == ["warmupSteps is 60, not 200: the run has no more steps"])
    try short.recipe.validate()
    let long = ResolvedRecipe(small)
    #expect(long.recipe == small)
    #expect(long.notes.isEmpty)
  }
}
