import ArgumentParser
import Support
import Terminal
import Training

extension TrainCommand {
  struct Recipes: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "recipes", abstract: "List the recipes that come with the program, or show one.")

    @Argument(help: ArgumentHelp("Recipe to show as YAML, comments included.", valueName: "name"))
    var name: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var common: CommonOptions

    private struct List: Encodable {
      var recipes: [RecipeCatalog.Entry]
    }

    func run() throws {
      try common.check()
      if let name {
        try Console.writeResult(RecipeCatalog.yaml(name))
      } else if json {
        try Console.writeJSON(List(recipes: RecipeCatalog.entries()))
      } else {
        let entries = try RecipeCatalog.entries()
        let width = entries.map(\.name.count).max() ?? 0
        for entry in entries {
          let name = entry.name + String(repeating: " ", count: width - entry.name.count)
          try Console.writeResult("\(name)  \(entry.title) (\(entry.stages.joined(separator: ", ")))")
        }
      }
    }
  }
}
