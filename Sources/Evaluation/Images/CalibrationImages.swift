import RadiographData

/// Images of patients of whom none was trained on, which set a threshold: those of the parts that are not measured if there
/// are enough of them, otherwise all.
struct CalibrationImages: Sendable {
  let images: DatasetImages
  /// What they are, for a figure's explanation.
  let text: String

  /// - Parameters:
  ///   - part: The part that is measured on; nil for none.
  ///   - source: Only images of this source; nil for all.
  ///   - minimum: Fewer set no threshold.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``; `DatasetError`.
  init(
    _ dataset: RadiographDataset, avoiding part: HeldOutPart?, source: String? = nil, minimum: Int
  ) throws {
    let others = try dataset.records(ofSource: source)
      .filter { $0.split != .train }
    let unmeasured = others.filter { part?.contains($0.split) != true }
    let isApart = unmeasured.count >= minimum
    images = try DatasetImages(
      dataset, records: isApart ? unmeasured : others, title: "the images of patients outside of training")
    text =
      "\(images.count) images of patients outside of training\(isApart ? "" : ", the held-out ones among them,")"
    try images.require(minimum)
  }

  /// Refuses a network that was trained on patients who are measured, or who set a threshold.
  ///
  /// - Parameters:
  ///   - path: The network's file.
  ///   - part: The part that is measured on.
  ///   - source: Only images of this source; nil for all.
  /// - Returns: Whether the network says which images it was trained on.
  /// - Throws: ``MeasurementError/trainedOn(model:images:patients:names:)``; `DatasetError`.
  func requireUnseen(
    by path: String, part: HeldOutPart, source: String?, of dataset: RadiographDataset
  ) throws -> Bool {
    guard let record = TrainingRecord(network: path) else { return false }
    let measured = try dataset.records(ofSource: source)
      .filter { part.contains($0.split) }
    let setting = images.records.filter { !part.contains($0.split) }
    try record.requireUnseen(measured + setting, all: dataset.records(matching: .everything), model: path)
    return true
  }
}
