import RadiologyReports

/// Something that a prompt says of its image.
public struct PromptStatement: Equatable, Sendable {
  /// The label.
  public var name: String
  /// False if the prompt denies it.
  public var isPresent: Bool
  public var side: Laterality?
  /// From above.
  public var zones: [ImageFinding.Zone]

  public init(name: String, isPresent: Bool, side: Laterality? = nil, zones: [ImageFinding.Zone] = []) {
    self.name = name
    self.isPresent = isPresent
    self.side = side
    self.zones = zones
  }
}
