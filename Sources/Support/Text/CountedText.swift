extension Int {
  /// The number with what it counts, in the singular for one: "1 step", "2 steps".
  ///
  /// - Parameter noun: In the singular; its plural has an "s" more.
  public func of(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
