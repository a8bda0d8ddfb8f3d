import Foundation
import ImageFiles
import RadiographData

/// The importer of phantoms, which are drawn as they are needed: there is no file behind them.
public enum PhantomSource {
  /// `ImportSource.kind` of phantoms.
  public static let kind = "phantom"
  private static let vocabulary = ["Cardiomegaly", "Lung Opacity", "Pleural Effusion", "Support Devices"]

  /// The first `count` phantoms of a seed.
  ///
  /// - Throws: `PhantomError.count` outside of 1 to `Phantom.mostInOneCall`.
  public static func list(count: Int, seed: UInt64) throws(PhantomError) -> ImportSource {
    try Phantom.checkCount(count)
    return ImportSource(
      name: "phantom-\(seed)", kind: kind, licence: "CC0-1.0", attribution: "drawn by Thorax, of no person",
      vocabulary: vocabulary, root: nil, entries: (0..<count).map { entry(Phantom(seed: seed, index: $0)) },
      exclusions: [])
  }

  /// How phantoms become a dataset if nothing else is asked for: grey levels as they are drawn, and patients divided by
  /// their names alone. Phantoms of one build look alike, as near-duplicates do, and are none.
  public static func options(size: Int) throws(PhantomError) -> DatasetImport.Options {
    try Phantom.checkSize(size)
    var options = DatasetImport.Options()
    options.imageSize = size
    options.intensity = IntensityMapping.none
    options.splitRule = .hash
    return options
  }

  private static func entry(_ phantom: Phantom) -> ImportEntry {
    let description = phantom.description
    let isPositive = [
      "Cardiomegaly": description.heartSize != .normal, "Lung Opacity": description.opacity != nil,
      "Pleural Effusion": description.effusion != nil, "Support Devices": description.device != nil,
    ]
    return ImportEntry(
      path: phantom.name + ".png", pixels: PhantomPixels(description), patient: phantom.name, study: phantom.name,
      attributes: RadiographAttributes(
        labels: isPositive.filter { $0.value }.mapValues { _ in .positive }, view: .posteroanterior),
      sections: [
        TextSection(name: "findings", text: phantom.report.findings),
        TextSection(name: "impression", text: phantom.report.impression),
      ])
  }
}

/// A phantom's picture, drawn in the size of the dataset.
struct PhantomPixels: ImportPixels {
  let description: PhantomDescription

  init(_ description: PhantomDescription) { self.description = description }

  /// - Throws: `ImageFileError` if the size cannot be.
  func image(_ preprocessing: ImagePreprocessing, limits: ImageLimits) throws -> ImportedImage {
    try ImportedImage(drawn: PhantomDrawing(description).plane(size: preprocessing.size), preprocessing)
  }
}
