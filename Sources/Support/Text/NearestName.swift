/// The known name that a misspelt one probably means.
public enum NearestName {
  /// Returns nil if no name is near: a third of the letters at most may be wrong, missing, too many or swapped with
  /// their neighbour. Small and capital letters count as the same.
  public static func of(_ name: String, among names: [String]) -> String? {
    let letters = Array(name.lowercased())
    let limit = max(1, letters.count / 3)
    return names.map { (name: $0, distance: distance(letters, Array($0.lowercased()))) }
      .filter { $0.distance <= limit }
      .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  /// How many letters have to be changed, added, left out or swapped with their neighbour (optimal string alignment).
  private static func distance(_ one: [Character], _ other: [Character]) -> Int {
    // rows[i][j] is the distance of the first i letters of one from the first j of the other.
    var rows = (0...one.count).map { [$0] + [Int](repeating: 0, count: other.count) }
    rows[0] = Array(0...other.count)
    for i in one.indices {
      for j in other.indices {
        let changed = rows[i][j] + (one[i] == other[j] ? 0 : 1)
        rows[i + 1][j + 1] = min(changed, rows[i][j + 1] + 1, rows[i + 1][j] + 1)
        if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
          rows[i + 1][j + 1] = min(rows[i + 1][j + 1], rows[i - 1][j - 1] + 1)
        }
      }
    }
    return rows[one.count][other.count]
  }
}
