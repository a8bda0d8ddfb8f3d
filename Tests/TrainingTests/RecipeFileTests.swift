import Foundation
import RadiographModels
import Testing

@testable import Training

@Suite("Recipes as files, and settings that name something")
struct RecipeFileTests {
  private func roundTrip<Settings: StageSettings>(_ type: StageRecipe<Settings>.Type, _ name: String, in file: URL)
    throws
  {
    let recipe: StageRecipe<Settings> = try RecipeCatalog.recipe(name)
    #expect(
      try StageRecipe<Settings>.resolved(file: file, settings: []) == recipe, "\(name), \(Settings.stage.rawValue)")
    #expect(try StageRecipe<Settings>.resolved(name, file: file, settings: []) == recipe)
    let other = try StageRecipe<Settings>.resolved(file: file, settings: ["seed=7"])
    #expect(try ConfigurationResolver.differences(recipe, other) == ["seed"])
  }

  @Test("a recipe as it is printed is a file of settings of each of its stages")
  func printedRecipes() throws {
    try withTemporaryFolder { (folder: URL) throws in
      for name in RecipeCatalog.names {
        let yaml = try RecipeCatalog.yaml(name)
        #expect(!yaml.contains("_0"))
        let file = folder.appendingPathComponent("\(name).yaml")
        try Data(yaml.utf8).write(to: file)
        try roundTrip(AutoencoderRecipe.self, name, in: file)
        try roundTrip(DiffusionRecipe.self, name, in: file)
        try roundTrip(ClassifierStageRecipe.self, name, in: file)
        try roundTrip(ReidentifierRecipe.self, name, in: file)
        try roundTrip(DistillationRecipe.self, name, in: file)
      }
    }
  }

  @Test("what is wrong in a recipe is refused with its line")
  func wrongRecipes() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let file = folder.appendingPathComponent("own.yaml")
      func refusal(_ yaml: String) throws -> String {
        try Data(yaml.utf8).write(to: file)
        let request = TrainingRequest(dataset: folder, run: folder, configuration: file)
        do {
          let _: ResolvedRecipe<AutoencoderSettings> = try request.resolve(in: RunFolder(folder, stage: .autoencoder))
          return "accepted"
        } catch {
          return "\(error)"
        }
      }
      #expect(
        try refusal("title: mine\nvae:\n  stepz: 3\n").hasSuffix(
          "own.yaml:3: there is no setting stepz: did you mean steps?"))
      #expect(try refusal("vae:\n  steps: many\ndiffusion:\n  steps: 3\n").contains("own.yaml:2: steps cannot be many"))
      #expect(try refusal("vae:\n  steps: 2\nsteps: 3\n").contains("own.yaml:3: there is no setting steps"))
      #expect(try refusal("vae: 3\n").contains("own.yaml:1: vae cannot be"))
      // Of another stage nothing is asked.
      #expect(try refusal("vae:\n  steps: 2\ndiffusion:\n  stepz: 3\n") == "accepted")
    }
  }

  @Test("heads of attention are read as they were written before, and written plainly")
  func heads() throws {
    for (yaml, heads) in [
      ("{width: 32}", UNetArchitecture.Heads.width(32)), ("{width: {_0: 32}}", .width(32)), ("{count: 8}", .count(8)),
      ("{count: {_0: 8}}", .count(8)),
    ] {
      let tree = try ConfigurationResolver.tree(ofYAML: Data(yaml.utf8), path: "a")
      #expect(try SettingsDecoder.decode(UNetArchitecture.Heads.self, from: tree) == heads, "\(yaml)")
      #expect(try JSONDecoder().decode(UNetArchitecture.Heads.self, from: JSONEncoder().encode(heads)) == heads)
    }
    #expect(
      String(decoding: try JSONEncoder().encode(UNetArchitecture.Heads.width(32)), as: UTF8.self) == "{\"width\":32}")
    for yaml in ["{}", "{width: 32, count: 8}", "{width: wide}"] {
      let tree = try ConfigurationResolver.tree(ofYAML: Data(yaml.utf8), path: "a")
      #expect(throws: TrainingError.self) { try SettingsDecoder.decode(UNetArchitecture.Heads.self, from: tree) }
    }
    // A file of settings of then.
    let former = "architecture.unet.attentionHeads={width: {_0: 64}}"
    let recipe = try DiffusionRecipe.resolved("phantom", file: nil, settings: [former])
    #expect(recipe.architecture?.unet.attentionHeads == .width(64))
  }

  @Test(
    "a precision has the command line's name and its own",
    arguments: [
      ("fp32", "float32"), ("bf16", "bfloat16"), ("fp16", "float16"), ("BF16", "bfloat16"),
    ])
  func precisions(short: String, long: String) throws {
    let recipe = try DiffusionRecipe.resolved(file: nil, settings: ["precision=\(short)"])
    #expect(recipe.precision.rawValue == long)
    #expect(try DiffusionRecipe.resolved(file: nil, settings: ["precision=\(long)"]).precision == recipe.precision)
  }

  @Test("a source that the dataset does not have is refused, with the nearest that it has")
  func unknownSources() throws {
    let dataset = try TinyDataset()
    defer { try? FileManager.default.removeItem(at: dataset.root) }
    func error(_ setting: String) throws -> TrainingError? {
      do {
        try DiffusionRecipe.resolved(file: nil, settings: [setting]).own.requireNames(in: dataset.dataset)
        return nil
      } catch let error as TrainingError {
        return error
      }
    }
    let path = dataset.dataset.url.path
    let near = try error("sourceRepeats={sourc: 2}")
    #expect(near == .unknownName(key: "sourceRepeats", name: "sourc", path: path, known: ["source"]))
    #expect(near.map { "\($0)".hasSuffix("did you mean source?") } == true)
    #expect(try error("sourceRepeats={nosuch: 2}").map { "\($0)".hasSuffix("it has source") } == true)
    #expect(try error("sourceRepeats={source: 2}") == nil)
    // The recipe that ships names one which other datasets do not have.
    #expect(try error("steps=5") == nil)
  }
}
