/// What the phrases around a finding do to it: the clauses of a sentence, and the cues in them.
///
/// The ideas are those of NegEx (Chapman et al. 2001) and of NegBio (Peng et al. 2018): a cue acts forwards or
/// backwards on the findings of its clause. Clauses are found by words, not by a parse.
struct AssertionScopes: Sendable {
  enum Cue: Sendable, Equatable {
    case negationBefore
    case negationAfter
    case uncertaintyBefore
    case uncertaintyAfter
    case hypothesisBefore
    case hypothesisAfter
    case alternative
    case boundary
    case opening
    /// Looks like a cue and is none.
    case none
  }

  private let matcher: PhraseMatcher<Cue>
  private let backwards: BackwardReach

  /// How many tokens a cue reaches over.
  private static let reach = 40

  init(_ vocabulary: ScopeVocabulary) throws(VocabularyError) {
    var phrases: [(PhrasePattern, Cue)] = []
    let lists: [([String], Cue)] = [
      (vocabulary.none, .none),
      (vocabulary.negation.before, .negationBefore), (vocabulary.negation.after, .negationAfter),
      (vocabulary.uncertainty.before, .uncertaintyBefore), (vocabulary.uncertainty.after, .uncertaintyAfter),
      (vocabulary.hypothesis.before, .hypothesisBefore), (vocabulary.hypothesis.after, .hypothesisAfter),
      (vocabulary.alternatives, .alternative), (vocabulary.boundaries, .boundary), (vocabulary.openings, .opening),
    ]
    for (list, cue) in lists {
      for pattern in try VocabularyReading.patterns(list) { phrases.append((pattern, cue)) }
    }
    matcher = PhraseMatcher(phrases)
    backwards = BackwardReach(separators: vocabulary.separators)
  }

  /// The state of each of `mentions`, places in `tokens` in order that do not overlap.
  func states(of mentions: [Range<Int>], in tokens: [ReportToken]) -> [FindingState] {
    let cues = cues(in: tokens, around: mentions)
    let clauses = Clauses(tokens: tokens, cues: cues)
    var states = mentions.map { state(before: $0, cues: cues, clauses: clauses) }
    for (index, cue) in cues.enumerated() {
      let actsForwards = index > 0 && cues[index - 1].range == cue.range
      if actsForwards, cue.range.upperBound < tokens.count, tokens[cue.range.upperBound].kind != .punctuation {
        continue
      }
      let state: FindingState
      switch cue.meaning {
      case .negationAfter: state = .negative
      case .uncertaintyAfter, .alternative: state = .uncertain
      case .hypothesisAfter: state = .unmentioned
      default: continue
      }
      for index in backwards.findings(before: cue.range, mentions: mentions, tokens: tokens, clauses: clauses)
      where states[index] != .negative {
        states[index] = state
      }
    }
    return states
  }

  /// The first token of the clause of each token.
  func clauses(of tokens: [ReportToken], around mentions: [Range<Int>]) -> Clauses {
    Clauses(tokens: tokens, cues: cues(in: tokens, around: mentions))
  }

  private func cues(in tokens: [ReportToken], around mentions: [Range<Int>]) -> [PhraseMatcher<Cue>.Match] {
    var inside = [Bool](repeating: false, count: tokens.count)
    for mention in mentions { for index in mention { inside[index] = true } }
    return matcher.longestMatches(in: tokens).filter { !inside[$0.range.lowerBound] }
  }

  private func state(
    before mention: Range<Int>, cues: [PhraseMatcher<Cue>.Match], clauses: Clauses
  ) -> FindingState {
    let clause = clauses.start(of: mention.lowerBound)
    var state = FindingState.positive
    for cue in cues.reversed() where cue.range.upperBound <= mention.lowerBound {
      guard cue.range.lowerBound >= clause, mention.lowerBound - cue.range.upperBound <= Self.reach else { break }
      switch cue.meaning {
      case .negationBefore where cue.range.lowerBound >= clauses.opening(before: mention.lowerBound): return .negative
      case .hypothesisBefore: return .unmentioned
      case .uncertaintyBefore, .alternative: state = .uncertain
      default: break
      }
    }
    return state
  }
}

/// The findings that a cue behind them acts on: the nearest one, and those that are listed with it.
struct BackwardReach: Sendable {
  private let separators: Set<String>
  private static let longest = 14

  /// - Parameter separators: words between two findings that keep them from being one list.
  init(separators: [String]) { self.separators = Set(separators) }

  /// The indices of the findings, the nearest first.
  func findings(
    before cue: Range<Int>, mentions: [Range<Int>], tokens: [ReportToken], clauses: Clauses
  ) -> [Int] {
    let clause = clauses.start(of: cue.lowerBound)
    var reached: [Int] = []
    var end = cue.lowerBound
    var index = mentions.partitioningIndex { $0.upperBound > cue.lowerBound }
    while index > 0 {
      index -= 1
      let mention = mentions[index]
      guard mention.lowerBound >= clause, end - mention.upperBound <= Self.longest else { break }
      let between = tokens.between(mention.upperBound, end)
      if !reached.isEmpty, between.contains(where: { separators.contains($0.text) }) { break }
      reached.append(index)
      end = mention.lowerBound
    }
    return reached
  }
}

extension [Range<Int>] {
  /// The index of the first element that meets `condition`, which all that follow meet too.
  func partitioningIndex(where condition: (Range<Int>) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Where each clause of a sentence begins.
struct Clauses: Sendable {
  private var starts: [Int]
  private var openings: [Int]

  /// The first token of the clause that `token` is in.
  func start(of token: Int) -> Int { token < starts.count ? starts[token] : starts.last ?? 0 }

  /// The first token of the clause, or of the last new statement in it, that a denial can act from.
  func opening(before token: Int) -> Int { token < openings.count ? openings[token] : openings.last ?? 0 }

  private static let verbs: Set<String> = [
    "is", "are", "was", "were", "remains", "remain", "appears", "appear", "has", "have", "demonstrates", "shows",
  ]
  /// What ends a list of findings that begins before its comma ("effusion, or pneumothorax is seen").
  private static let listEnds: Set<String> = [
    "seen", "identified", "noted", "present", "evident", "demonstrated", "visualized", "visualised", "appreciated",
    "detected", "found", "not", "absent", "excluded", "apparent", "observed", "visible", "suspected", "recognized",
    "no", "definitely", "clearly", "shown", "suggested", "been",
  ]
  private static let changes: Set<String> = [
    "resolved", "cleared", "improved", "decreased", "increased", "worsened", "progressed", "unchanged", "stable",
    "removed", "disappeared", "developed",
  ]
  private static let joints: Set<String> = [",", "and", "or"]

  init(tokens: [ReportToken], cues: [PhraseMatcher<AssertionScopes.Cue>.Match]) {
    var begins = [Bool](repeating: false, count: tokens.count + 1)
    var opens = begins
    for (index, token) in tokens.enumerated() {
      if token.text == ";" || token.text == ":" { begins[index + 1] = true }
      guard Self.joints.contains(token.text), let predicate = Self.predicate(tokens, at: index + 1) else { continue }
      // "A and B have resolved" may be one statement of both, and is a new one for a denial before it.
      if Self.changes.contains(predicate) { opens[index] = true } else { begins[index] = true }
    }
    for index in begins.indices where begins[index] { opens[index] = true }
    for cue in cues {
      let start = cue.range.lowerBound
      switch cue.meaning {
      case .boundary: (begins[start], opens[start]) = (true, true)
      case .opening where start > 0 && Self.joints.contains(tokens[start - 1].text): opens[start] = true
      default: break
      }
    }
    starts = Self.lastTrue(begins, count: tokens.count)
    openings = Self.lastTrue(opens, count: tokens.count)
  }

  private static func lastTrue(_ marks: [Bool], count: Int) -> [Int] {
    var last = 0
    return (0..<count).map { index in
      if marks[index] { last = index }
      return last
    }
  }

  /// What a verb says of the subject that follows `start`; nil if the rest of a list follows.
  private static func predicate(_ tokens: [ReportToken], at start: Int) -> String? {
    for index in start..<max(start, min(start + 7, tokens.count)) {
      if tokens[index].kind == .punctuation { return nil }
      guard verbs.contains(tokens[index].text) else { continue }
      guard index > start, index + 1 < tokens.count, !listEnds.contains(tokens[index + 1].text) else { return nil }
      return tokens[index + 1].text
    }
    return nil
  }
}
