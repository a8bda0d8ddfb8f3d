/// Finds, among hundreds of thousands of perceptual hashes, those that differ from one in few bits.
///
/// Multi-index hashing (Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR
/// 2012): of 14 parts of a hash at least one differs in 2 bits at most if all of it differs in 40, so that looking
/// up every part with up to 2 bits changed finds every neighbour. Below some thousand hashes all are compared.
package struct NearDuplicateIndex: Sendable {
  package struct Match: Sendable, Equatable {
    /// As given to `insert`.
    package var id: Int
    package var distance: Int
  }

  package let threshold: Int
  private var hashes: [PerceptualHash] = []
  private var ids: [Int] = []
  /// For each part, the last hash of each value (position + 1, or 0), and for each hash the one before it.
  private var heads: [[Int32]] = []
  private var previous: [[Int32]] = []

  private static let parts = 14
  /// Bits of the parts: 256 = 4 * 19 + 10 * 18.
  private static let partBits = 19
  private static let linearLimit = 4096

  /// - Parameter threshold: greatest number of bits that neighbours differ in, up to 41.
  package init(threshold: Int = PerceptualHash.threshold) {
    self.threshold = min(threshold, 3 * Self.parts - 1)
  }

  package var count: Int { hashes.count }

  package mutating func insert(_ hash: PerceptualHash, id: Int) {
    hashes.append(hash)
    ids.append(id)
    if heads.isEmpty {
      guard hashes.count > Self.linearLimit else { return }
      heads = Array(repeating: Array(repeating: 0, count: 1 << Self.partBits), count: Self.parts)
      previous = Array(repeating: [], count: Self.parts)
      for position in hashes.indices { link(position) }
    } else {
      link(hashes.count - 1)
    }
  }

  private mutating func link(_ position: Int) {
    for (part, value) in Self.split(hashes[position]).enumerated() {
      previous[part].append(heads[part][value])
      heads[part][value] = Int32(position + 1)
    }
  }

  /// The neighbour that differs in the fewest bits, the earliest inserted of those; only those that `isWanted` takes.
  package func nearest(to hash: PerceptualHash, where isWanted: (_ id: Int) -> Bool) -> Match? {
    var best: Match?
    var bestPosition = 0
    visit(hash) { position, distance in
      if let found = best, (found.distance, bestPosition) <= (distance, position) { return }
      if isWanted(ids[position]) {
        best = Match(id: ids[position], distance: distance)
        bestPosition = position
      }
    }
    return best
  }

  /// All neighbours, each once, in the order of insertion.
  package func neighbours(of hash: PerceptualHash) -> [Match] {
    var found: [Int: Int] = [:]
    visit(hash) { position, distance in found[position] = distance }
    return found.sorted { $0.key < $1.key }.map { Match(id: ids[$0.key], distance: $0.value) }
  }

  /// Calls `body` with every neighbour, some of them more than once.
  private func visit(_ hash: PerceptualHash, _ body: (_ position: Int, _ distance: Int) -> Void) {
    func compare(_ position: Int) {
      let distance = hashes[position].distance(to: hash)
      if distance <= threshold { body(position, distance) }
    }
    guard !heads.isEmpty else {
      for position in hashes.indices { compare(position) }
      return
    }
    for (part, value) in Self.split(hash).enumerated() {
      let bits = part < 256 % Self.parts ? Self.partBits : Self.partBits - 1
      heads[part].withUnsafeBufferPointer { heads in
        previous[part].withUnsafeBufferPointer { previous in
          func lookUp(_ value: Int) {
            var link = heads[value]
            while link > 0 {
              compare(Int(link) - 1)
              link = previous[Int(link) - 1]
            }
          }
          lookUp(value)
          for one in 0..<bits {
            lookUp(value ^ 1 << one)
            for other in 0..<one { lookUp(value ^ 1 << one ^ 1 << other) }
          }
        }
      }
    }
  }

  /// Part p holds the bits p, p + 14, p + 28, ...: low frequencies, which radiographs share, are spread over all.
  private static func split(_ hash: PerceptualHash) -> [Int] {
    var values = [Int](repeating: 0, count: parts)
    var part = 0
    var shift = 0
    for word in 0..<4 {
      var bits = hash.words[word]
      for _ in 0..<64 {
        values[part] |= Int(bits & 1) << shift
        bits >>= 1
        part += 1
        if part == parts {
          part = 0
          shift += 1
        }
      }
    }
    return values
  }
}
