import Foundation
import RadiographData

/// What tables write for an age.
enum AgeText {
  enum Reading: Equatable {
    case age(AgeRange)
    /// No age is given.
    case unknown
    /// A text that is no age of a person: a mistake, or a code for "unknown".
    case implausible
  }

  /// Of one year, by the first letters of the unit.
  private static let units: [String: Double] = [
    "": 1, "y": 1, "yr": 1, "yrs": 1, "year": 1, "years": 1, "m": 12, "mo": 12, "mon": 12, "month": 12, "months": 12,
    "w": 365.25 / 7, "wk": 365.25 / 7, "week": 365.25 / 7, "weeks": 365.25 / 7, "d": 365.25, "day": 365.25,
    "days": 365.25,
  ]

  /// "58", "58.5", or with a unit: "058Y" and "011M" (NIH's first edition, DICOM), "0 days", "6 weeks old". "90+" and
  /// ">89" are the least age. An age above 120 years is taken for a mistake.
  static func read(_ text: String) -> Reading {
    var text = text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    if MissingCell.isMissing(text) { return .unknown }
    if text.hasSuffix(" old") { text.removeLast(4) }
    if text.hasPrefix(">") { text.removeFirst() }
    if text.hasSuffix("+") { text.removeLast() }
    text = text.trimmingCharacters(in: .whitespaces)
    let digits = text.prefix { ($0.isASCII && $0.isNumber) || $0 == "." }
    let unit = text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces)
    guard let number = Double(digits), let perYear = units[unit] else { return .implausible }
    if isPadded(digits, unit) {
      // Three digits and a letter, as DICOM has an age: programs fill in 000 and 999 for what they do not know. A newborn
      // is some days old.
      if digits == "000", unit != "d" { return .unknown }
      if digits == "999" { return .implausible }
    }
    let years = number / perYear
    return years <= 120 ? .age(AgeRange(years)) : .implausible
  }

  private static func isPadded(_ digits: Substring, _ unit: String) -> Bool {
    digits.count == 3 && !digits.contains(".") && ["y", "m", "w", "d"].contains(unit)
  }

  /// Whether a text is an age as DICOM writes it (PS3.5, 6.2, AS): up to three digits and the letter of a unit.
  static func isDICOM(_ text: String) -> Bool {
    let text = text.trimmingCharacters(in: .whitespaces)
    return (2...4).contains(text.count) && text.dropLast().allSatisfy { $0.isASCII && $0.isNumber }
      && "YMWDymwd".contains(text.suffix(1))
  }
}

extension PatientSex {
  /// What tables write for a sex: a letter or a word, in any case.
  init?(text: String) {
    switch text.trimmingCharacters(in: .whitespaces).lowercased() {
    case "f", "female", "w", "woman": self = .female
    case "m", "male", "man": self = .male
    default: return nil
    }
  }
}

extension ViewPosition {
  /// What tables write for a view, DICOM's `ViewPosition` included, in any case.
  init?(text: String) {
    switch text.trimmingCharacters(in: .whitespaces).lowercased() {
    case "pa": self = .posteroanterior
    case "ap": self = .anteroposterior
    case "frontal": self = .frontal
    case "lateral", "lat", "ll", "rl": self = .lateral
    default: return nil
    }
  }
}

extension RadiographAttributes {
  /// The labels of a table's cell, `A|B`, all positive.
  static func labels(listed cell: String?) -> [String: LabelState] {
    let names = (cell ?? "").split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    return Dictionary(names.filter { !$0.isEmpty }.map { ($0, .positive) }, uniquingKeysWith: { first, _ in first })
  }
}

/// A row's attributes as they are collected, with what was wrong in them.
struct AttributeReading {
  var attributes = RadiographAttributes()
  private(set) var exclusions: [ImportExclusion] = []
  /// What the exclusions call the row. Not the image's own path: the image is imported, and these notes stay.
  let place: String

  init(place: String) { self.place = place }

  mutating func readAge(_ text: String?) {
    switch AgeText.read(text ?? "") {
    case .age(let age): attributes.age = age
    case .unknown: break
    case .implausible:
      exclusions.append(ImportExclusion(path: place, reason: .implausibleAge, detail: String((text ?? "").prefix(40))))
    }
  }

  mutating func noteUnknownLabels(_ labels: [String]) {
    guard !labels.isEmpty else { return }
    let names = labels.prefix(5).map { String($0.prefix(60)) }.joined(separator: ", ")
    exclusions.append(ImportExclusion(path: place, reason: .unknownLabel, detail: names))
  }
}
