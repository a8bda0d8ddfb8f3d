/// Bounds of a recipe's numbers.
enum RecipeCheck {
  static func require(_ value: Int, in range: ClosedRange<Int>, _ key: String) throws {
    guard !range.contains(value) else { return }
    throw TrainingError.invalidSetting(
      key: key, value: "\(value)", remedy: "give a whole number from \(range.lowerBound) to \(range.upperBound)")
  }

  /// A rate or a weight: finite, not negative, not absurd.
  static func requireSize(_ value: Double, _ key: String) throws {
    guard !(value.isFinite && (0...1e6).contains(value)) else { return }
    throw TrainingError.invalidSetting(key: key, value: "\(value)", remedy: "give a number from 0 to 1000000")
  }

  /// The greatest changes of an image: a rotation in degrees, the others as parts.
  static func requireChanges(rotation: Double, shift: Double, scaling: Double, contrast: Double) throws {
    for (key, value) in [("shift", shift), ("scaling", scaling), ("contrast", contrast)] {
      try requireFraction(value, key)
    }
    guard !(0...180).contains(rotation) else { return }
    throw TrainingError.invalidSetting(
      key: "rotation", value: "\(rotation)", remedy: "give degrees from 0 to 180")
  }

  static func requireFraction(_ value: Double, _ key: String) throws {
    guard !(0..<1).contains(value) else { return }
    throw TrainingError.invalidSetting(
      key: key, value: "\(value)", remedy: "give a number from 0 up to, not including, 1")
  }
}
