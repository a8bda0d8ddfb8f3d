import DelimitedText
import Foundation
import RadiographData

/// Which images of a study of the Indiana University collection are frontal.
///
/// The XML does not say. Where the Kaggle edition's `indiana_projections.csv` lies beside it, that table does, for 7,466
/// of the 7,470 images. Otherwise the last number of the file's name is a guide: it counts series and images as the
/// scanner sent them, frontal first more often than not. Of the 7,466 images whose view is known the guide gives 90 in
/// 100 rightly (`swift test --filter IndianaAgreementTests` counts them).
struct OpenIViews: Sendable {
  /// By `IndianaCollection.imageKey`.
  private var known: [String: ViewPosition] = [:]

  init() {}

  init(projections url: URL) throws(DatasetError) {
    let table = try SourceTable(contentsOf: url)
    let (file, projection) = (try table.require("filename"), try table.require("projection"))
    var known: [String: ViewPosition] = [:]
    try table.forEachRow { row in
      guard let key = row.text(file).flatMap(IndianaCollection.imageKey) else { return }
      known[key] = row.text(projection).flatMap(ViewPosition.init(text:))
    }
    self.known = known
  }

  /// - Parameter keys: of all images of one study.
  func views(of keys: [String]) -> [String: ViewPosition] {
    let ranked = keys.map { (key: $0, rank: Self.rank($0)) }.sorted { ($0.rank, $0.key) < ($1.rank, $1.key) }
    var result: [String: ViewPosition] = [:]
    for (place, image) in ranked.enumerated() {
      let guess: ViewPosition
      switch place {
      case 0 where ranked.count > 1: guess = .frontal
      case ranked.count - 1 where ranked.count > 1: guess = .lateral
      default: guess = image.rank < Self.border ? .frontal : .lateral
      }
      result[image.key] = known[image.key] ?? guess
    }
    return result
  }

  /// The last numbers of the collection's file names, from those that are frontal most often to those that are lateral
  /// most often; the two are level at `0001`.
  private static let order = [
    "4004", "1002001", "1001", "12012", "2002", "0001", "4001", "5001", "0003", "0002", "3001", "6001", "1003",
    "1003002", "1004003", "2001", "3003", "1002",
  ]
  private static let border = 6

  /// Other numbers are rare; large ones follow a repeated frontal image.
  private static func rank(_ key: String) -> Int {
    let number = key.split(separator: "-").last.map(String.init) ?? ""
    return order.firstIndex(of: number) ?? ((Int(number) ?? 0) >= 4000 ? border - 1 : border)
  }
}
