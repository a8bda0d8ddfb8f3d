import ArgumentParser
import Foundation
import Generation
import RadiographData
import RadiographImport
import Support
import Terminal

/// What `data import dicom` takes beside what every importer does.
struct DICOMOptions: ParsableArguments {
  @Flag(help: "Take in what is no projection radiograph of a chest too (dicom).")
  var anyModality = false

  @Flag(help: "Take in images whose header says that letters are burnt into them (dicom).")
  var withBurnedIn = false

  @Option(
    help: ArgumentHelp(
      "The secret behind the pseudonyms (dicom); default: NAME.key beside the dataset, made by its first import.",
      valueName: "file"),
    completion: .file())
  var patientKey: String?

  @Flag(help: "List on standard error what of each file's header the dataset does not get (dicom).")
  var reportUnsafe = false

  /// - Throws: `RequestError.conflict` where an option of DICOM is given to another importer.
  func check(isDICOM: Bool) throws {
    guard !isDICOM, anyModality || withBurnedIn || patientKey != nil || reportUnsafe else { return }
    throw RequestError.conflict(
      "--any-modality, --with-burned-in, --patient-key and --report-unsafe belong to dicom",
      remedy: "leave them out, or import with dicom")
  }

  /// The secret behind the pseudonyms, which is in no file yet if it is a new one.
  func key(ofDataset dataset: URL) throws -> PatientKey {
    try PatientKey.of(dataset: dataset, file: patientKey.map { URL(fileURLWithPath: $0) })
  }

  func list(
    _ root: URL, key: PatientKey, links: SourceLinks, allowsSynthetic: Bool, console: Console
  ) throws -> ImportSource {
    var options = DICOMSource.Options()
    options.anyModality = anyModality
    options.withBurnedIn = withBurnedIn
    options.links = links
    options.allowsSynthetic = allowsSynthetic
    let listing = try DICOMSource.list(root, key: key, options: options)
    guard !listing.source.entries.isEmpty else {
      let reasons = Dictionary(grouping: listing.source.exclusions, by: \.reason.rawValue).mapValues(\.count)
      let counted = reasons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
      throw DatasetError.sourceEmpty(path: root.path, expected: "radiographs of a chest, where there is \(counted)")
    }
    if reportUnsafe {
      for identity in listing.withheld {
        console.note(
          "withheld: \(identity.file) (\(identity.path)): \(identity.elements.joined(separator: ", "))".onOneLine()
        )
      }
    }
    return listing.source
  }
}
