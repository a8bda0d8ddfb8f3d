/// Something that was not imported, or is not used for training, and why.
public struct ImportExclusion: Sendable, Equatable {
  public enum Reason: String, Sendable, CaseIterable {
    /// The image cannot be decoded.
    case unreadable
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

  public var path: String
  public var reason: Reason
  public var detail: String

  public init(path: String, reason: Reason, detail: String = "") {
    self.path = path
    self.reason = reason
    self.detail = detail
  }
}
