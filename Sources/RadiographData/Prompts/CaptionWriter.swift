import RadiologyReports
import Support

/// Makes the texts that images are trained on: of reports, cleaned and cut to what the text encoder takes; of the
/// grammar for images without a report.
public struct CaptionWriter: Sendable {
  /// What a text encoder takes.
  public struct TokenLimit {
    public var maximum: Int
    /// The tokens of a text, special tokens as the encoder counts them.
    public var count: (String) -> Int

    public init(maximum: Int, count: @escaping (String) -> Int) {
      self.maximum = maximum
      self.count = count
    }
  }

  /// The texts of one image.
  public struct Captions: Sendable, Equatable {
    public var texts: [String]
    /// How many of them were too long and lost sentences.
    public var cut: Int

    public init(texts: [String], cut: Int) {
      self.texts = texts
      self.cut = cut
    }
  }

  private let grammar: PromptGrammar
  private let cleaner: ReportCleaner

  public init(grammar: PromptGrammar, cleaner: ReportCleaner) {
    self.grammar = grammar
    self.cleaner = cleaner
  }

  /// With the grammar and the cleaning steps that come with the program.
  ///
  /// - Throws: `DatasetError.malformedGrammar`, or what is wrong with the cleaning steps, if the program was built wrongly.
  public static func standard() throws -> CaptionWriter {
    CaptionWriter(grammar: try .standard(), cleaner: try .standard())
  }

  /// `count` texts of an image, the same for the same seed.
  ///
  /// An image with a report gives the report's own words: findings and impression, then each alone, over and over.
  /// Any other image gets prompts of the grammar; each image draws from a stream of its own.
  ///
  /// - Parameters:
  ///   - limit: texts above it lose whole sentences, those of the impression last; nil leaves them whole.
  ///   - side: the side of the images that a model is trained on: the texts of one that was enlarged to it say so, so
  ///     that the model learns from it and draws no blurred images unless asked for them; nil says nothing.
  public func captions(
    of record: RadiographRecord, count: Int, seed: UInt64, limit: TokenLimit? = nil, enlargedTo side: Int? = nil
  ) -> Captions {
    if let side, record.isEnlarged(to: side) {
      let remark = grammar.rules.lowResolution + " "
      let room = limit.map { TokenLimit(maximum: $0.maximum - $0.count(remark), count: $0.count) }
      let captions = captions(of: record, count: count, seed: seed, limit: room)
      return Captions(texts: captions.texts.map { remark + $0 }, cut: captions.cut)
    }
    guard !record.sections.isEmpty else {
      // The image's number, spread over all bits, so that neighbours do not share a stream.
      var mixer = SplitMix64(seed: UInt64(bitPattern: record.id))
      let prompts = grammar.prompts(for: record.attributes, count: count, seed: seed ^ mixer.next())
      return Captions(texts: prompts, cut: 0)
    }
    let variants = Self.variants(of: record.sections).map { sections in
      let cleaned = sections.map { ReportSection(name: $0.reportName, text: cleaner.clean($0.text)) }
      guard let limit else { return (text: cleaned.map(\.text).joined(separator: " "), isCut: false) }
      let result = TextTruncation.truncate(cleaned, limit: limit.maximum, countTokens: limit.count)
      return (text: result.text, isCut: result.isCut)
    }
    let chosen = (0..<max(count, 0)).map { variants[$0 % variants.count] }
    return Captions(texts: chosen.map(\.text), cut: chosen.count { $0.isCut })
  }

  /// Findings and impression together, then each alone; a report without headings where there is neither, and
  /// whatever there is where there is none of that.
  private static func variants(of sections: [TextSection]) -> [[TextSection]] {
    let spoken = sections.filter { ["findings", "impression", "findings+impression", "caption"].contains($0.name) }
    let plain = sections.filter { $0.name == "report" }
    let own = !spoken.isEmpty ? spoken : !plain.isEmpty ? plain : sections
    return own.count > 1 ? [own] + own.map { [$0] } : [own]
  }
}

extension TextSection {
  /// What the section is among those of a report; a caption is text under no heading.
  package var reportName: ReportSection.Name { ReportSection.Name(rawValue: name) ?? .report }
}
