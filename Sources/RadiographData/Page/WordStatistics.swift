import GRDB

/// How long reports are, and which words they use.
struct WordStatistics: Sendable, Equatable {
  /// Words of each report, in the sections that the dataset asks for and in captions.
  var lengths: [Int] = []
  /// The commonest words and in how many reports each stands.
  var commonest: [(name: String, count: Int)] = []

  private static let wordLimit = 40
  /// Words that say nothing of a chest. "No" and "not" do, and stay.
  private static let passedOver: Set<String> = [
    "a", "an", "and", "are", "as", "at", "be", "been", "by", "for", "from", "has", "have", "in", "is", "it", "its",
    "of",
    "on", "or", "that", "the", "there", "these", "this", "to", "was", "were", "which", "with",
  ]

  init(_ dataset: RadiographDataset) throws(DatasetError) {
    var lengths: [Int64: Int] = [:]
    var reports: [String: Int] = [:]
    do {
      try dataset.database.read { database in
        let rows = try Row.fetchCursor(database, sql: "SELECT study_id, name, text FROM sections ORDER BY study_id")
        var study: Int64?
        var words: Set<String> = []
        func close() {
          for word in words { reports[word, default: 0] += 1 }
          words = []
        }
        while let row = try rows.next() {
          let (id, name, text): (Int64, String, String) = (row[0], row[1], row[2])
          guard name == "caption" || dataset.settings.sections.contains(name) else { continue }
          if id != study { close() }
          study = id
          lengths[id, default: 0] += text.split(whereSeparator: \.isWhitespace).count
          words.formUnion(Self.words(of: text))
        }
        close()
      }
    } catch {
      throw .wrapping(error, path: dataset.url.path)
    }
    self.lengths = lengths.values.sorted()
    commonest = reports.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.wordLimit)
      .map { ($0.key, $0.value) }
  }

  static func == (one: WordStatistics, other: WordStatistics) -> Bool {
    one.lengths == other.lengths && one.commonest.elementsEqual(other.commonest) { $0 == $1 }
  }

  /// Words in lower case, without numbers, and without those that say nothing.
  private static func words(of text: String) -> Set<String> {
    Set(
      text.lowercased().split { !$0.isLetter && $0 != "-" }.map { $0.trimmingPrefix { $0 == "-" } }
        .map(String.init).filter { $0.count > 1 && !passedOver.contains($0) })
  }

  /// The lengths in at most 40 bins of one round width, the first from 0.
  var histogram: (binWidth: Int, counts: [Int]) {
    let longest = lengths.last ?? 0
    let width = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].first { longest / $0 < 40 } ?? (longest / 40 + 1)
    var counts = Array(repeating: 0, count: longest / width + 1)
    for length in lengths { counts[length / width] += 1 }
    return (width, counts)
  }
}
