import RadiographData
import RadiologyReports

/// A finding as prompts ask for it, in words that the training prompts' grammar does not hold.
struct AskedFinding: Sendable, Equatable {
  /// The label of NIH ChestX-ray14.
  let label: String
  /// As it is asked for.
  let phrases: [String]
  /// As its absence is asked for.
  let negation: String
  /// Whether a prompt can name its side.
  var hasSide = false
  /// Whether a prompt can name the lobe that it is in.
  var hasZone = false
  /// Whether a prompt can call it small or large.
  var hasSize = false

  var noun: String { phrases[0] }

  static let all = [
    AskedFinding(
      label: "Effusion", phrases: ["pleural effusion", "pleural fluid that blunts the costophrenic angle"],
      negation: "no pleural effusion", hasSide: true, hasSize: true),
    AskedFinding(
      label: "Cardiomegaly", phrases: ["cardiomegaly", "enlarged cardiac silhouette"],
      negation: "no cardiomegaly"),
    AskedFinding(
      label: "Pneumothorax", phrases: ["pneumothorax", "pneumothorax with a visible pleural line"],
      negation: "no pneumothorax", hasSide: true, hasSize: true),
    AskedFinding(
      label: "Pneumonia", phrases: ["pneumonia", "airspace opacity consistent with pneumonia"],
      negation: "no pneumonia", hasSide: true, hasZone: true),
    AskedFinding(
      label: "Consolidation", phrases: ["consolidation", "dense airspace consolidation"],
      negation: "no focal consolidation", hasSide: true, hasZone: true),
    AskedFinding(
      label: "Infiltration", phrases: ["infiltrate", "ill-defined infiltrates"], negation: "no infiltrate"),
    AskedFinding(
      label: "Atelectasis", phrases: ["atelectasis", "volume loss from atelectasis"], negation: "no atelectasis",
      hasSide: true),
    AskedFinding(
      label: "Edema", phrases: ["pulmonary oedema", "interstitial pulmonary edema"],
      negation: "no pulmonary edema"),
    AskedFinding(
      label: "Mass", phrases: ["lung mass", "pulmonary mass"], negation: "no lung mass", hasSide: true, hasZone: true,
      hasSize: true),
    AskedFinding(
      label: "Nodule", phrases: ["pulmonary nodule", "solitary lung nodule"], negation: "no nodule", hasSide: true,
      hasZone: true),
    AskedFinding(
      label: "Emphysema", phrases: ["emphysema", "hyperinflated, emphysematous lungs"], negation: "no emphysema"),
    AskedFinding(
      label: "Fibrosis", phrases: ["pulmonary fibrosis", "reticular opacities of fibrosis"],
      negation: "no fibrosis"),
  ]
}

/// What one prompt asks for: a finding or none, somewhere, in an adult.
struct AskedImage: Sendable, Equatable {
  /// The purpose that an image is drawn for. Images of one purpose and place share seeds where only what is compared
  /// differs.
  enum Purpose: Sendable, Equatable {
    case finding
    case normal
    case negated
    case side(Laterality)
    case zone(ImageFinding.Zone)
    case size(ImageFinding.Size)
  }

  /// Who is asked for.
  struct Person: Sendable, Equatable {
    let isFemale: Bool
    let age: Int
    let isAnteroposterior: Bool

    /// Both sexes, a young and an old adult, both views.
    static let all = [false, true].flatMap { isFemale in
      [30, 70].flatMap { age in
        [false, true].map { Person(isFemale: isFemale, age: age, isAnteroposterior: $0) }
      }
    }

    func holds(_ trait: ImageTrait) -> Bool? {
      switch trait {
      case .female: isFemale
      case .elderly: age >= 60
      case .anteroposterior: isAnteroposterior
      case .child, .rightSided, .upperZone, .lowerZone: nil
      }
    }
  }

  let finding: AskedFinding?
  let purpose: Purpose
  let person: Person
  let text: String
  /// Added to the measurement's seed.
  let place: Int

  private init(_ finding: AskedFinding?, _ purpose: Purpose, _ person: Person, _ words: String, place: Int) {
    (self.finding, self.purpose, self.person, self.place) = (finding, purpose, person, place)
    text =
      "\(person.age)-year-old \(person.isFemale ? "woman" : "man"), \(person.isAnteroposterior ? "AP" : "PA") chest "
      + "radiograph: \(words)"
  }

  /// All images that are asked for.
  ///
  /// - Parameters:
  ///   - findings: Those that the judge sees.
  ///   - rounds: How often each person is asked for with each finding.
  static func all(_ findings: [AskedFinding], rounds: Int) -> [AskedImage] {
    var images: [AskedImage] = []
    let people = Person.all
    for round in 0..<rounds {
      for (index, person) in people.enumerated() {
        let place = round * people.count + index
        images.append(AskedImage(nil, .normal, person, "clear lungs and a normal heart", place: place))
        for finding in findings {
          let phrase = finding.phrases[place % finding.phrases.count]
          images.append(AskedImage(finding, .finding, person, phrase, place: place))
        }
      }
    }
    for (place, person) in people.enumerated() {
      for finding in findings {
        images.append(AskedImage(finding, .negated, person, finding.negation, place: place))
        if finding.hasSide {
          images += [Laterality.left, .right].map {
            AskedImage(finding, .side($0), person, "\($0.rawValue) \(finding.noun)", place: place)
          }
        }
        if finding.hasZone {
          let side: Laterality = place % 2 == 0 ? .left : .right
          images += [ImageFinding.Zone.upper, .lower].map {
            AskedImage(
              finding, .zone($0), person, "\(finding.noun) in the \(side.rawValue) \($0.rawValue) lobe", place: place)
          }
        }
        if finding.hasSize {
          images += [ImageFinding.Size.small, .large].map {
            AskedImage(finding, .size($0), person, "\($0.rawValue) \(finding.noun)", place: place)
          }
        }
      }
    }
    return images
  }
}
