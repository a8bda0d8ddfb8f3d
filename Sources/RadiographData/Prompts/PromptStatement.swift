import RadiologyReports

/// Something that a prompt says of its image.
struct PromptStatement: Equatable, Sendable {
  /// The label.
  var name: String
  /// False if the prompt denies it.
  var isPresent: Bool
  var side: Laterality?
  var zones: [ImageFinding.Zone] = []
}
