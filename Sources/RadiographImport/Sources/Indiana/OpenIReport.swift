import Foundation
import RadiographData

/// One report of the Indiana University collection, as Open-i's XML has it.
struct OpenIReport: Sendable, Equatable {
  struct Image: Sendable, Equatable {
    /// As the XML names it, `CXR2_IM-0652-1001`.
    var id: String
    var caption: String
  }

  /// `CXR2`.
  var uid = ""
  /// In the file's order, with names in lower case; blank ones are left out.
  var sections: [TextSection] = []
  /// Headings that a person gave, `Cardiomegaly/borderline`.
  var majorHeadings: [String] = []
  /// Headings that a program found in the text.
  var automaticHeadings: [String] = []
  var images: [Image] = []

  /// - Throws: `XMLEvents.SyntaxError`, also for a document that is no report.
  init(_ bytes: [UInt8]) throws(XMLEvents.SyntaxError) {
    let reading = Reading()
    try XMLEvents.read(
      bytes,
      handler: XMLEvents.Handler(
        start: { reading.start($0, $1) }, text: { reading.add($0) }, end: { reading.end($0) }))
    self = reading.report
    guard !uid.isEmpty else { throw XMLEvents.SyntaxError(line: 1, reason: "it has no uId") }
  }

  private init() {}

  /// The number that both editions of the collection share: `2` of `CXR2`.
  var number: String { uid.hasPrefix("CXR") ? String(uid.dropFirst(3)) : uid }

  private final class Reading {
    var report = OpenIReport()
    private var text = ""
    private var label: String?
    /// The element whose text is being read, that of elements within included.
    private var collected: String?

    private static let textual: Set<String> = ["AbstractText", "major", "automatic", "caption"]

    func add(_ piece: String) { if collected != nil { text += piece } }

    func start(_ name: String, _ attributes: [String: String]) {
      guard collected == nil else { return }
      if Self.textual.contains(name) { (collected, text) = (name, "") }
      switch name {
      case "uId": if report.uid.isEmpty { report.uid = attributes["id"] ?? "" }
      case "AbstractText": label = attributes["Label"]?.lowercased()
      case "parentImage":
        if let id = attributes["id"], !id.isEmpty { report.images.append(Image(id: id, caption: "")) }
      default: break
      }
    }

    func end(_ name: String) {
      guard name == collected else { return }
      collected = nil
      let content = text.trimmingCharacters(in: .whitespacesAndNewlines)
      guard !content.isEmpty else { return }
      switch name {
      case "AbstractText": if let label { report.sections.append(TextSection(name: label, text: content)) }
      case "major": report.majorHeadings.append(content)
      case "automatic": report.automaticHeadings.append(content)
      case "caption": if let last = report.images.indices.last { report.images[last].caption = content }
      default: break
      }
    }
  }
}

/// What the two editions of the Indiana University collection have in common.
enum IndianaCollection {
  static let licence = "CC BY-NC-ND 4.0"
  static let attribution =
    "Indiana University, National Library of Medicine Open-i; Demner-Fushman et al., JAMIA 2016"

  /// The findings among headings such as `Opacity/lung/base/left`: what stands before the first stroke.
  static func labels(_ headings: [String]) -> [String: LabelState] {
    let names = headings.map { heading in
      heading.prefix { $0 != "/" }.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    return Dictionary(names.filter { !$0.isEmpty }.map { ($0, .positive) }, uniquingKeysWith: { first, _ in first })
  }

  /// What else is known of a report, kept beside its text: the examination's title and the headings with their
  /// qualifiers, which say where and how severe.
  static func annotations(examination: String?, headings: [String], automatic: [String] = []) -> [TextSection] {
    [
      ("examination", examination ?? ""), ("mesh", headings.joined(separator: "; ")),
      ("mesh-automatic", automatic.joined(separator: "; ")),
    ].compactMap { name, text in
      text.isEmpty ? nil : TextSection(name: name, text: text)
    }
  }

  /// What both editions, in all their file names, call an image: `2_IM-0652-1001` of `CXR2_IM-0652-1001.png` (Open-i),
  /// `CXR1_1_IM-0001-3001` (the first report alone has its number twice), `2/2_IM-0652-1001.dcm` (DICOM) and
  /// `2_IM-0652-1001.dcm.png` (Kaggle). nil for any other name.
  static func imageKey(_ name: String) -> String? {
    var stem = name.split { $0 == "/" || $0 == "\\" }.last.map { $0.uppercased() } ?? ""
    while ["png", "jpg", "jpeg", "dcm", "dicom"].contains(SourceFolder.pathExtension(stem)) {
      stem = stem.lastIndex(of: ".").map { String(stem[..<$0]) } ?? stem
    }
    if stem.hasPrefix("CXR") { stem.removeFirst(3) }
    let parts = stem.split(separator: "_")
    guard parts.count == 2 || (parts.count == 3 && parts[0] == parts[1]), let number = parts.first,
      let series = parts.last, !number.isEmpty, number.allSatisfy({ $0.isASCII && $0.isNumber }),
      series.hasPrefix("IM-")
    else { return nil }
    return "\(number)_\(series)"
  }
}
