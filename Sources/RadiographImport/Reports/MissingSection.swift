import RadiographData
import RadiologyReports

extension TextSection {
  /// Whether this is a section to train on whose text says nothing. "None" under `comparison` does say something.
  var isMissing: Bool { reportName.statesFindings && MissingText.isMissing(text) }
}
