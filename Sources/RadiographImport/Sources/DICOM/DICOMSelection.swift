import DICOMFiles
import Foundation
import RadiographData

/// Whether a DICOM file is a chest radiograph to train on, and how it was taken.
enum DICOMSelection {
  static let modalities: Set = ["CR", "DX", "RG", "PX"]

  /// Why the file is left out, or nothing.
  static func exclusion(
    _ attributes: DICOMAttributes, anyModality: Bool, withBurnedIn: Bool, allowsSynthetic: Bool
  ) -> (reason: ImportExclusion.Reason, detail: String)? {
    guard attributes.hasPixels, attributes.rows > 0, attributes.columns > 0 else { return (.noImage, "") }
    if attributes.isSynthetic, !allowsSynthetic { return (.synthetic, "") }
    // What is drawn comes from no machine: its modality is another.
    if !anyModality, !attributes.isSynthetic {
      let modality = attributes.modality?.uppercased() ?? ""
      // A modality is a code of a few letters; anything longer is free text, which may name somebody.
      guard modalities.contains(modality) else { return (.otherModality, modality.count <= 4 ? modality : "") }
      guard isChest(attributes) else { return (.notChest, "") }
      if attributes.presentationIntent?.uppercased() == "FOR PROCESSING" { return (.forProcessing, "") }
    }
    guard attributes.transferSyntaxIsRead else { return (.unsupportedSyntax, attributes.transferSyntaxName) }
    if attributes.frames > 1 { return (.multiFrame, "\(attributes.frames) frames") }
    if projection(attributes) == .other { return (.otherView, "") }
    if !withBurnedIn, attributes.burnedInAnnotation?.uppercased() == "YES" { return (.burnedIn, "") }
    return nil
  }

  /// By body part; where that says nothing, by region and descriptions.
  static func isChest(_ attributes: DICOMAttributes) -> Bool {
    let bodyPart = plain(attributes.bodyPart)
    if !bodyPart.isEmpty, !["UNKNOWN", "UNDEFINED", "OTHER", "NONE"].contains(bodyPart) { return namesChest(bodyPart) }
    return [
      attributes.anatomicRegion, attributes.viewName, attributes.seriesDescription, attributes.protocolName,
      attributes.studyDescription,
    ].contains { namesChest(plain($0)) }
  }

  private static func namesChest(_ text: String) -> Bool {
    // A film of chest and abdomen is a newborn's whole trunk.
    guard !text.contains("ABD") else { return false }
    return ["CHEST", "THORAX", "TORAX", "LUNG", "CXR", "POUMON", "PULMO"].contains { text.contains($0) }
  }

  enum Projection: Equatable {
    case view(ViewPosition)
    /// Oblique, or lying on one side.
    case other
    case unknown
  }

  /// The first of view position, view code's meaning, series, protocol, study and orientation that decides.
  static func projection(_ attributes: DICOMAttributes) -> Projection {
    for text in [
      attributes.viewPosition, attributes.viewName, attributes.seriesDescription, attributes.protocolName,
      attributes.studyDescription,
    ] {
      let found = projection(inWordsOf: text)
      if found != .unknown { return found }
    }
    // Where a row leads: to the left or right in a frontal image, to the front or back in a lateral one.
    switch plain(attributes.patientOrientation).first {
    case "L", "R": return .view(.frontal)
    case "A", "P": return .view(.lateral)
    default: return .unknown
    }
  }

  private static let words: [String: Projection] = {
    var words: [String: Projection] = [:]
    for word in ["PA", "POSTEROANTERIOR"] { words[word] = .view(.posteroanterior) }
    for word in ["AP", "ANTEROPOSTERIOR"] { words[word] = .view(.anteroposterior) }
    for word in ["LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "PROFIL", "SEITLICH", "SEITE"] {
      words[word] = .view(.lateral)
    }
    for word in ["FRONTAL", "FACE"] { words[word] = .view(.frontal) }
    for word in [
      "OBL", "OBLIQUE", "LAO", "RAO", "LPO", "RPO", "LLO", "RLO", "LLD", "RLD", "DECUB", "DECUBITUS", "LORDOTIC",
    ] {
      words[word] = .other
    }
    return words
  }()

  /// `unknown` if no word names a view, or if several are named, as by "PA AND LATERAL" of a study.
  static func projection(inWordsOf text: String?) -> Projection {
    let joined = plain(text).replacingOccurrences(of: "POSTERO-ANTERIOR", with: "POSTEROANTERIOR")
      .replacingOccurrences(of: "ANTERO-POSTERIOR", with: "ANTEROPOSTERIOR")
    let found = joined.split { !$0.isLetter }.compactMap { words[String($0)] }
    // "AP LATERAL DECUBITUS" and "PA OBLIQUE" are neither.
    if found.contains(.other) { return .other }
    let views = found.filter { $0 != .view(.frontal) }
    guard let first = (views.isEmpty ? found : views).first else { return .unknown }
    return (views.isEmpty ? found : views).allSatisfy { $0 == first } ? first : .unknown
  }

  /// Upper case, without accents.
  private static func plain(_ text: String?) -> String {
    (text ?? "").folding(options: .diacriticInsensitive, locale: nil).uppercased()
  }

  /// From the patient's age, or the dates of birth and study if it says nothing, or is written in another way than
  /// DICOM's.
  static func age(_ attributes: DICOMAttributes) -> AgeRange? {
    let text = attributes.patientAge ?? ""
    var stated: Double?
    if case .age(let age) = AgeText.read(text) { stated = age.lower }
    // An age of 0 years is an infant's, or means that no age was entered: the dates decide.
    if let stated, AgeText.isDICOM(text), stated > 0 { return coarse(stated) }
    return (ageByDates(attributes) ?? stated).flatMap(coarse)
  }

  /// In years; nil if a date is missing, birth is after the study, or the age would be above 110: a date that a program
  /// filled in.
  private static func ageByDates(_ attributes: DICOMAttributes) -> Double? {
    guard let birth = day(attributes.patientBirthDate), birth != day("19000101"),
      let taken = day(attributes.studyDate) ?? day(attributes.acquisitionDate), taken >= birth
    else { return nil }
    let years = Double(taken - birth) / 365.25
    return years <= 110 ? years : nil
  }

  /// Whole years, months below two years, and no age above 89 by itself: so few are as old that it would name them
  /// (45 CFR 164.514(b)(2)(i)(C)).
  private static func coarse(_ years: Double) -> AgeRange? {
    guard years <= 120 else { return nil }
    if years >= 90 { return AgeRange(90, 120) }
    return AgeRange(years >= 2 ? years.rounded(.down) : (years * 12).rounded(.down) / 12)
  }

  /// The number of days from a fixed day to the date `YYYYMMDD` or `YYYY.MM.DD`; nil if there is no such date.
  private static func day(_ text: String?) -> Int? {
    let digits = (text ?? "").filter { $0 != "." && $0 != "-" }
    guard digits.count == 8, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits) else {
      return nil
    }
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100)
    guard (1850...9998).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    // The year starts in March, so that the leap day is its last.
    let (marchYear, marchMonth) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
    return marchYear * 365 + leapDays + (153 * marchMonth + 2) / 5 + day
  }
}
