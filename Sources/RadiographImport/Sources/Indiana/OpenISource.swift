import Foundation
import RadiographData

/// The Indiana University collection as Open-i ships it: reports as XML, in `NLMCXR_reports.tgz` or unpacked, and images
/// as PNG or DICOM in any folders.
///
/// The patient is the report's number (the collection has one report a patient), labels are the major MeSH headings that
/// people gave; the headings with their qualifiers, the automatic ones and the examination's title are sections of their
/// own. Images are named as the XML names them, with `.png`, wherever their file is found.
public enum OpenISource {
  private static let archiveExtensions = [".tgz", ".tar.gz", ".tar"]
  private static let imageExtensions = ImageScanner.extensions.union(["dcm", "dicom"])

  /// - Parameter sources: a folder of reports and images, or the archive (its images are sought beside it); further
  ///   ones hold images.
  /// - Throws: `DatasetError.sourceMissing` if there are no reports, `.malformedArchive`, `.malformedTable`, `.inputOutput`.
  public static func list(_ sources: [URL], links: SourceLinks = .inside) throws(DatasetError) -> ImportSource {
    guard let first = sources.first else { throw .sourceMissing(path: "", remedy: "name the archive or its folder") }
    guard FileManager.default.fileExists(atPath: first.path) else {
      throw .sourceMissing(path: first.path, remedy: "name the archive of reports or its folder")
    }
    let isArchive = !SourceFolder.isFolder(first)
    let root = isArchive ? first.deletingLastPathComponent() : first
    let folder = try SourceFolder(root, links: links) { imageExtensions.contains($0) || $0 == "xml" }
    var places = [folder]
    for source in sources.dropFirst() {
      places.append(try SourceFolder(source, links: links) { imageExtensions.contains($0) })
    }
    var files: [String: ImageFile] = [:]
    var exclusions = places.flatMap(\.exclusions)
    var strangers: [String] = []
    for place in places {
      for path in place.files where SourceFolder.pathExtension(path) != "xml" {
        guard let key = IndianaCollection.imageKey(path) else {
          strangers.append(path)
          continue
        }
        if files[key] == nil { files[key] = ImageFile(path: path, url: place.url(path)) }
      }
    }
    exclusions += strangers.map { ImportExclusion(path: $0, reason: .unlisted) }

    var reports = Reports()
    if let archive = isArchive ? first : archive(in: folder) {
      try reports.read(archive: archive)
    } else {
      try reports.read(folder: folder)
    }
    exclusions += reports.exclusions
    let projections = SourceFolder.file("indiana_projections.csv", in: root)
    let views = try projections.map { url throws(DatasetError) in try OpenIViews(projections: url) } ?? OpenIViews()
    var source = source(reports.reports, root: root, files: files, views: views, exclusions: exclusions)
    source.furtherRoots = places.dropFirst().map(\.root)
    source.unfollowedLinks = places.reduce(0) { $0 + $1.unfollowedLinks }
    return source
  }

  private struct ImageFile {
    /// Below the source that it was found in.
    var path: String
    var url: URL
  }

  /// The archive of reports in a folder; nil if reports are unpacked there.
  private static func archive(in folder: SourceFolder) -> URL? {
    if folder.files.contains(where: { $0.hasSuffix(".xml") }) { return nil }
    return archiveExtensions.map { folder.url("NLMCXR_reports" + $0) }.first {
      FileManager.default.fileExists(atPath: $0.path)
    }
  }

  private static func source(
    _ reports: [OpenIReport], root: URL, files: [String: ImageFile], views: OpenIViews, exclusions: [ImportExclusion]
  ) -> ImportSource {
    var exclusions = exclusions
    var entries: [ImportEntry] = []
    var listed: Set<String> = []
    for report in reports {
      let keys = report.images.compactMap { IndianaCollection.imageKey($0.id) }
      let viewOf = views.views(of: keys)
      let headings = report.majorHeadings
      let sections =
        report.sections
        + IndianaCollection.annotations(
          examination: report.images.first { !$0.caption.isEmpty }?.caption, headings: headings,
          automatic: report.automaticHeadings)
      let labels = IndianaCollection.labels(headings)
      if report.images.isEmpty { exclusions.append(ImportExclusion(path: report.uid, reason: .noImage)) }
      for image in report.images {
        guard let key = IndianaCollection.imageKey(image.id) else {
          exclusions.append(
            ImportExclusion(path: report.uid, reason: .malformedReport, detail: "an image of another form of name"))
          continue
        }
        guard listed.insert(key).inserted else {
          exclusions.append(ImportExclusion(path: "\(report.uid) \(key)", reason: .duplicateRow))
          continue
        }
        entries.append(
          ImportEntry(
            path: image.id + ".png", file: files[key]?.url, patient: report.number, study: report.number,
            attributes: RadiographAttributes(labels: labels, view: viewOf[key]), sections: sections))
      }
    }
    let unlisted = files.filter { !listed.contains($0.key) }
    exclusions += unlisted.values.map(\.path).sorted().map { ImportExclusion(path: $0, reason: .unlisted) }
    return ImportSource(
      name: "openi", kind: "openi", licence: IndianaCollection.licence, attribution: IndianaCollection.attribution,
      vocabulary: [], root: root, entries: entries, exclusions: exclusions)
  }

  /// Reports, each once, in the order of their numbers.
  private struct Reports {
    private var byNumber: [String: OpenIReport] = [:]
    private(set) var exclusions: [ImportExclusion] = []

    var reports: [OpenIReport] {
      byNumber.values.sorted { (Int($0.number) ?? .max, $0.number) < (Int($1.number) ?? .max, $1.number) }
    }

    mutating func read(archive: URL) throws(DatasetError) {
      var reader = try TarReader(archive)
      while let entry = try reader.next(where: { $0.hasSuffix(".xml") }) {
        switch entry {
        case .file(let name, let bytes): add(bytes, name: name)
        case .outside(let name): exclusions.append(ImportExclusion(path: name, reason: .outsideSource))
        case .tooLarge(let name):
          exclusions.append(ImportExclusion(path: name, reason: .malformedReport, detail: "above 16 MiB"))
        }
      }
      if byNumber.isEmpty, exclusions.isEmpty { throw .sourceEmpty(path: archive.path, expected: "reports as XML") }
    }

    mutating func read(folder: SourceFolder) throws(DatasetError) {
      let paths = folder.files.filter { SourceFolder.pathExtension($0) == "xml" }
      guard !paths.isEmpty else {
        throw .sourceMissing(
          path: folder.url("NLMCXR_reports.tgz").path, remedy: "put the archive of reports there, or unpack it")
      }
      for path in paths {
        let size = (try? FileManager.default.attributesOfItem(atPath: folder.url(path).path)[.size] as? Int) ?? 0
        guard size <= TarReader.Limits().fileBytes, let data = try? Data(contentsOf: folder.url(path)) else {
          exclusions.append(ImportExclusion(path: path, reason: .malformedReport, detail: "not read, or above 16 MiB"))
          continue
        }
        add(Array(data), name: path)
      }
    }

    private mutating func add(_ bytes: [UInt8], name: String) {
      do {
        let report = try OpenIReport(bytes)
        guard byNumber[report.number] == nil else {
          exclusions.append(ImportExclusion(path: name, reason: .duplicateRow, detail: report.uid))
          return
        }
        byNumber[report.number] = report
      } catch {
        exclusions.append(
          ImportExclusion(path: name, reason: .malformedReport, detail: "line \(error.line): \(error.reason)"))
      }
    }
  }
}
