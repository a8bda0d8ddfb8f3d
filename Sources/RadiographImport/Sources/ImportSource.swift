import Foundation
import RadiographData

/// What a source lists, before any image of it is read. Importers make one; `DatasetImport` does the rest.
public struct ImportSource: Sendable {
  /// Unique in a dataset: sources of one name are one source.
  public var name: String
  /// The importer: `openi`, `kaggle`, `nih`, `kermany`, `folder`, `table`, `dicom`, `phantom`, `computed`.
  public var kind: String
  public var licence: String
  public var attribution: String
  /// The findings that the source decided on for every image: one that is not listed is negative.
  public var vocabulary: [String]
  /// The folder that holds everything; nothing in it is ever written. nil for a source that needs no file.
  public var root: URL?
  /// More folders, of which the same is true.
  public var furtherRoots: [URL] = []
  /// In the order of import.
  public var entries: [ImportEntry]
  /// What was seen and left out already.
  public var exclusions: [ImportExclusion]
  /// Links out of the root that were left out, and that `SourceLinks.followed` would follow.
  public var unfollowedLinks: Int

  public init(
    name: String, kind: String, licence: String, attribution: String, vocabulary: [String], root: URL?,
    entries: [ImportEntry], exclusions: [ImportExclusion], unfollowedLinks: Int = 0
  ) {
    self.name = name
    self.kind = kind
    self.licence = licence
    self.attribution = attribution
    self.vocabulary = vocabulary
    self.root = root
    self.entries = entries
    self.exclusions = exclusions
    self.unfollowedLinks = unfollowedLinks
  }

  /// What the names of patients are unique in: parts of NIH's collection under several names share their patients.
  var patientScope: String { kind == "nih" ? kind : name }

  /// All folders.
  var roots: [URL] { (root.map { [$0] } ?? []) + furtherRoots }
}

/// One image that a source lists.
public struct ImportEntry: Sendable {
  /// Unique in its source.
  public var path: String
  /// nil if the image is listed and not there.
  public var pixels: (any ImportPixels)?
  public var patient: String
  public var study: String
  /// `vocabulary` is the source's, and left empty here.
  public var attributes: RadiographAttributes
  /// Those that state findings have a text: see `MissingText`.
  public var sections: [TextSection]
  /// What people marked in the image. The names of these are positive labels of it.
  public var boxes: [AnnotatedBox] = []
  /// What is known of the image's findings without looking at it.
  var findings: [ImageFinding] = []
  /// Where the publisher put the image, on request; otherwise nothing, and the dataset decides.
  public var split: DatasetSplit?

  /// The file that the pixels come from, if they come from one.
  public var file: URL? {
    get { (pixels as? ImageFilePixels)?.url }
    set { pixels = newValue.map(ImageFilePixels.init) }
  }

  public init(
    path: String, pixels: (any ImportPixels)?, patient: String, study: String, attributes: RadiographAttributes,
    sections: [TextSection], split: DatasetSplit? = nil
  ) {
    self.path = path
    self.pixels = pixels
    self.patient = patient
    self.study = study
    self.attributes = attributes
    self.sections = sections.filter { !$0.isMissing }
    self.split = split
  }

  /// An image in a file.
  public init(
    path: String, file: URL?, patient: String, study: String, attributes: RadiographAttributes,
    sections: [TextSection], split: DatasetSplit? = nil
  ) {
    self.init(
      path: path, pixels: file.map(ImageFilePixels.init), patient: patient, study: study, attributes: attributes,
      sections: sections, split: split)
  }
}
