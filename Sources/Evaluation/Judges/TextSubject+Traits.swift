import RadiographData
import RadiologyReports

extension TextSubject {
  /// Whether a trait is asked for, or its opposite; nil if the text says nothing of it.
  func holds(_ trait: ImageTrait) -> Bool? {
    switch trait {
    case .female: sex.map { $0 == .female }
    case .anteroposterior: view.map { $0 == "AP" }
    case .child: age.map { $0 < 18 } ?? (isCalledChild ? true : person == "adult" ? false : nil)
    case .elderly: age.map { $0 >= 60 } ?? (isCalledChild ? false : nil)
    // These are of findings, and not of the patient.
    case .rightSided, .upperZone, .lowerZone: nil
    }
  }
}
