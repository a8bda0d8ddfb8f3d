import Foundation
import RadiographData

extension DatasetImport {
  /// What an import did.
  public struct Summary: Sendable, Equatable {
    /// What an import made that was not there before.
    public enum Made: Sendable, Equatable, Comparable {
      case nothing
      /// A dataset, in a folder that was there.
      case dataset
      /// A dataset and its folder.
      case folder
    }

    /// Images added by this call, and those that were there before.
    public var imported: Int
    public var alreadyThere: Int
    public var excluded: [ImportExclusion]
    public var made: Made
    /// Of the images that were imported, those that say of themselves that a program has drawn them.
    public var synthetic: Int

    public init(
      imported: Int = 0, alreadyThere: Int = 0, excluded: [ImportExclusion] = [], made: Made = .nothing,
      synthetic: Int = 0
    ) {
      self.synthetic = synthetic
      self.imported = imported
      self.alreadyThere = alreadyThere
      self.excluded = excluded
      self.made = made
    }

    /// Adds what a further import into the same dataset did.
    public static func += (total: inout Summary, further: Summary) {
      total.imported += further.imported
      total.synthetic += further.synthetic
      total.alreadyThere += further.alreadyThere
      total.excluded += further.excluded
      total.made = max(total.made, further.made)
    }
  }
}

extension DatasetImport.Summary {
  /// Checks that the dataset has an image after all imports into it. One that was made by them, and for which no image
  /// is even listed, is removed.
  ///
  /// - Throws: `DatasetError.noImages`, with the commonest reason why nothing was imported.
  public func requireImages(in output: URL) throws(DatasetError) {
    if imported > 0 { return }
    let dataset = try RadiographDataset.open(output)
    guard dataset.storedImageCount == 0 else { return }
    let error = noImages(in: output)
    if made != .nothing, try dataset.summary().frontal + dataset.summary().lateral == 0 {
      DatasetFolder(url: output).remove(withFolder: made == .folder)
    }
    throw error
  }

  /// Of the reasons that leave an image out, the commonest; of equally common ones the first in their order.
  func noImages(in output: URL) -> DatasetError {
    let counts = Dictionary(grouping: excluded.filter { $0.reason.leavesOut }, by: \.reason)
    let commonest = ImportExclusion.Reason.allCases.max { counts[$0]?.count ?? 0 <= counts[$1]?.count ?? 0 }
    guard let reason = commonest, let group = counts[reason], let first = group.first else {
      return .noImages(path: output.path, reason: "nothing was left out", remedy: "check the source's folder")
    }
    let detail = first.detail.isEmpty ? "" : ", \(first.detail)"
    return .noImages(
      path: output.path, reason: "\(group.count) \(reason.words), the first is \(first.path)\(detail)",
      remedy: reason.remedy)
  }
}

extension ImportExclusion.Reason {
  /// Whether it explains that there is no image; other reasons only note something of one that is there.
  fileprivate var leavesOut: Bool {
    switch self {
    case .unknownLabel, .implausibleAge, .conflictingPatient, .conflictingReport, .conflictingLabel, .lesserCopy,
      .otherEnding, .malformedBox, .unknownImage, .nonFrontal, .noText, .duplicate, .nearDuplicate:
      false
    default: true
    }
  }

  fileprivate var remedy: String {
    switch self {
    case .missingImage: "put the images where the table says, or name the folder that holds both"
    case .unreadable: "give PNG, JPEG or DICOM files that other programs open"
    case .unlisted: "list the images in the table"
    case .outsideSource: "give --follow-links if links may be followed, or name the folder that holds the images"
    case .notDICOM: "give DICOM files, or another importer"
    case .synthetic: "give --allow-synthetic to train on images that a program has drawn"
    case .otherModality, .notChest: "give --any-modality to take other images in"
    case .burnedIn: "give --with-burned-in if the letters name no one"
    default: "docs/dataset-format.md says what each reason means"
    }
  }
}
