import ImageFiles
import Support

/// What can be wrong with a dataset, a source, or a request to import one into the other.
public enum DatasetError: Error, Sendable, Equatable {
  /// There is no dataset in the folder.
  case notADataset(path: String)
  /// The folder holds something that is not a dataset, and is left alone.
  case outputIsNotOurs(path: String)
  /// The dataset was written by a later version of the program.
  case laterVersion(path: String, version: Int, supported: Int)
  /// The index or a shard is damaged.
  case damaged(path: String, reason: String)
  /// Another process is importing into the dataset.
  case busy(path: String)
  /// A setting that must be the same for all of a dataset.
  case settingMismatch(name: String, stored: String, given: String)
  /// The source, or a part of it, is not there.
  case sourceMissing(path: String, remedy: String)
  /// A file where the folder of a source belongs.
  case sourceIsFile(path: String)
  /// Phantoms would come into a dataset of radiographs, or radiographs into one of phantoms, which `hasPhantoms` says.
  case mixedWithPhantoms(path: String, hasPhantoms: Bool)
  /// Two different sources would have the same name, so that their patients and images would be taken for the same.
  case sourceName(name: String, reason: String)
  /// The source is there and holds nothing that can be imported.
  case sourceEmpty(path: String, expected: String)
  /// An import ended and the dataset has no image.
  case noImages(path: String, reason: String, remedy: String)
  /// A table of the source cannot be understood.
  case malformedTable(path: String, reason: String)
  /// An archive of the source is damaged, cut off, or larger than any that is known.
  case malformedArchive(path: String, reason: String)
  /// A mapping of a table cannot be used.
  case malformedMapping(path: String, reason: String)
  /// A table was given without a mapping, or a mapping with something else.
  case mappingMismatch(reason: String)
  /// `--official-split` with an importer whose sources have none, or none that goes by patient.
  case noOfficialSplit(String)
  /// Listed images that are not there, with the policy to fail.
  case missingImages(count: Int, first: String)
  /// The source and the dataset are one folder, or one holds the other.
  case sourceInsideOutput(source: String, output: String)
  case invalidImageSize(Int)
  case invalidSplit(String)
  case cannotCreate(path: String, reason: String)
  case inputOutput(path: String, reason: String)
  /// A folder of a source whose files cannot be listed.
  case unlistable(path: String, reason: String)
  /// A record of another dataset, or one without pixels.
  case noPixels(key: String)
  /// Batches that cannot be made.
  case invalidLoading(String)
  /// `--sections` names no part of a report.
  case invalidSections(String)
  /// The key behind the pseudonyms of DICOM patients cannot be used, or must not be.
  case patientKey(path: String, reason: String)
  /// Two sets of pixels that were made differently, and must not be trained on together.
  case mixedPreprocessing(path: String, stored: String, given: String)
  /// Patients, studies or images that are on two sides of the split.
  case leakage(path: String, patients: Int, studies: Int, nearDuplicates: Int, first: String)
  /// The prompt grammar's file cannot be used.
  case malformedGrammar(reason: String)
}

extension DatasetError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notADataset(let path):
      "no dataset in \(path): make one with `thorax data import`"
    case .outputIsNotOurs(let path):
      "\(path) holds files that are not a dataset's: name an empty or a new folder"
    case .laterVersion(let path, let version, let supported):
      "\(path) is of format \(version), this program reads up to \(supported): update the program"
    case .damaged(let path, let reason):
      "damaged dataset \(path) (\(reason)): import it again into a new folder"
    case .busy(let path):
      "another import is writing to \(path): wait until it ends"
    case .settingMismatch(let name, let stored, let given):
      "the dataset was made with \(name) \(stored), not \(given): leave the option out, or name a new folder"
    case .sourceMissing(let path, let remedy):
      "not found: \(path): \(remedy)"
    case .sourceIsFile(let path):
      "\(path.onOneLine(limit: 160)) is a file: name the folder that holds it"
    case .mixedWithPhantoms(let path, let hasPhantoms):
      "\(path.onOneLine(limit: 160)) is a dataset of \(hasPhantoms ? "phantoms" : "radiographs"), which do not mix with "
        + "\(hasPhantoms ? "radiographs" : "phantoms"): name another folder with --output"
    case .sourceName(let name, let reason):
      "two sources would be called \(name) (\(reason)): give one another name, with --name for a folder or nih, or name in a "
        + "mapping"
    case .sourceEmpty(let path, let expected):
      "nothing to import in \(path): expected \(expected)"
    case .noImages(let path, let reason, let remedy):
      "no image was imported into \(path) (\(reason)): \(remedy)"
    case .malformedTable(let path, let reason):
      "cannot read the table \(path) (\(reason)): give it as its publisher ships it"
    case .malformedArchive(let path, let reason):
      "cannot read the archive \(path) (\(reason)): fetch it again"
    case .malformedMapping(let path, let reason):
      "cannot use the mapping \(path) (\(reason)): correct it, docs/dataset-format.md has the keys"
    case .mappingMismatch(let reason):
      "\(reason): give --mapping FILE, mimic-cxr-jpg, chexpert or hannover with the importer table"
    case .noOfficialSplit(let importer):
      "\(importer) has no official split by patient: leave out --official-split"
    case .missingImages(let count, let first):
      "\(count) listed images are not there, the first is \(first): fetch them, or pass --missing-images skip"
    case .sourceInsideOutput(let source, let output):
      "the source \(source) and the dataset \(output) share a folder: name another folder for the dataset"
    case .invalidImageSize(let size):
      "image size \(size): give 16 to 2048"
    case .invalidSplit(let text):
      "split \"\(text)\": give three parts such as 70/10/20"
    case .cannotCreate(let path, let reason):
      "cannot create \(path) (\(reason)): name a folder that can be written"
    case .unlistable(let path, let reason):
      "the folder \(path) cannot be listed (\(reason)): make it readable, or move it out of the source"
    case .inputOutput(let path, let reason):
      "reading or writing \(path) failed (\(reason)): free space or check the disk, then run the same command again"
    case .noPixels(let key):
      "the dataset has no pixels for \(key): import its image"
    case .invalidLoading(let text):
      "cannot load \(text): give a batch of at least one image, a rank below their number, and room for the images"
    case .invalidSections(let text):
      "sections \"\(text)\": give findings, impression, or findings+impression"
    case .patientKey(let path, let reason):
      "patient key \(path): \(reason): name the key's file, or a new dataset and a place outside of it"
    case .mixedPreprocessing(let path, let stored, let given):
      "\(path) has pixels of \(stored), not of \(given): train on datasets that were imported alike"
    case .leakage(let path, let patients, let studies, let nearDuplicates, let first):
      "\(path) has \(patients) patients, \(studies) studies and \(nearDuplicates) near-duplicates on two sides of "
        + "the split, the first is \(first): import it again into a new folder"
    case .malformedGrammar(let reason):
      "prompt grammar: \(reason): correct the file"
    }
  }
}
