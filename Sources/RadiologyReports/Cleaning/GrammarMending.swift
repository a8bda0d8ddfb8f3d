/// Mends a sentence that marks are taken out of.
enum GrammarMending {
  static func mended(_ pieces: [TextPiece]) -> [TextPiece] {
    var out: [TextPiece] = []
    var index = 0
    while index < pieces.count {
      guard pieces[index].kind == .mark else {
        out.append(pieces[index])
        index += 1
        continue
      }
      let space = pieces[index].space
      index += 1
      index = takeOut(&out, pieces, next: index, space: space)
    }
    return out
  }

  /// Mends the end of `out` and the beginning of what follows; the place to go on from.
  private static func takeOut(_ out: inout [TextPiece], _ pieces: [TextPiece], next: Int, space: String) -> Int {
    var index = next
    var space = space
    if out.last?.text == "-", out.last?.isGlued == true {
      if out.count >= 2, out[out.count - 2].lowercased == "x" {
        out.append(TextPiece(space: "", text: "ray", kind: .word))
        return index
      }
      out.removeLast()
    }
    if out.last?.text == "/", out.last?.isGlued == true { out.removeLast() }
    // "XXXX-filled", "XXXX/fluid", "XXXX's"
    if index + 1 < pieces.count, ["-", "/"].contains(pieces[index].text), pieces[index].isGlued,
      pieces[index + 1].isGlued
    {
      index += 1
    }
    if index < pieces.count, out.last?.lowercased != "of", FunctionWords.clock.contains(pieces[index].lowercased) {
      index = clockEnd(pieces, at: index)
    }

    let following = Following(pieces, at: index)
    let fill = dropDangling(&out, before: following, space: &space)
    if let fill {
      out.append(TextPiece(space: out.isEmpty ? "" : space.isEmpty ? " " : space, text: fill, kind: .word))
      capitaliseIfFirst(&out, at: out.count - 1)
      return index
    }
    return join(&out, pieces, next: index, space: space)
  }

  /// Takes the words off the end of `out` that have lost what they belong to; a word to put in the mark's place, where
  /// there is one.
  private static func dropDangling(
    _ out: inout [TextPiece], before following: Following, space: inout String
  ) -> String? {
    while let last = out.last, last.kind == .word || last.text == "." {
      let word = last.lowercased
      var dropped = 1
      if last.text == ".", out.count >= 2, FunctionWords.titles.contains(out[out.count - 2].lowercased) {
        dropped = 2
      } else if let fill = fill(after: word, before: following) {
        if fill == "evidence", out.count >= 2, out[out.count - 2].text == "are" { out[out.count - 2].text = "is" }
        if fill == "evidence", word == "are" { out[out.count - 1].text = "is" }
        return fill
      } else if FunctionWords.needsWord.contains(word) {
        guard following.endsPhrase else { return nil }
      } else if FunctionWords.conjunctions.contains(word) {
        guard following.endsPhrase || following.isVerb else { return nil }
      } else if FunctionWords.verbs.contains(word) {
        guard following.endsSentence || FunctionWords.auxiliaries.contains(word) && following.isPreposition else {
          return nil
        }
      } else {
        return nil
      }
      space = out[out.count - dropped].space
      out.removeLast(dropped)
    }
    guard startsSentence(out) else { return nil }
    return following.word == "of" ? "evidence" : following.isVerb ? following.structures : nil
  }

  /// The word for a mark behind `word`, if the two around it leave no doubt or need a noun.
  private static func fill(after word: String, before following: Following) -> String? {
    if following.word == "of", let noun = FunctionWords.fillsBeforeOf[word] { return noun }
    if word == "most", FunctionWords.likely.contains(where: { following.word.hasPrefix($0) }) { return "likely" }
    if let noun = FunctionWords.fills[word], following.needsNoun {
      return following.isPlural ? noun.plural : noun.singular
    }
    if FunctionWords.adjectives.contains(word), following.needsNoun { return following.structures }
    if word == "the", following.isVerb || following.word == "of" { return following.structures }
    return nil
  }

  /// Puts the following piece behind what is left before the mark.
  private static func join(_ out: inout [TextPiece], _ pieces: [TextPiece], next: Int, space: String) -> Int {
    var index = next
    guard index < pieces.count else { return index }
    // Of two conjunctions, or of one that joins nothing, the mark's side goes.
    if FunctionWords.conjunctions.contains(pieces[index].lowercased), startsSentence(out) || endsWithFunctionWord(out),
      index + 1 < pieces.count
    {
      index += 1
    }
    var piece = pieces[index]
    if piece.kind == .mark { return index }
    if piece.kind != .punctuation || piece.text.isEmpty || "([".contains(piece.text) {
      if piece.isGlued { piece.space = space.isEmpty ? " " : space }
      if space.utf8.contains(10), !piece.startsLine { piece.space = space }
    }
    if out.isEmpty { piece.space = "" }
    mendArticle(&out, before: piece)
    if piece.kind == .punctuation, piece.endsSentence, out.last?.endsSentence == true { return index + 1 }
    out.append(piece)
    if piece.kind == .word { capitaliseIfFirst(&out, at: out.count - 1) }
    return index + 1
  }

  private static func startsSentence(_ out: [TextPiece]) -> Bool { out.last?.endsSentence ?? true }

  private static func endsWithFunctionWord(_ out: [TextPiece]) -> Bool {
    guard let word = out.last?.lowercased else { return true }
    return FunctionWords.needsWord.contains(word) || FunctionWords.conjunctions.contains(word)
      || FunctionWords.verbs.contains(word)
  }

  private static func clockEnd(_ pieces: [TextPiece], at index: Int) -> Int {
    var end = index + 1
    // "p.m.", "a.m."
    while end + 1 < pieces.count, pieces[end].text == ".", pieces[end].isGlued, pieces[end + 1].isGlued,
      pieces[end + 1].lowercased == "m"
    {
      end += 2
    }
    return end
  }

  /// "a" before a consonant, "an" before a vowel.
  private static func mendArticle(_ out: inout [TextPiece], before piece: TextPiece) {
    guard let last = out.last, let first = piece.lowercased.unicodeScalars.first, piece.kind == .word else { return }
    let isVowel = "aeio".unicodeScalars.contains(first)
    if last.lowercased == "a", isVowel {
      out[out.count - 1].text += "n"
    } else if last.lowercased == "an", !isVowel, first != "h", first != "u" {
      out[out.count - 1].text.removeLast()
    }
  }

  private static func capitaliseIfFirst(_ out: inout [TextPiece], at index: Int) {
    guard index == 0 || out[index - 1].endsSentence && ![":", ";"].contains(out[index - 1].text) else { return }
    let text = out[index].text
    guard let first = text.first, first.isLowercase else { return }
    out[index].text = first.uppercased() + text.dropFirst()
  }
}

/// What follows a mark.
private struct Following {
  private let piece: TextPiece?
  private let second: TextPiece?
  let word: String

  init(_ pieces: [TextPiece], at index: Int) {
    piece = index < pieces.count && !pieces[index].text.isEmpty ? pieces[index] : nil
    second = index + 1 < pieces.count ? pieces[index + 1] : nil
    word = piece?.lowercased ?? ""
  }

  var isVerb: Bool { FunctionWords.verbs.contains(word) }
  var isPreposition: Bool { FunctionWords.prepositions.contains(word) }
  var endsSentence: Bool { piece?.endsSentence ?? true }
  /// True also if no verb decides.
  var isPlural: Bool { !FunctionWords.singularVerbs.contains(word) }
  var structures: String { isPlural ? "structures" : "structure" }
  var needsNoun: Bool { endsPhrase || FunctionWords.conjunctions.contains(word) }

  /// Whether a phrase ends here, so that what came before has nothing to govern.
  var endsPhrase: Bool {
    guard let piece else { return true }
    if piece.kind == .punctuation { return !"([".contains(piece.text) }
    if FunctionWords.conjunctions.contains(word) { return FunctionWords.verbs.contains(second?.lowercased ?? "") }
    return isPreposition || isVerb || FunctionWords.openers.contains(word)
  }
}

/// Words that need, or replace, others.
private enum FunctionWords {
  static let prepositions: Set<String> = [
    "in", "on", "from", "to", "at", "of", "with", "by", "since", "for", "per", "via", "until", "through", "between",
    "during", "within", "over", "into", "without", "along", "about", "near", "after", "before", "under",
  ]
  static let articles: Set<String> = ["the", "a", "an"]
  static let conjunctions: Set<String> = ["and", "or"]
  /// Words that are nothing without the one that follows.
  static let needsWord: Set<String> = prepositions.union(articles).union([
    "dated", "than", "dr", "mr", "mrs", "ms", "as",
  ])
  static let titles: Set<String> = ["dr", "mr", "mrs", "ms"]
  static let verbs: Set<String> = [
    "is", "are", "was", "were", "appear", "appears", "appeared", "remain", "remains", "has", "have", "demonstrate",
    "demonstrates", "show", "shows", "measure", "measures", "may", "could", "can", "should", "would", "might",
  ]
  static let singularVerbs: Set<String> = [
    "is", "was", "appears", "remains", "has", "demonstrates", "shows", "measures",
  ]
  /// Words that begin another phrase.
  static let openers: Set<String> = ["there", "which", "that", "but", "however", "although", "if", "when", "where"]
  static let clock: Set<String> = ["hours", "hrs", "p", "pm", "am"]
  static let auxiliaries: Set<String> = ["has", "have", "may", "could", "can", "should", "would", "might"]
  /// "no XXXX of": the lost word can only be evidence, or one that means it.
  static let fillsBeforeOf: [String: String] = [
    "no": "evidence", "without": "evidence", "is": "evidence", "are": "evidence", "scattered": "areas",
    "multiple": "areas", "few": "areas",
  ]
  /// "most XXXX represents": likely.
  static let likely = [
    "represent", "reflect", "due", "relat", "secondary", "indicat", "consistent", "compatible", "from",
  ]
  static let fills: [String: (singular: String, plural: String)] = [
    "lymph": ("node", "nodes"), "costophrenic": ("angle", "angles"), "cardiophrenic": ("angle", "angles"),
    "sternotomy": ("wire", "wires"), "vena": ("cava", "cava"),
  ]
  /// Adjectives that have nothing to describe if their noun is lost.
  static let adjectives: Set<String> = [
    "pulmonary", "aortic", "mediastinal", "cardiac", "bony", "osseous", "hilar", "thoracic", "vascular", "visualized",
    "visualised", "skeletal", "mild", "moderate", "minimal", "small", "large", "stable", "multiple", "scattered",
    "streaky", "unremarkable", "these",
  ]
}
