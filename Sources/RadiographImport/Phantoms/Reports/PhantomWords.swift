/// The sentences of one report.
struct PhantomWords {
  let description: PhantomDescription
  var random: DrawingRandom

  init(_ description: PhantomDescription, _ random: DrawingRandom) {
    self.description = description
    self.random = random
  }

  /// Sentences about heart, opacity, fluid and sometimes more, in any order.
  mutating func findings() -> String {
    var sentences = [heart()]
    if description.opacity == nil, description.effusion == nil, random.chance(0.4) {
      sentences.append(
        random.pick([
          "No focal opacity or pleural effusion.", "There is no focal opacity and no pleural effusion.",
          "The lungs and pleural spaces are clear.", "No opacity, effusion or pneumothorax.",
          "There is neither a focal opacity nor a pleural effusion.",
        ]))
    } else {
      sentences += [opacity(), fluid()]
    }
    if description.device != nil || random.chance(0.4) { sentences.append(device()) }
    if random.chance(0.4) { sentences.append(aside()) }
    return random.shuffled(sentences).joined(separator: " ")
  }

  /// What is abnormal, in a few words; of a normal chest, that it is one.
  mutating func impression() -> String {
    var sentences: [String] = []
    if let opacity = description.opacity {
      let place = "\(opacity.side) \(zone(opacity.zone))"
      sentences.append(
        random.pick([
          "\(opacity.noun(&random)) in the \(place).", "\(place) \(random.pick(["opacity", "nodular opacity"])).",
          "Opacity in the \(place).",
        ]))
    }
    if let effusion = description.effusion {
      sentences.append(
        random.pick([
          "\(effusion.amount) \(effusion.side) pleural effusion.", "\(effusion.side) pleural effusion.",
          "\(effusion.side)-sided \(effusion.amount) effusion.",
        ]))
    }
    switch description.heartSize {
    case .normal: break
    case .enlarged: sentences.append(random.pick(["Cardiomegaly.", "Mild cardiomegaly.", "Enlarged heart."]))
    case .markedlyEnlarged: sentences.append(random.pick(["Marked cardiomegaly.", "Markedly enlarged heart."]))
    }
    if sentences.isEmpty {
      let normal = description.device == nil ? ["Normal chest.", "Normal study."] : []
      return random.pick(
        ["No acute cardiopulmonary abnormality.", "No acute disease.", "No acute cardiopulmonary process."] + normal)
    }
    if description.opacity == nil, random.chance(0.3) { sentences.append("No focal opacity.") }
    if description.effusion == nil, random.chance(0.3) { sentences.append("No pleural effusion.") }
    return sentences.map(Self.capitalized).joined(separator: " ")
  }

  // MARK: Sentences

  private mutating func heart() -> String {
    switch description.heartSize {
    case .normal:
      random.pick([
        "The heart is normal in size.", "Heart size is normal.", "Normal heart size.", "The heart is not enlarged.",
        "The cardiac silhouette is normal in size.", "Heart size is within normal limits.", "No cardiomegaly.",
        "There is no cardiomegaly.",
      ])
    case .enlarged:
      random.pick([
        "The heart is enlarged.", "The heart is mildly enlarged.", "The cardiac silhouette is enlarged.",
        "The cardiac silhouette is mildly enlarged.", "Mild cardiomegaly.", "There is mild cardiomegaly.",
        "Heart size is mildly enlarged.",
      ])
    case .markedlyEnlarged:
      random.pick([
        "The heart is markedly enlarged.", "The cardiac silhouette is markedly enlarged.", "Marked cardiomegaly.",
        "There is marked cardiomegaly.", "The heart is severely enlarged.", "There is severe cardiomegaly.",
      ])
    }
  }

  private mutating func opacity() -> String {
    guard let opacity = description.opacity else {
      return random.pick([
        "No focal opacity.", "There is no focal opacity.", "The lungs are clear.", "Both lungs are clear.",
        "No rounded opacity is seen in either lung.", "There is no opacity in the right or left lung.",
        "The lungs are without focal opacity.", "No focal lung opacity is identified.",
      ])
    }
    let place = "\(opacity.side) \(zone(opacity.zone))"
    let what = opacity.noun(&random)
    let sentence = random.pick([
      "There is a \(what) in the \(place).", "A \(what) is seen in the \(place).",
      "\(what) in the \(place).", "\(what) projecting over the \(place).", "The \(place) shows a \(what).",
      "A \(what) is present in the \(place).",
    ])
    let other = random.chance(0.25) ? " The \(opacity.side.other) lung is clear." : ""
    return Self.capitalized(sentence) + other
  }

  private mutating func fluid() -> String {
    guard let effusion = description.effusion else {
      return random.pick([
        "No pleural effusion.", "There is no pleural effusion.", "No pleural effusion on either side.",
        "The costophrenic angles are sharp.", "No pleural effusion or pneumothorax.",
        "There is no pleural effusion or pneumothorax.", "No evidence of pleural effusion.",
      ])
    }
    let (side, amount) = (effusion.side, effusion.amount)
    let sentence = random.pick([
      "There is a \(amount) \(side) pleural effusion.", "\(amount) \(side) pleural effusion.",
      "A \(amount) pleural effusion is seen on the \(side).", "\(side) pleural effusion, \(amount) in size.",
      "\(amount) pleural effusion on the \(side).", "A \(amount) \(side)-sided pleural effusion is present.",
    ])
    return Self.capitalized(sentence) + (random.chance(0.25) ? " No \(side.other) pleural effusion." : "")
  }

  private mutating func device() -> String {
    guard let side = description.device else {
      return random.pick(["No pacemaker.", "There is no pacemaker.", "No pacemaker is seen."])
    }
    return Self.capitalized(
      random.pick([
        "A \(side) chest pacemaker is in place.", "\(side)-sided pacemaker with its lead over the heart.",
        "There is a pacemaker on the \(side).", "A \(side)-sided pacemaker is present.",
        "Pacemaker over the \(side) upper chest.",
      ]))
  }

  /// What is true of every phantom.
  private mutating func aside() -> String {
    random.pick([
      "The mediastinal contours are normal.", "No pneumothorax.", "The bony thorax is intact.",
      "No acute osseous abnormality.", "There is no pneumothorax.", "The trachea is midline.",
    ])
  }

  private mutating func zone(_ zone: PhantomDescription.Zone) -> String {
    switch zone {
    case .upper: random.pick(["upper zone", "upper lung zone", "upper lung"])
    case .middle: random.pick(["middle zone", "mid zone", "mid lung zone", "mid lung"])
    case .lower: random.pick(["lower zone", "lower lung zone", "lower lung"])
    }
  }

  private static func capitalized(_ sentence: String) -> String {
    sentence.prefix(1).uppercased() + sentence.dropFirst()
  }
}

extension PhantomDescription.Opacity {
  /// "small rounded opacity", without an article.
  fileprivate func noun(_ random: inout DrawingRandom) -> String {
    let sizes =
      switch amount {
      case .small: ["small ", "small ", ""]
      case .moderate: ["moderate-sized ", "medium-sized ", ""]
      case .large: ["large ", "large ", ""]
      }
    return random.pick(sizes) + random.pick(["rounded opacity", "round opacity", "nodular opacity", "focal opacity"])
  }
}

extension PhantomDescription.Side: CustomStringConvertible {
  public var description: String { rawValue }
}

extension PhantomDescription.Amount: CustomStringConvertible {
  public var description: String { rawValue }
}
