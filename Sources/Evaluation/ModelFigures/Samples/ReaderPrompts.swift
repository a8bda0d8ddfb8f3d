import RadiographModels

/// What readers might type, written by hand and not by the grammar that the training prompts come from.
struct ReaderPrompt: Sendable, Equatable {
  let text: String
  let kind: RadiographKind

  private init(_ text: String, child: Bool, pneumonia: Bool) {
    self.text = text
    kind = RadiographKind(isChild: child, hasPneumonia: pneumonia)
  }

  private static func child(_ text: String, pneumonia: Bool) -> ReaderPrompt {
    ReaderPrompt(text, child: true, pneumonia: pneumonia)
  }

  private static func adult(_ text: String, pneumonia: Bool) -> ReaderPrompt {
    ReaderPrompt(text, child: false, pneumonia: pneumonia)
  }

  /// Five wordings of each kind.
  static let all = [
    child("Normal paediatric chest radiograph, no pneumonia", pneumonia: false),
    child("Chest X-ray of a child, lungs are clear, no focal consolidation", pneumonia: false),
    child("4-year-old, AP chest: no evidence of pneumonia", pneumonia: false),
    child("Clear lungs in a toddler, normal heart and mediastinum", pneumonia: false),
    child("Unremarkable chest film of a young child", pneumonia: false),

    child("Chest radiograph of a child with pneumonia", pneumonia: true),
    child("Paediatric chest X-ray showing consolidation consistent with pneumonia", pneumonia: true),
    child("3-year-old with fever and cough, AP chest: pneumonia", pneumonia: true),
    child("Bacterial pneumonia in a young child", pneumonia: true),
    child("Toddler, patchy airspace opacities, viral pneumonia", pneumonia: true),

    adult("Normal chest radiograph of an adult, clear lungs", pneumonia: false),
    adult("52-year-old man, PA chest: no acute cardiopulmonary abnormality", pneumonia: false),
    adult("Adult chest X-ray, no consolidation, effusion or pneumothorax", pneumonia: false),
    adult("45-year-old woman, frontal chest radiograph, the lungs are clear", pneumonia: false),
    adult("Unremarkable PA chest film of an adult", pneumonia: false),

    adult("Chest radiograph of an adult with pneumonia", pneumonia: true),
    adult("Right lower lobe pneumonia with focal consolidation in a 60-year-old man", pneumonia: true),
    adult("Adult, portable AP chest: patchy airspace opacity consistent with pneumonia", pneumonia: true),
    adult("Pneumonia in a 38-year-old woman, frontal chest radiograph", pneumonia: true),
    adult("PA chest of an adult with productive cough, consolidation, findings of pneumonia", pneumonia: true),
  ]

  /// The rows of the contact sheet.
  static let contactSheet = [
    "Normal chest radiograph of a 50-year-old man, clear lungs",
    "Normal chest radiograph of a 45-year-old woman, clear lungs",
    "Right lower lobe pneumonia with focal consolidation",
    "Left lower lobe pneumonia with focal consolidation",
    "Large right pleural effusion",
    "Large left pleural effusion",
    "Chest radiograph of an adult with an enlarged heart",
    "Normal paediatric chest radiograph, no pneumonia",
  ]
}
