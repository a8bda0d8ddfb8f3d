import Foundation
import Support

/// Writes prompts for images that have no report, from their labels, view, age and sex.
///
/// All wording is data (`Resources/prompts.json`); this type only chooses. What a prompt says is always true of the
/// image as far as its source knows: a finding that the image has is never negated, a finding that the source did not
/// decide on is neither asserted nor negated, and a side, a zone or a size is named only of a finding that was marked in
/// the image.
public struct PromptGrammar: Sendable {
  let rules: GrammarRules

  /// The grammar that comes with the program.
  ///
  /// - Throws: `DatasetError.malformedGrammar` if the program was built wrongly.
  public static func standard() throws(DatasetError) -> PromptGrammar {
    try PromptGrammar(json: Data(PackageResources.prompts_json))
  }

  /// - Throws: `DatasetError.malformedGrammar` if the JSON is not a grammar, or a template names an unknown slot.
  public init(json: Data) throws(DatasetError) {
    do {
      rules = try JSONDecoder().decode(GrammarRules.self, from: json)
    } catch {
      throw .malformedGrammar(reason: "\(error)".split(separator: "\n").joined(separator: " "))
    }
    try rules.check()
  }

  /// `count` prompts for one image, different ones as far as the grammar has them. The same arguments give the same
  /// prompts, and the first of many equal the few.
  public func prompts(for attributes: RadiographAttributes, count: Int, seed: UInt64) -> [String] {
    var generator = SplitMix64(seed: seed)
    var prompts: [String] = []
    var seen: Set<String> = []
    while prompts.count < count {
      var prompt = prompt(for: attributes, using: &generator)
      for _ in 0..<8 where seen.contains(prompt) { prompt = self.prompt(for: attributes, using: &generator) }
      seen.insert(prompt)
      prompts.append(prompt)
    }
    return prompts
  }

  /// One prompt, and what it says.
  func spoken(
    for attributes: RadiographAttributes, using generator: inout some RandomNumberGenerator
  ) -> (text: String, statements: [PromptStatement]) {
    var choice = GrammarChoice(rules: rules, attributes: attributes, generator: generator)
    defer { generator = choice.generator }
    let text = choice.prompt()
    return (text, choice.statements)
  }

  /// One prompt.
  public func prompt(
    for attributes: RadiographAttributes, using generator: inout some RandomNumberGenerator
  ) -> String {
    spoken(for: attributes, using: &generator).text
  }
}
