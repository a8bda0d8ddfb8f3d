import DICOMFiles
import Dispatch
import Foundation
import RadiographData
import Synchronization

/// What a tree of DICOM files lists, and what of it stays behind.
public struct DICOMListing: Sendable {
  public var source: ImportSource
  /// For `--report-unsafe`: shown to the user who imports, and never stored.
  public var withheld: [WithheldIdentity]
}

/// What a file says of its patient that the dataset does not get.
public struct WithheldIdentity: Sendable, Equatable {
  /// Below the source's folder; names of files may be names of people.
  public var file: String
  /// What the dataset calls it.
  public var path: String
  /// The elements by name, such as "Patient's Name"; "Burned In Annotation" where the image itself was withheld.
  public var elements: [String]
}

/// A tree of DICOM files, as a hospital's archive exports it.
///
/// Every file is looked at, whatever its name. Identity stays behind: patients, studies and paths are pseudonyms, dates
/// become an age, and nothing else of the header is kept than view and sex. A report beside a file (`name.txt` beside
/// `name.dcm` or `name`) goes in as it is.
public enum DICOMSource {
  public struct Options: Sendable {
    /// Takes in what is no projection radiograph of a chest.
    public var anyModality = false
    /// Takes in images whose header says that letters are in the pixels.
    public var withBurnedIn = false
    /// Takes in images that say that a program has drawn them.
    public var allowsSynthetic = false
    public var links = SourceLinks.inside

    public init() {}
  }

  /// Reads every file's header; decodes none.
  ///
  /// - Parameters:
  ///   - name: the source's name in the dataset.
  ///   - key: behind the pseudonyms; see `PatientKey.of(dataset:file:)`.
  /// - Throws: `DatasetError.sourceMissing`, `.unlistable` if a folder cannot be listed, `.sourceEmpty` if there is no
  ///   DICOM file; `DICOMError.libraryUnavailable(reason:)`.
  public static func list(
    _ root: URL, name: String = "dicom", key: PatientKey, options: Options = Options()
  ) throws -> DICOMListing {
    // Else every file would be left out as unreadable.
    try DICOMLibrary.load()
    let folder = try SourceFolder(root, links: options.links) { _ in true }
    let files = folder.files
    guard !files.isEmpty || !folder.exclusions.isEmpty else {
      throw DatasetError.sourceEmpty(path: root.path, expected: "DICOM files")
    }
    // `name.dcm.txt` or `name.txt` beside `name.dcm`.
    let texts = TextsBeside(files, of: files) { file in
      if SourceFolder.pathExtension(file) == "txt" { return [] }
      return [file + ".txt", (file as NSString).deletingPathExtension + ".txt"]
    }

    let results = Mutex<[Int: Found]>([:])
    DispatchQueue.concurrentPerform(iterations: files.count) { index in
      let found = look(at: files[index], texts: texts.candidates[index], below: folder, key: key, options: options)
      results.withLock { $0[index] = found }
    }

    var entries: [ImportEntry] = []
    var exclusions = folder.exclusions.map {
      ImportExclusion(path: key.pseudonym($0.path, domain: "path"), reason: $0.reason, detail: $0.detail)
    }
    var withheld: [WithheldIdentity] = []
    var reports: Set<String> = []
    for (_, found) in results.withLock({ $0 }) {
      if let entry = found.entry { entries.append(entry) }
      exclusions += found.exclusions
      if let identity = found.withheld { withheld.append(identity) }
      if let report = found.report { reports.insert(key.pseudonym(report, domain: "path")) }
    }
    // A report that was taken in with its image is no file of another kind.
    exclusions.removeAll { $0.reason == .notDICOM && reports.contains($0.path) }
    guard !entries.isEmpty || exclusions.contains(where: { $0.reason != .notDICOM }) else {
      throw DatasetError.sourceEmpty(path: root.path, expected: "DICOM files")
    }
    return DICOMListing(
      source: ImportSource(
        name: name, kind: "dicom", licence: "as its owner says", attribution: "", vocabulary: [], root: root,
        entries: entries.sorted { $0.path < $1.path }, exclusions: exclusions.sorted { $0.path < $1.path },
        unfollowedLinks: folder.unfollowedLinks),
      withheld: withheld.sorted { $0.file.utf8.lexicographicallyPrecedes($1.file.utf8) })
  }

  private struct Found: Sendable {
    var entry: ImportEntry?
    var exclusions: [ImportExclusion] = []
    var withheld: WithheldIdentity?
    var report: String?
  }

  private static func look(
    at file: String, texts: [String], below folder: SourceFolder, key: PatientKey, options: Options
  ) -> Found {
    // Names of files and folders are often names of people.
    let path = key.pseudonym(file, domain: "path")
    let url = folder.url(file)
    func excluded(_ reason: ImportExclusion.Reason, _ detail: String = "") -> Found {
      Found(exclusions: [ImportExclusion(path: path, reason: reason, detail: detail)])
    }
    let attributes: DICOMAttributes
    do throws(DICOMError) {
      attributes = try header(of: url)
    } catch .notDICOM {
      return excluded(.notDICOM)
    } catch {
      return excluded(.unreadable, error.description)
    }
    var identity = WithheldIdentity(file: file, path: path, elements: identifying(attributes))
    if let exclusion = DICOMSelection.exclusion(
      attributes, anyModality: options.anyModality, withBurnedIn: options.withBurnedIn,
      allowsSynthetic: options.allowsSynthetic)
    {
      var found = excluded(exclusion.reason, exclusion.detail)
      if exclusion.reason == .burnedIn {
        identity.elements.append("Burned In Annotation")
        found.withheld = identity
      }
      return found
    }
    let report = texts.count == 1 ? texts[0] : nil
    var sections: [TextSection] = []
    var exclusions: [ImportExclusion] = []
    if texts.count > 1 { exclusions.append(ImportExclusion(path: path, reason: .ambiguousName)) }
    switch report.map({ TextFile.read(folder.url($0)) }) {
    case .text(let text): sections = ReportText.sections(of: text)
    case .malformed(let detail):
      let path = key.pseudonym(report ?? "", domain: "path")
      exclusions.append(ImportExclusion(path: path, reason: .malformedReport, detail: detail))
    case .blank, .absent, nil: break
    }
    var view: ViewPosition?
    if case .view(let found) = DICOMSelection.projection(attributes) { view = found }
    let study = attributes.studyInstanceUID ?? file
    let entry = ImportEntry(
      path: path, file: url, patient: key.pseudonym(patient(attributes) ?? study, domain: "patient"),
      study: key.pseudonym(study, domain: "study"),
      attributes: RadiographAttributes(
        view: view, age: DICOMSelection.age(attributes), sex: attributes.patientSex.flatMap { PatientSex(text: $0) }),
      sections: sections)
    return Found(
      entry: entry, exclusions: exclusions, withheld: identity.elements.isEmpty ? nil : identity, report: report)
  }

  /// What identifies a patient: the archive's number, or else name and date of birth together.
  private static func patient(_ attributes: DICOMAttributes) -> String? {
    if let number = attributes.patientID { return "id\0\(number)" }
    guard let name = attributes.patientName else { return nil }
    return "name\0\(name)\0\(attributes.patientBirthDate ?? "")"
  }

  private static func identifying(_ attributes: DICOMAttributes) -> [String] {
    [
      ("Patient's Name", attributes.patientName), ("Patient ID", attributes.patientID),
      ("Patient's Birth Date", attributes.patientBirthDate), ("Study Date", attributes.studyDate),
      ("Acquisition Date", attributes.acquisitionDate), ("Study Instance UID", attributes.studyInstanceUID),
      ("Series Instance UID", attributes.seriesInstanceUID), ("SOP Instance UID", attributes.sopInstanceUID),
      ("Study Description", attributes.studyDescription), ("Series Description", attributes.seriesDescription),
    ].compactMap { name, value in value == nil ? nil : name }
  }

  /// A header is read from a file's beginning, which grows as long as it does not reach the pixels.
  private static func header(of file: URL) throws(DICOMError) -> DICOMAttributes {
    guard let handle = try? FileHandle(forReadingFrom: file) else { throw .corrupt(detail: "it cannot be opened") }
    defer { try? handle.close() }
    var data = Data()
    for size in [1 << 16, 1 << 21, Int.max] {
      guard let more = try? handle.read(upToCount: size - data.count) else { break }
      data += more
      guard DICOMFile.isDICOM(data) else { throw .notDICOM }
      do throws(DICOMError) {
        return try DICOMFile(data).attributes
      } catch .truncated where data.count == size {
        continue
      }
    }
    return try DICOMFile(data).attributes
  }
}
