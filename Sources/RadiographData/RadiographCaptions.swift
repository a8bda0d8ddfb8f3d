extension RadiographRecord {
  /// `count` texts to train this image on, the same for the same seed.
  ///
  /// An image with a report gives the report's own words: findings and impression, then each alone, over and over.
  /// Any other image gets prompts of the grammar; each image draws from a stream of its own.
  public func captions(count: Int, seed: UInt64, grammar: PromptGrammar) -> [String] {
    guard !sections.isEmpty else {
      // The image's number, spread over all bits, so that neighbours do not share a stream.
      var mixer = SplitMix64(seed: UInt64(bitPattern: id))
      return grammar.prompts(for: attributes, count: count, seed: seed ^ mixer.next())
    }
    let texts = sections.filter { ["findings", "impression", "caption"].contains($0.name) }.map(\.text)
    let own = texts.isEmpty ? sections.map(\.text) : texts
    let variants = own.count > 1 ? [own.joined(separator: " ")] + own : own
    return (0..<max(count, 0)).map { variants[$0 % variants.count] }
  }
}
