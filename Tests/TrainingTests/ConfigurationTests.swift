import Diffusion
import Foundation
import RadiologyReports
import Testing
import Torch

@testable import RadiographData
@testable import Training

@Suite("Settings of a run")
struct ConfigurationTests {
  private let small: DiffusionRecipe
  private let paper: DiffusionRecipe

  init() throws {
    small = try RecipeCatalog.recipe("small")
    paper = try RecipeCatalog.recipe("paper")
  }

  private func resolve(_ settings: String...) throws -> DiffusionRecipe {
    try ConfigurationResolver.resolve(small, file: nil, settings: settings)
  }

  @Test("pairs are laid over the recipe, nested keys by dots")
  func pairs() throws {
    let recipe = try resolve("batchSize=8", "learningRate=1e-3", "scheduler.stepsOffset=1", "sourceRepeats.nih=2")
    #expect(recipe.batchSize == 8)
    #expect(recipe.learningRate == 1e-3)
    #expect(recipe.scheduler.stepsOffset == 1)
    #expect(recipe.sourceRepeats == ["nih": 2])
  }

  @Test("a YAML file comes before the pairs, and what is stored resolves to the same recipe")
  func file() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("steps: 7\nbatchSize: 3\n".utf8).write(to: file)
    let recipe = try ConfigurationResolver.resolve(small, file: file, settings: ["batchSize=5"])
    #expect(recipe.steps == 7)
    #expect(recipe.batchSize == 5)
    try Data(ConfigurationResolver.yaml(recipe).utf8).write(to: file)
    #expect(try ConfigurationResolver.resolve(small, file: file, settings: []) == recipe)
    #expect(try ConfigurationResolver.differences(small, recipe) == ["batchSize", "steps"])
  }

  @Test("the preset chooses the recipe that settings are laid over")
  func presets() throws {
    #expect(try DiffusionRecipe.resolved(file: nil, settings: []) == small)
    #expect(try DiffusionRecipe.resolved(file: nil, settings: ["preset=paper"]) == paper)
    #expect(try DiffusionRecipe.resolved("paper", file: nil, settings: []) == paper)
    #expect(
      throws: TrainingError.invalidSetting(
        key: "the recipe", value: "large",
        remedy: "choose one of small, paper, released, phantom, judge, places, anatomy, chexgenbench")
    ) { try DiffusionRecipe.resolved("large", file: nil, settings: []) }
    let recipe = try AutoencoderRecipe.resolved(file: nil, settings: ["preset=released", "batchSize=8"])
    #expect(recipe.preset == "released")
    #expect(recipe.reconstruction == .mse)
    #expect(recipe.batchSize == 8)
  }

  @Test("a branch of another type replaces the recipe's, whatever the order of the pairs")
  func types() throws {
    let pairs = ["weighting.gamma=3", "weighting.type=minSNR", "times.type=uniform", "scheduler.schedule.type=linear"]
    for settings in [pairs, pairs.reversed()] {
      let recipe = try ConfigurationResolver.resolve(small, file: nil, settings: settings)
      #expect(recipe.weighting == .minSNR(gamma: 3))
      #expect(recipe.times == .uniform)
      #expect(recipe.scheduler.schedule == SchedulerConfiguration.ddpmLinear.schedule)
    }
    #expect(try resolve("times.mean=0.5").times == .logitNormal(mean: 0.5))
    expectRefused("weighting.gama") { try resolve("weighting.type=minSNR", "weighting.gama=3") }
  }

  @Test("sources are repeated by any name, and an empty mapping takes the recipe's away")
  func sources() throws {
    #expect(try resolve("sourceRepeats.scans=3").sourceRepeats == ["nih": 2, "scans": 3])
    #expect(try resolve("sourceRepeats={}").sourceRepeats.isEmpty)
  }

  @Test("an image with a finding on one side is seen as often as its source or as sides, whichever is more")
  func sides() throws {
    func finding(_ side: Laterality?) -> ImageFinding {
      ImageFinding(
        name: "Effusion", origin: .people, annotator: "test", side: side,
        box: ImageBox(x: 0, y: 0, width: 1, height: 1))
    }
    func repeats(_ source: String, _ findings: [ImageFinding]) throws -> Int {
      let settings = try resolve("sourceRepeats={nih: 2, films: 9}", "sidedRepeats=6").own
      return settings.repeats(
        of: RadiographRecord(
          id: 1, source: source, path: "1.png", patient: "1", study: "1", split: .train,
          attributes: RadiographAttributes(findings: findings), sections: [], originalSize: nil, contentHash: nil,
          slot: 0))
    }
    #expect(try repeats("nih", []) == 2)
    #expect(try repeats("nih", [finding(nil)]) == 2)
    #expect(try repeats("nih", [finding(nil), finding(.left)]) == 6)
    #expect(try repeats("films", [finding(.right)]) == 9)
    #expect(try repeats("scans", [finding(.right)]) == 6)
    #expect(try repeats("computed findings", [finding(.right)]) == 1)
  }

  @Test("a stored recipe is read as it was, whatever the defaults are")
  func stored() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    var other = small
    other.weighting = .minSNR(gamma: 5)
    other.sourceRepeats = [:]
    for recipe in [small, paper, other] {
      try Data(ConfigurationResolver.yaml(recipe).utf8).write(to: file)
      #expect(try ConfigurationResolver.stored(file) == recipe)
    }
  }

  @Test("a run is resumed with its own settings, and others are refused by name")
  func resuming() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-settings-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    let folder = RunFolder(root, stage: .diffusion)
    var request = TrainingRequest(dataset: root, run: root, settings: ["preset=paper", "batchSize=2"])
    let begun: ResolvedRecipe<DiffusionSettings> = try request.resolve(in: folder)
    try folder.create()
    try Data(ConfigurationResolver.yaml(begun.recipe).utf8).write(to: folder.configuration)
    try Data().write(to: folder.checkpoint(step: 1))

    request.options.resume = true
    for settings in [[], ["batchSize=2"], ["preset=paper", "batchSize=2"]] {
      request.settings = settings
      let resumed: ResolvedRecipe<DiffusionSettings> = try request.resolve(in: folder)
      #expect(resumed.recipe == begun.recipe)
    }
    // The command that began it, with its recipe, goes on too; another recipe is refused by what differs.
    request.recipe = "paper"
    request.settings = ["batchSize=2"]
    #expect(try (request.resolve(in: folder) as ResolvedRecipe<DiffusionSettings>).recipe == begun.recipe)
    request.recipe = "released"
    #expect {
      let _: ResolvedRecipe<DiffusionSettings> = try request.resolve(in: folder)
    } throws: { error in
      guard case TrainingError.otherConfiguration(_, let keys) = error else { return false }
      return keys.contains("preset")
    }
    request.recipe = nil
    request.settings = ["batchSize=3"]
    #expect(throws: TrainingError.otherConfiguration(path: folder.folder.path, keys: ["batchSize"])) {
      let _: ResolvedRecipe<DiffusionSettings> = try request.resolve(in: folder)
    }
  }

  @Test("an architecture stands in the settings in full, or is named by its file, and is in what is stored")
  func architecture() throws {
    let phantom: DiffusionRecipe = try RecipeCatalog.recipe("phantom")
    let architecture = try #require(phantom.architecture)
    #expect(architecture.imageSide == 64)
    #expect(try phantom.common.modelArchitecture() == architecture)
    #expect((try RecipeCatalog.recipe("phantom") as AutoencoderRecipe).architecture == architecture)
    try withTemporaryFolder { (folder: URL) throws in
      let file = folder.appendingPathComponent("networks.yaml")
      try Data(ConfigurationResolver.yaml(architecture).utf8).write(to: file)
      let named = try DiffusionRecipe.resolved(file: nil, settings: ["architecture=\(file.path)"])
      #expect(named.architecture == architecture)
      // Beside a file of settings it is found by its name alone.
      let settings = folder.appendingPathComponent("settings.yaml")
      try Data("architecture: networks.yaml\n".utf8).write(to: settings)
      #expect(try DiffusionRecipe.resolved(file: settings, settings: []) == named)
      try Data(ConfigurationResolver.yaml(named).utf8).write(to: settings)
      #expect(try ConfigurationResolver.stored(settings) == named)
    }
  }

  @Test("keys that no recipe has are refused by name")
  func unknownKeys() {
    #expect { try resolve("batchsize=8") } throws: { error in
      guard case TrainingError.unknownSetting(let key, let known) = error else { return false }
      return key == "batchsize" && known.contains("batchSize")
    }
  }

  @Test("values of another kind are refused", arguments: ["batchSize=many", "times=3", "=5", "nonsense", "seed=-1"])
  func wrongValues(_ setting: String) {
    let key = setting.split(separator: "=", omittingEmptySubsequences: false)[0]
    expectRefused(key.isEmpty || key == "nonsense" ? "--set" : String(key)) { try resolve(setting) }
  }

  @Test(
    "values out of range are refused",
    arguments: [
      "steps=0", "batchSize=0", "batchSize=1000000", "learningRate=-1", "learningRate=.nan", "learningRate=.inf",
      "averageWidths=[0.1, .nan]", "emaDecay=1", "promptDropout=1.5", "promptsPerImage=0", "maximumShift=-1",
      "sourceRepeats.nih=0", "sidedRepeats=0",
    ])
  func outOfRange(_ setting: String) {
    expectRefused(String(setting.prefix { $0 != "=" })) { try resolve(setting).validate() }
  }

  @Test("files that are no mapping are refused", arguments: ["- a\n- b\n", "just text", "a: [1", ""])
  func wrongFiles(_ text: String) throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(text.utf8).write(to: file)
    #expect {
      try ConfigurationResolver.resolve(small, file: file, settings: [])
    } throws: { error in
      guard case TrainingError.unreadableConfiguration(let path, _) = error else { return false }
      // With the number of the line, if one is at fault.
      return path.hasPrefix(file.path)
    }
  }

  @Test("a few lines of aliases that mean millions of values are refused at once")
  func aliases() throws {
    var lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for level in 1...10 {
      lines.append(
        "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]")
    }
    let text = lines.joined(separator: "\n")
    #expect(throws: TrainingError.unreadableConfiguration(path: "a", reason: "its aliases mean more than 10000 values"))
    {
      try ConfigurationResolver.tree(ofYAML: Data(text.utf8), path: "a")
    }
    let few = try ConfigurationResolver.tree(ofYAML: Data(lines[0...1].joined(separator: "\n").utf8), path: "a")
    #expect((few["a1"] as? [[Int]])?.flatMap { $0 }.count == 81)
  }

  @Test("every recipe of the program is valid in all its stages, and says what it is")
  func recipes() throws {
    for entry in try RecipeCatalog.entries() {
      #expect(!entry.title.isEmpty)
      let alone = ["judge", "places", "anatomy", "chexgenbench"].contains(entry.name)
      let judges = entry.name == "small" ? ["classifier", "reidentifier"] : alone ? ["classifier"] : []
      let faster = entry.name == "small" ? ["distillation"] : []
      #expect(entry.stages == (alone ? [] : ["vae", "diffusion"]) + judges + faster)
      try (RecipeCatalog.recipe(entry.name) as AutoencoderRecipe).validate()
      try (RecipeCatalog.recipe(entry.name) as DiffusionRecipe).validate()
      try (RecipeCatalog.recipe(entry.name) as ClassifierStageRecipe).validate()
      try (RecipeCatalog.recipe(entry.name) as ReidentifierRecipe).validate()
    }
  }

  @Test("a run that was begun before a setting came goes on without it")
  func former() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    let yaml = try ConfigurationResolver.yaml(small)
    let start = try #require(yaml.range(of: "cadence:\n"))
    let end = try #require(yaml.range(of: "emaDecay:"))
    try Data((yaml[..<start.lowerBound] + yaml[end.lowerBound...]).utf8).write(to: file)
    let recipe: DiffusionRecipe = try ConfigurationResolver.stored(file)
    // The recipe's own value went with the lines; such a run was trained without it.
    var expected = small
    expected.contrastiveWeight = 0
    #expect(recipe == expected)
  }
}

@Suite("The order of examples")
struct EpochOrderTests {
  @Test("every epoch shows every example once, in an order of its own; any step can be asked for first")
  func epochs() throws {
    let randomness = TrainingRandomness(seed: 3)
    let order = EpochOrder(of: 12, randomness: randomness)
    func slice(_ step: Int, _ rows: Range<Int> = 0..<4) -> BatchSlice {
      BatchSlice(step: step, batchSize: 4, rows: rows)
    }
    let steps = try (0..<9).map { try order.examples(of: slice($0)) }
    let epochs = stride(from: 0, to: 9, by: 3).map { Array(steps[$0..<($0 + 3)].joined()) }
    for epoch in epochs { #expect(epoch.sorted() == Array(0..<12)) }
    #expect(Set(epochs).count == 3)
    let other = EpochOrder(of: 12, randomness: randomness)
    #expect(try other.examples(of: slice(7, 1..<3)) == Array(steps[7][1..<3]))
  }

  @Test("seeds, purposes and steps have streams of their own")
  func streams() throws {
    func first(_ seed: UInt64, _ purpose: TrainingRandomness.Purpose, _ step: Int) throws -> [Float] {
      try Tensor.rand([2], generator: TrainingRandomness(seed: seed).generator(purpose, step: step)).floats()
    }
    let streams = try [first(0, .crop, 0), first(1, .crop, 0), first(0, .noise, 0), first(0, .crop, 1)]
    #expect(Set(streams).count == 4)
    #expect(try first(0, .crop, 0) == streams[0])
  }
}
