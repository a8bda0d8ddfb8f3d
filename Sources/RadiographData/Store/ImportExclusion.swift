/// Something that was not imported, or is not used for training, and why.
public struct ImportExclusion: Sendable, Equatable, CustomStringConvertible {
  public enum Reason: String, Sendable, CaseIterable {
    /// The image cannot be decoded.
    case unreadable
    /// The file says of itself that a program has drawn the image.
    case synthetic
    /// The same bytes as an image imported before, whose pixels it shares.
    case duplicate
    /// Looks like an image imported before that is on another side of the split.
    case nearDuplicate = "near-duplicate"
    /// Listed, and not there.
    case missingImage = "missing-image"
    /// There, and not listed.
    case unlisted
    /// Listed more than once.
    case duplicateRow = "duplicate-row"
    /// A name that no file has exactly, and that several files resemble equally.
    case ambiguousName = "ambiguous-name"
    /// A row of a table without a name or a patient, or of another number of cells than the table has columns.
    case malformedRow = "malformed-row"
    /// A path or a link that leads out of the source's folder; nothing there is read.
    case outsideSource = "outside-source"
    /// A report that cannot be read.
    case malformedReport = "malformed-report"
    /// A report without an image; a DICOM file without one, such as an index.
    case noImage = "no-image"
    /// A view that the mapping leaves out, because frontal and lateral cannot be told apart.
    case unknownView = "unknown-view"
    /// A label that the source does not declare, or a state that no label has; the image is imported without it.
    case unknownLabel = "unknown-label"
    /// An age that no person has; the image is imported without it.
    case implausibleAge = "implausible-age"
    /// One patient in two of the publisher's splits, or of two sexes; all images stay together.
    case conflictingPatient = "conflicting-patient"
    /// An image whose report differs from that of another image under one study's name; each keeps its own.
    case conflictingReport = "conflicting-report"
    /// A label of the source that what people marked in the image contradicts; the label is not taken.
    case conflictingLabel = "conflicting-label"
    /// One image in several folders: this file, which has fewer pixels, is left out.
    case lesserCopy = "lesser-copy"
    /// Files whose names end otherwise than their table says; their images are imported.
    case otherEnding = "other-ending"
    /// A box without an area, outside of its image, or without numbers; the image is imported without it.
    case malformedBox = "malformed-box"
    /// Boxes of images that the source does not have.
    case unknownImage = "unknown-image"
    case nonFrontal = "non-frontal"
    /// No report, no caption and no label to make a prompt of.
    case noText = "no-text"
    /// A file of another kind in a tree of DICOM files.
    case notDICOM = "not-dicom"
    /// A DICOM file of a transfer syntax that is not read.
    case unsupportedSyntax = "unsupported-syntax"
    /// No projection radiograph.
    case otherModality = "other-modality"
    case notChest = "not-chest"
    /// Oblique, or lying on one side.
    case otherView = "other-view"
    /// A detector's raw image, not made to be looked at.
    case forProcessing = "for-processing"
    case multiFrame = "multi-frame"
    /// The header says that letters are in the pixels, which may name the patient.
    case burnedIn = "burned-in"
  }

  /// Where, and why in words: one line.
  public var description: String { "\(reason.words): \(path)" + (detail.isEmpty ? "" : " (\(detail))") }

  public var path: String
  public var reason: Reason
  public var detail: String

  public init(path: String, reason: Reason, detail: String = "") {
    self.path = path
    self.reason = reason
    self.detail = detail
  }
}

extension ImportExclusion.Reason {
  /// The reason in words that follow a number or come before a name: "3 listed and not there".
  public var words: String {
    switch self {
    case .unreadable: "unreadable"
    case .synthetic: "drawn by a program"
    case .duplicate: "with the same bytes as another image"
    case .nearDuplicate: "like an image of another part of the split"
    case .missingImage: "listed and not there"
    case .unlisted: "there and not listed"
    case .duplicateRow: "listed more than once"
    case .ambiguousName: "with a name that fits several files"
    case .malformedRow: "in a malformed row"
    case .outsideSource: "outside of the source"
    case .malformedReport: "with a report that is not readable"
    case .noImage: "without an image"
    case .unknownView: "with a view that is not known"
    case .unknownLabel: "with a label that is not known"
    case .implausibleAge: "with an age that no one has"
    case .conflictingPatient: "with a patient of two splits or two sexes"
    case .conflictingReport: "with another report than the rest of the study"
    case .conflictingLabel: "with a label that marks in the image contradict"
    case .lesserCopy: "with fewer pixels than another file of the image"
    case .otherEnding: "with a name that ends otherwise than listed"
    case .malformedBox: "with a box that means nothing"
    case .unknownImage: "with boxes and no image"
    case .nonFrontal: "not frontal"
    case .noText: "without report, caption and label"
    case .notDICOM: "not DICOM"
    case .unsupportedSyntax: "in a DICOM syntax that is not read"
    case .otherModality: "not a projection radiograph"
    case .notChest: "not of the chest"
    case .otherView: "oblique or lying on one side"
    case .forProcessing: "raw from a detector"
    case .multiFrame: "of several frames"
    case .burnedIn: "with letters in the pixels"
    }
  }
}
