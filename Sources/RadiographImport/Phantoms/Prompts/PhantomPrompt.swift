/// A prompt that tries a model, and what its picture has to show.
///
/// The text is one that no dataset of phantoms has (`PhantomReport.isKeptForPrompts`). One line of a file of prompts is
/// one of these as JSON: `kind`, `prompt`, `truth`.
public struct PhantomPrompt: Sendable, Equatable, Codable {
  /// What a prompt tests; nothing else of its picture is checked.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// An opacity on the right side of the picture.
    case side
    /// An opacity in the right third of the lung.
    case zone
    /// An opacity if there is to be one, none if not; half of the prompts each.
    case presence
    /// A heart of the right one of three sizes; a third of the prompts each.
    case heartSize = "heart_size"
    /// Nothing that the text denies: no opacity, no effusion, or neither.
    case negation
  }

  public var kind: Kind
  public var prompt: String
  public var truth: PhantomReading

  /// The prompt at `index`, from 0, of those that a seed gives; the kinds take turns.
  public init(seed: UInt64, index: Int) {
    let kind = Kind.allCases[index % Kind.allCases.count]
    let turn = index / Kind.allCases.count
    var random = DrawingRandom(.prompts, seed: seed, index: index)
    var description: PhantomDescription
    repeat { description = PhantomDescription(&random) } while !kind.isTried(by: description, turn: turn)
    self.kind = kind
    prompt = PhantomReport(description, forPrompt: true, &random).text
    truth = PhantomReading(description)
  }

  /// The first `count` prompts of a seed.
  ///
  /// - Throws: `PhantomError.count` outside of 1 to `Phantom.mostInOneCall`.
  public static func list(count: Int, seed: UInt64) throws(PhantomError) -> [PhantomPrompt] {
    try Phantom.checkCount(count)
    return (0..<count).map { PhantomPrompt(seed: seed, index: $0) }
  }

  /// Whether a picture shows what the prompt tries. One that is no phantom never does.
  public func isObeyed(by reading: PhantomReading) -> Bool {
    guard reading.isPhantom else { return false }
    switch kind {
    case .side: return reading.opacity?.side == truth.opacity?.side
    case .zone: return reading.opacity?.zone == truth.opacity?.zone
    case .presence: return (reading.opacity != nil) == (truth.opacity != nil)
    case .heartSize: return reading.heartSize == truth.heartSize
    case .negation:
      return !(truth.opacity == nil && reading.opacity != nil) && !(truth.effusion == nil && reading.effusion != nil)
    }
  }
}

extension PhantomPrompt.Kind {
  /// Whether a description is one that the kind can be tried with.
  ///
  /// - Parameter turn: How many prompts of the kind were before.
  fileprivate func isTried(by description: PhantomDescription, turn: Int) -> Bool {
    switch self {
    case .side, .zone: description.opacity != nil
    case .presence: (description.opacity != nil) == (turn % 2 == 0)
    case .heartSize: description.heartSize == PhantomDescription.HeartSize.allCases[turn % 3]
    case .negation: description.opacity == nil || description.effusion == nil
    }
  }
}
