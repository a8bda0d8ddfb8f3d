import RadiologyReports

/// What a classifier's label means in the terms of the reader of report text.
enum LabelMeaning: Hashable, Sendable {
  /// A radiograph on which nothing is abnormal.
  case normal
  /// A finding of CheXpert's.
  case finding(Finding)
  /// A finding that is named by one of these words; each is the beginning or a part of a word in lower case.
  case named(Finding, words: [String])
  /// A finding of which the prompt also says what has caused it.
  case caused(Finding, by: String)
  /// Opacity of the lung, unless it is said to be something more definite.
  case infiltration
  /// Something of the reader's vocabulary outside CheXpert's findings.
  case concept(String)

  /// The meanings of labels whose names are not those of CheXpert: NIH ChestX-ray14's, Kermany's and further ones of the
  /// prompts' grammar.
  private static let known: [String: LabelMeaning] = [
    "No Finding": .normal, "Normal": .normal,
    "Effusion": .finding(.pleuralEffusion), "Infiltration": .infiltration,
    "Pleural_Thickening": .finding(.pleuralOther),
    "Mass": .named(.lungLesion, words: ["mass", "neoplasm", "tumor", "carcinoma", "malignan", "cancer"]),
    "Nodule": .named(.lungLesion, words: ["nodul", "metasta"]),
    "Emphysema": .concept("emphysema"), "Fibrosis": .concept("scar"), "Hernia": .concept("hiatal hernia"),
    "Bacterial Pneumonia": .caused(.pneumonia, by: "bacterial"), "Viral Pneumonia": .caused(.pneumonia, by: "viral"),
    "Calcification": .concept("calcification"), "COVID-19": .concept("covid"),
  ]

  /// Returns nil for a label that text cannot name as far as the reader knows, such as a trait of the patient.
  init?(label: String) {
    if let known = Self.known[label] {
      self = known
    } else if let finding = Finding(rawValue: label) {
      self = .finding(finding)
    } else {
      return nil
    }
  }
}

/// What was read off a prompt.
struct ReadPrompt {
  private let labels: ReportLabels
  /// All that states findings, in lower case.
  private let text: String

  /// Reads the sections of a prompt that state findings; one without headings is read whole.
  init(_ prompt: String, with labeller: FindingLabeller) {
    let sections = SectionSplitter.sections(of: prompt).filter(\.name.statesFindings)
    labels = labeller.label(sections)
    text = sections.map(\.text).joined(separator: "\n").lowercased()
  }

  /// Words by which a text says that a radiograph is normal.
  private static let normalWords = [
    "normal", "unremarkable", "healthy", "clear", "no acute", "no active", "no abnormal", "no finding",
    "no evidence of disease", "no disease",
  ]

  /// The parts of the lung's opacity that have a name of their own.
  private static let definite: [Finding] = [.pneumonia, .consolidation, .atelectasis, .edema, .lungLesion]

  /// Whether the prompt asks for what a label means, or for its absence; nil if it says nothing of it.
  ///
  /// Something uncertain ("possible pneumonia") is asked for.
  func asks(for meaning: LabelMeaning) -> Bool? {
    if meaning == .normal {
      return labels.isNormal && Self.normalWords.contains { text.contains($0) } ? true : nil
    }
    let mentions = mentions(of: meaning)
    if mentions.contains(where: \.isAsked) { return true }
    return mentions.contains { $0.state == .negative } ? false : nil
  }

  /// Where the prompt names what a label means; nowhere for a normal chest.
  private func mentions(of meaning: LabelMeaning) -> [FindingMention] {
    switch meaning {
    case .normal: []
    case .finding(let finding): labels.mentions.filter { $0.finding == finding }
    case .named(let finding, let words):
      labels.mentions.filter { mention in
        let own = mention.text.lowercased()
        return mention.finding == finding && words.contains { own.contains($0) }
      }
    case .caused(let finding, let cause): text.contains(cause) ? mentions(of: .finding(finding)) : []
    case .infiltration:
      labels.mentions.filter { mention in
        mention.finding == .lungOpacity && (!saysMore || mention.text.lowercased().contains("infiltra"))
      }
    case .concept(let name): labels.mentions.filter { $0.concept == name }
    }
  }

  /// The side on which a prompt asks for what a label means: left or right alone.
  func side(of meaning: LabelMeaning) -> Laterality? {
    let sides = Set(mentions(of: meaning).filter(\.isAsked).map(\.laterality))
    guard sides.count == 1, let side = sides.first, side == .left || side == .right else { return nil }
    return side
  }

  private var saysMore: Bool { Self.definite.contains { asks(for: .finding($0)) == true } }
}

extension FindingMention {
  /// Something uncertain is asked for: the prompt names it to be drawn.
  fileprivate var isAsked: Bool { state == .positive || state == .uncertain }
}
