/// How far a long piece of work has come.
public struct WorkProgress: Equatable, Sendable {
  /// What is done, as a participle: "encoding images".
  public var activity: String
  /// Units done so far, 0 to `total`.
  public var done: Int
  /// Units in all; nil if that is not known yet.
  public var total: Int?
  /// What is counted, in the plural: "images", "steps".
  public var unit: String

  public init(_ activity: String, done: Int, of total: Int?, unit: String) {
    self.activity = activity
    self.done = done
    self.total = total
    self.unit = unit
  }
}
