import Foundation
import RadiographData

/// What a source lists, before any image of it is read. Importers make one; `DatasetImport` does the rest.
public struct ImportSource: Sendable {
  /// Unique in a dataset: sources of one name are one source.
  public var name: String
  /// The importer: `openi`, `kaggle`, `nih`, `kermany`, `folder`, `table`, `dicom`.
  public var kind: String
  public var licence: String
  public var attribution: String
  /// The findings that the source decided on for every image: where one is not listed, it is negative.
  public var vocabulary: [String]
  /// The folder that holds everything; nothing in it is ever written.
  public var root: URL
  /// In the order of import.
  public var entries: [ImportEntry]
  /// What was seen and left out already.
  public var exclusions: [ImportExclusion]

  public init(
    name: String, kind: String, licence: String, attribution: String, vocabulary: [String], root: URL,
    entries: [ImportEntry], exclusions: [ImportExclusion]
  ) {
    self.name = name
    self.kind = kind
    self.licence = licence
    self.attribution = attribution
    self.vocabulary = vocabulary
    self.root = root
    self.entries = entries
    self.exclusions = exclusions
  }
}

/// One image that a source lists.
public struct ImportEntry: Sendable {
  /// Unique in its source.
  public var path: String
  /// Nothing where the image is listed and not there.
  public var file: URL?
  public var patient: String
  public var study: String
  /// `vocabulary` is the source's, and left empty here.
  public var attributes: RadiographAttributes
  public var sections: [TextSection]
  /// Where the publisher put the image, on request; otherwise nothing, and the dataset decides.
  public var split: DatasetSplit?

  public init(
    path: String, file: URL?, patient: String, study: String, attributes: RadiographAttributes,
    sections: [TextSection], split: DatasetSplit? = nil
  ) {
    self.path = path
    self.file = file
    self.patient = patient
    self.study = study
    self.attributes = attributes
    self.sections = sections
    self.split = split
  }
}
