/// A heading of a report, read from its bytes.
struct ReportHeading: Equatable {
  /// The section that begins; nil if the words are a title alone ("FINAL REPORT").
  var name: ReportSection.Name?
  /// The first byte behind heading, colon and dash.
  var end: Int

  /// The words of one heading, at most.
  private static let longest = 8
  private static let longestWord = 24
  private static let joints: [UInt8] = [UInt8(ascii: "/"), UInt8(ascii: "&"), UInt8(ascii: "+")]

  /// The heading that begins at `start`; nil if there is none.
  ///
  /// - Parameter startsLine: whether the line has nothing but white space before `start`.
  static func read(_ text: [UInt8], at start: Int, startsLine: Bool) -> ReportHeading? {
    guard start < text.count, startsLine ? isLetter(text[start]) || isMarkup(text[start]) : isCapital(text[start])
    else { return nil }
    var position = start
    while position < text.count, isMarkup(text[position]) { position += 1 }

    var words: [String] = []
    var heading: (meaning: HeadingWords.Meaning, end: Int)?
    while words.count < longest {
      while position < text.count, isBlank(text[position]) { position += 1 }
      let wordStart = position
      while position < text.count, isLetter(text[position]), position - wordStart < longestWord { position += 1 }
      if position > wordStart {
        words.append(String(decoding: text[wordStart..<position], as: UTF8.self).lowercased())
      } else if position < text.count, joints.contains(text[position]) {
        position += 1
        words.append("and")
      } else {
        break
      }
      if words.count == 1, !HeadingWords.firstWords.contains(words[0]) { return nil }
      if let meaning = HeadingWords.meaning(of: words) { heading = (meaning, position) }
    }
    guard let heading else { return nil }
    let isCapital = !text[start..<heading.end].contains { (97...122).contains($0) }
    return ended(text, at: heading.end, meaning: heading.meaning, startsLine: startsLine, isCapital: isCapital)
  }

  /// The heading; nil if what follows its words does not let it be one.
  private static func ended(
    _ text: [UInt8], at wordsEnd: Int, meaning: HeadingWords.Meaning, startsLine: Bool, isCapital: Bool
  ) -> ReportHeading? {
    var end = wordsEnd
    while end < text.count, isBlank(text[end]) || isMarkup(text[end]) { end += 1 }
    let name: ReportSection.Name? = if case .section(let name) = meaning { name } else { nil }
    if end < text.count, text[end] == UInt8(ascii: ":") {
      guard startsLine || isCapital else { return nil }
      end += 1
      while end < text.count, isMarkup(text[end]) { end += 1 }
      return ReportHeading(name: name, end: end)
    }
    let endsLine = end >= text.count || text[end] == 10 || text[end] == 13
    guard startsLine else { return nil }
    if endsLine { return ReportHeading(name: name, end: end) }
    // Without a colon, capitals must tell a heading from a sentence that begins with its word.
    if isCapital, name == nil { return ReportHeading(name: nil, end: end) }
    if isCapital, text[end] == UInt8(ascii: "-") || text[end] == UInt8(ascii: ".") {
      return ReportHeading(name: name, end: end + 1)
    }
    return nil
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

  private static func isCapital(_ byte: UInt8) -> Bool { (65...90).contains(byte) }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 9 }

  private static func isMarkup(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "*") || byte == UInt8(ascii: "#") || byte == UInt8(ascii: "_")
  }
}

/// The words of headings and what they mean.
enum HeadingWords {
  enum Meaning: Equatable {
    case section(ReportSection.Name)
    case title
  }

  private static let titles: Set<String> = [
    "final report", "wet read", "preliminary report", "radiology report", "report", "final",
  ]

  private static let sections: [ReportSection.Name: [String]] = [
    .examination: [
      "exam", "examination", "exams", "study", "procedure", "exam type", "type of exam", "type of examination",
      "exam description", "examination performed", "study performed", "exam name",
    ],
    .indication: [
      "indication", "indications", "clinical indication", "clinical indications", "reason for exam",
      "reason for examination", "reason for the examination", "reason for this examination", "reason for study",
      "reason", "clinical question",
    ],
    .history: ["history", "clinical history", "clinical information", "patient history", "clinical data", "hx"],
    .comparison: [
      "comparison", "comparisons", "comparison study", "comparison studies", "comparison exam", "prior studies",
    ],
    .technique: ["technique", "techniques", "views", "projection", "protocol", "number of views"],
    .findings: ["findings", "finding", "observations", "report findings", "description", "result", "results"],
    .impression: [
      "impression", "impressions", "conclusion", "conclusions", "opinion", "summary", "assessment", "interpretation",
      "final impression", "diagnosis",
    ],
    .recommendation: ["recommendation", "recommendations", "recommend"],
    .addendum: ["addendum", "addenda"],
    .administration: [
      "notification", "notifications", "attestation", "signed", "signed by", "electronically signed by", "dictated by",
      "transcribed by", "approved by", "critical results", "communication", "end of report", "radiologist",
      "reported by",
    ],
  ]

  private static let meanings: [String: Meaning] = {
    var meanings: [String: Meaning] = [:]
    for (name, headings) in sections { for heading in headings { meanings[heading] = .section(name) } }
    for title in titles { meanings[title] = .title }
    return meanings
  }()

  /// The words that headings begin with.
  static let firstWords = Set(meanings.keys.compactMap { $0.split(separator: " ").first.map(String.init) })

  /// The meaning of a heading of these words, in lower case; "and" joins two.
  static func meaning(of words: [String]) -> Meaning? {
    let joined = words.joined(separator: " ")
    if let meaning = meanings[joined] { return meaning }
    let parts = words.split(separator: "and").map { $0.joined(separator: " ") }
    guard parts.count >= 2 else { return nil }
    var names: [ReportSection.Name] = []
    for part in parts {
      guard case .section(let name)? = meanings[part] else { return nil }
      names.append(name)
    }
    let all = Set(names)
    if all == [.findings, .impression] { return .section(.findingsAndImpression) }
    if all.count == 1 { return .section(names[0]) }
    if all.isSubset(of: [.impression, .recommendation]) { return .section(.impression) }
    if all.isSubset(of: [.indication, .history, .comparison, .technique, .examination]) { return .section(names[0]) }
    return nil
  }
}
