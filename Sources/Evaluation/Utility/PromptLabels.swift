import RadiographData
import RadiologyReports

/// Labels of drawn images, off the prompts that they were drawn from, or off the labels that a table gives them.
///
/// A prompt that asks for a finding, or for a normal chest, is taken to say all there is: what it does not name is absent,
/// as in labels that are made of whole reports. One that only denies findings says nothing of others. What is uncertain
/// ("possible pneumonia") is asked for. If a prompt names a finding and leaves open which of its labels is meant ("pneumonia"
/// for a label "Viral Pneumonia"), that label is unknown.
public struct PromptLabels: Sendable {
  /// The labels that texts can name, in the order in which they were given.
  public let known: [String]
  private let meanings: [LabelMeaning]
  private let labeller: FindingLabeller

  /// All that the reader of report text may find in a prompt.
  private static let findings: [LabelMeaning] =
    Finding.allCases.filter { $0 != .noFinding }.map(LabelMeaning.finding)
    + ["Emphysema", "Fibrosis", "Hernia", "Calcification", "COVID-19"].compactMap(LabelMeaning.init(label:))
  /// Labels that are kinds of one finding.
  private static let kinds = ["Mass", "Nodule"].compactMap(LabelMeaning.init(label:))

  /// - Parameter labels: A dataset's labels; those that text cannot name are left out.
  /// - Throws: `VocabularyError` if the program was built wrongly.
  public init(_ labels: [String]) throws {
    let found = labels.compactMap { label in LabelMeaning(label: label).map { (label, $0) } }
    known = found.map(\.0)
    meanings = found.map(\.1)
    labeller = try .standard()
  }

  /// What is known of an image's labels; nil if neither its table nor its prompt says anything.
  public func states(of facts: ImageFacts) -> [String: LabelState]? {
    if let listed = facts.labels, !listed.isEmpty { return states(listed: listed) }
    return facts.prompt.flatMap(states(of:))
  }

  /// What a prompt says of the labels; nil if it says nothing.
  public func states(of prompt: String) -> [String: LabelState]? {
    let read = ReadPrompt(prompt, with: labeller)
    let asked = Self.findings.filter { read.asks(for: $0) == true }
    let isWhole = !asked.isEmpty || read.asks(for: .normal) == true
    var states: [String: LabelState] = [:]
    for (label, meaning) in zip(known, meanings) {
      switch read.asks(for: meaning) {
      case true?: states[label] = .positive
      case false?: states[label] = .negative
      case nil: if isWhole, !isOpen(meaning, asked) { states[label] = .negative }
      }
    }
    return states.isEmpty ? nil : states

    /// Whether what is asked for leaves a label open that it does not name.
    func isOpen(_ meaning: LabelMeaning, _ asked: [LabelMeaning]) -> Bool {
      switch meaning {
      case .caused(let finding, _): asked.contains(.finding(finding))
      case .named(let finding, _):
        asked.contains(.finding(finding)) && !Self.kinds.contains { read.asks(for: $0) == true }
      // A device is no abnormality of the chest.
      case .normal: asked == [.finding(.supportDevices)]
      case .finding, .infiltration, .concept: false
      }
    }
  }

  /// On which side a prompt asks for a label: left or right alone; nil for one that says no side, or does not ask for it.
  func side(of label: String, in prompt: String) -> Laterality? {
    guard let place = known.firstIndex(of: label) else { return nil }
    return ReadPrompt(prompt, with: labeller).side(of: meanings[place])
  }

  /// What a list of the findings that an image has says; others are absent.
  private func states(listed: [String]) -> [String: LabelState] {
    let present = Set(listed.compactMap(LabelMeaning.init(label:)))
    var states: [String: LabelState] = [:]
    for (label, meaning) in zip(known, meanings) {
      if listed.contains(label) || present.contains(meaning) {
        states[label] = .positive
        continue
      }
      let isOpen =
        switch meaning {
        case .caused(let finding, _): present.contains(.finding(finding))
        case .named(let finding, _): present.contains(.finding(finding)) && present.isDisjoint(with: Self.kinds)
        case .infiltration: present.contains(.finding(.lungOpacity))
        case .normal: present == [.finding(.supportDevices)]
        case .finding, .concept: false
        }
      if !isOpen { states[label] = .negative }
    }
    return states
  }
}
