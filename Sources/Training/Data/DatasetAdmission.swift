import Foundation
import ImageFiles
import RadiographData
import Support
import TensorFiles

/// What is checked of a dataset before a step is spent on it.
extension TrainingRequest {
  /// How the pixels of the run's first dataset were made; all stages of a run share it.
  var preprocessingRecord: URL { run.appendingPathComponent("preprocessing.json") }

  /// Opens the dataset: nothing in it is on two sides of the split, and its pixels are made as those that the run was
  /// begun with.
  ///
  /// - Throws: `DatasetError`.
  func openDataset() throws -> RadiographDataset {
    let opened = try RadiographDataset.open(dataset)
    try opened.requireNoLeakage()
    if let record = try? Data(contentsOf: preprocessingRecord),
      let begun = try? JSONDecoder().decode(ImagePreprocessing.self, from: record)
    {
      try opened.settings.requirePreprocessing(begun, path: dataset.path)
    }
    return opened
  }

  /// Writes down how the pixels were made, in a run whose folder is there.
  ///
  /// - Throws: `FileAccessError`.
  func record(_ preprocessing: ImagePreprocessing) throws {
    guard !FileManager.default.fileExists(atPath: preprocessingRecord.path) else { return }
    try RunFolder.write(preprocessing, to: preprocessingRecord)
  }
}
