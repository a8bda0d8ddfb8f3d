import RadiographData

extension RadiographDataset {
  /// All images, with and without texts, but those with computed findings.
  ///
  /// - Parameter source: Only those of this source; nil for all.
  /// - Throws: ``MeasurementError/unknownSource(_:known:)``; `DatasetError`.
  func records(ofSource source: String?) throws -> [RadiographRecord] {
    if let source {
      let known = try sourceNames()
      guard known.contains(source) else { throw MeasurementError.unknownSource(source, known: known.sorted()) }
    }
    return try records(matching: RecordFilter(source: source, requiresText: false)).filter { !$0.isComputed }
  }
}
