/// Settings of sampling that one model is drawn with, to be compared in one table.
public struct SamplingGrid: Decodable, Sendable {
  public var title: String
  public var sampling: Settings

  /// Every number of steps at every guidance.
  public struct Settings: Decodable, Sendable {
    public var steps: [Int]
    /// Nil: the model's own.
    public var guidance: [Double]?
    /// What a publication says, by the number of steps.
    public var claims: [String: String]?
  }
}
