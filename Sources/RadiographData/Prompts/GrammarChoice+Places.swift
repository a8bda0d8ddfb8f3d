import RadiologyReports

/// A finding's words with its place.
struct PlacedPhrase {
  enum Number { case one, mass, several }

  var text: String
  var number: Number
  var statement: PromptStatement
}

extension GrammarChoice {
  /// Words for a finding and its place.
  ///
  /// - Returns: nil if nothing is known of the place, or chance leaves all of it out.
  mutating func placedPhrase(for name: String) -> PlacedPhrase? {
    guard let finding = rules.findings[name], let usage = finding.places, let place = attributes.place(of: name) else {
      return nil
    }
    let side = usage.sides && chance(rules.places.sideShare) ? place.side : nil
    let key = place.zones.map(\.rawValue).joined(separator: "+")
    let sets = (usage.zones ?? []).compactMap { rules.places.zones[$0] }
    // A side that is not said may be either, and a zone alone says little.
    let saysZone = !key.isEmpty && chance(rules.places.zoneShare)
    let before = saysZone ? sets.flatMap { $0.before[key] ?? [] } : []
    let behind = saysZone ? sets.flatMap { $0.behind[key] ?? [] } : []
    let sizes = place.size.flatMap { usage.sizes?[$0.rawValue] } ?? []
    let size = chance(rules.places.sizeShare) ? pick(sizes, weight: \.weight)?.text : nil
    guard side != nil || !before.isEmpty || !behind.isEmpty || size != nil else { return nil }

    let isSeveral = side == .bilateral && usage.plurals != nil
    let nouns = isSeveral ? usage.plurals ?? [] : usage.nouns ?? finding.nouns
    guard let noun = pick(nouns, weight: \.weight)?.text else { return nil }
    var statement = PromptStatement(name: name, isPresent: true, side: side)
    var text = [size, noun].compactMap { $0 }.joined(separator: " ")
    if !before.isEmpty || !behind.isEmpty { statement.zones = place.zones }
    if !behind.isEmpty, before.isEmpty || chance(0.4), let zone = pick(behind, weight: \.weight)?.text {
      switch side {
      case .bilateral: text += " in both \(zone)s"
      case .some(let side): text += " in the \(side.rawValue) \(zone)"
      case nil: text += " in the \(zone)"
      }
    } else {
      let zone = pick(before, weight: \.weight)?.text
      let words = side.flatMap { rules.places.sides[$0.rawValue] } ?? []
      let wordsBehind = side.flatMap { rules.places.sidesBehind[$0.rawValue] } ?? []
      if zone == nil, chance(0.25), let behind = pick(wordsBehind, weight: \.weight)?.text {
        text += " \(behind)"
      } else {
        // "right-sided lower zone" is no English: a zone takes the bare side.
        let sideWord = zone == nil ? pick(words, weight: \.weight)?.text : side?.rawValue
        text = [size, sideWord, zone, noun].compactMap { $0 }.joined(separator: " ")
      }
      if side != nil, side != .bilateral, chance(usage.endingShare ?? 0),
        let ending = pick(usage.endings ?? [], weight: \.weight)?.text
      {
        text += " \(ending)"
      }
    }
    let number: PlacedPhrase.Number = isSeveral ? .several : usage.isCounted ?? false ? .one : .mass
    return PlacedPhrase(text: text, number: number, statement: statement)
  }

  /// A sentence that says where a finding is; nil as for `placedPhrase(for:)`.
  mutating func placedSentence(for name: String) -> (text: String, statement: PromptStatement)? {
    guard let phrase = placedPhrase(for: name) else { return nil }
    let sentences =
      switch phrase.number {
      case .one: rules.places.sentences.one
      case .mass: rules.places.sentences.mass
      case .several: rules.places.sentences.several
      }
    guard let sentence = pick(sentences, weight: \.weight)?.text else { return nil }
    let text = sentence.replacing("{phrase}", with: phrase.text)
    return (text.prefix(1).uppercased() + text.dropFirst(), phrase.statement)
  }
}
