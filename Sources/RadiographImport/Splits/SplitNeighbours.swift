import GRDB
import RadiographData

/// The perceptual hashes of a dataset's images that something is trained on, eligible or without a text only, each with
/// its split.
struct SplitNeighbours {
  private var index = NearDuplicateIndex()
  private var images: [Int64] = []
  private var splits: [DatasetSplit] = []

  init(_ database: Database) throws {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT images.id, perceptual_hash, split FROM images JOIN pixels ON pixels.slot = images.slot
        JOIN studies ON studies.id = study_id JOIN patients ON patients.id = patient_id
        WHERE \(RadiographDataset.visible) AND perceptual_hash IS NOT NULL ORDER BY images.id
        """)
    while let row = try rows.next() {
      guard let hash = PerceptualHash(bytes: try row.value(1)), let split = DatasetSplit(rawValue: try row.value(2))
      else { continue }
      insert(hash, image: try row.value(0), split: split)
    }
  }

  mutating func insert(_ hash: PerceptualHash, image: Int64, split: DatasetSplit) {
    index.insert(hash, id: images.count)
    images.append(image)
    splits.append(split)
  }

  /// The most alike image that is in another split.
  func nearest(to hash: PerceptualHash, outside split: DatasetSplit) -> (id: Int64, distance: Int)? {
    index.nearest(to: hash) { splits[$0] != split }.map { (images[$0.id], $0.distance) }
  }
}
