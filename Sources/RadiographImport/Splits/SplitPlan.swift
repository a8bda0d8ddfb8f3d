import RadiographData

/// What decides where the patients of one source go: how many images that can be trained on each has, and with what
/// findings.
struct SplitCensus: Sendable {
  /// Names of patients in the order of first mention.
  private(set) var keys: [String] = []
  /// Eligible images of each patient.
  private(set) var images: [Int] = []
  /// Where a patient is for good: stored, or put there by the publisher.
  var fixed: [DatasetSplit?] = []
  /// Eligible images with each finding, by patient.
  private(set) var findings: [[Int32: Int32]] = []
  private(set) var findingNames: [String] = []

  private var positions: [String: Int] = [:]
  private var findingPositions: [String: Int32] = [:]
  /// Another name of the same patient, or the position itself.
  private var others: [Int] = []

  /// The place of a name in `keys`; nil if it was not mentioned.
  func position(of key: String) -> Int? { positions[key] }

  /// Of a patient's names, the one that counts.
  func principal(_ position: Int) -> Int {
    var position = position
    while others[position] != position { position = others[position] }
    return position
  }

  /// The place of a name in `keys`.
  mutating func patient(_ key: String) -> Int {
    if let position = positions[key] { return position }
    positions[key] = keys.count
    others.append(keys.count)
    keys.append(key)
    images.append(0)
    fixed.append(nil)
    findings.append([:])
    return keys.count - 1
  }

  /// Makes two names one patient, before anything is counted. The earlier one counts.
  mutating func unite(_ one: Int, _ other: Int) {
    let (first, second) = (principal(one), principal(other))
    others[max(first, second)] = min(first, second)
    // Shortens the way for the next look-up.
    others[one] = min(first, second)
    others[other] = min(first, second)
  }

  /// Counts an image that can be trained on.
  mutating func count(patient name: Int, findings names: some Sequence<String>) {
    let patient = principal(name)
    images[patient] += 1
    for name in names {
      let finding = findingPositions[name] ?? Int32(findingNames.count)
      if finding == findingNames.count {
        findingPositions[name] = finding
        findingNames.append(name)
      }
      findings[patient][finding, default: 0] += 1
    }
  }
}

/// Divides patients so that the shares of their images are exact and every finding's are close.
///
/// Iterative stratification (Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data", ECML PKDD
/// 2011) over whole patients: the rarest finding first, its patients in an order that the seed shuffles, each to the
/// split that lacks most of the finding. Single moves and exchanges of patients then make the number of images exact
/// if that is possible.
struct SplitPlan {
  /// The split of each patient of the census.
  private(set) var splits: [DatasetSplit]

  private let census: SplitCensus
  private let fractions: SplitFractions
  /// Images that each split still takes; below 0 where it has too many.
  private var room: [Int] = []

  private static let all = DatasetSplit.allCases

  init(_ census: SplitCensus, fractions: SplitFractions, assignment: SplitAssignment, source: String) {
    self.census = census
    self.fractions = fractions
    // A patient without an eligible image weighs nothing, and goes where its name says.
    splits = census.keys.indices.map { census.fixed[$0] ?? assignment.split(of: "\(source)/\(census.keys[$0])") }
    let open = census.keys.indices.filter { census.fixed[$0] == nil && census.images[$0] > 0 }
    guard !open.isEmpty else { return }
    room = Self.room(census, fractions: fractions)
    let order = open.map { assignment.position(of: "\(source)/\(census.keys[$0])") }
    // Patients of many images first: the small ones then fill what is left.
    let shuffled = open.indices.sorted { one, other in
      (census.images[open[other]], order[one]) < (census.images[open[one]], order[other])
    }.map { open[$0] }
    stratify(shuffled)
    repair(shuffled)
  }

  /// Whole numbers in the proportion of `shares` that add up to `total`: the largest remainders are rounded up.
  static func apportion(_ total: Int, shares: [Double]) -> [Int] {
    let sum = shares.reduce(0, +)
    guard sum > 0 else { return shares.map { _ in 0 } }
    let exact = shares.map { Double(total) * $0 / sum }
    var counts = exact.map { Int($0.rounded(.down)) }
    let byRemainder = counts.indices.sorted { one, other in
      let remainders = (exact[one] - Double(counts[one]), exact[other] - Double(counts[other]))
      return remainders.0 != remainders.1 ? remainders.0 > remainders.1 : one < other
    }
    for index in byRemainder.prefix(max(0, total - counts.reduce(0, +))) { counts[index] += 1 }
    return counts
  }

  private static func room(_ census: SplitCensus, fractions: SplitFractions) -> [Int] {
    var filled = all.map { _ in 0 }
    for (patient, split) in census.fixed.enumerated() {
      if let split { filled[index(split)] += census.images[patient] }
    }
    let total = census.images.reduce(0, +)
    let deficits = zip(apportion(total, shares: all.map { fractions[$0] }), filled).map { $0 - $1 }
    guard deficits.contains(where: { $0 < 0 }) else { return deficits }
    // A split that was given more than its share takes no more; the others share the rest.
    return apportion(total - filled.reduce(0, +), shares: deficits.map { Double(max(0, $0)) })
  }

  private static func index(_ split: DatasetSplit) -> Int { all.firstIndex(of: split) ?? 0 }

  // MARK: - Stratification

  private mutating func stratify(_ patients: [Int]) {
    let findingCount = census.findingNames.count
    let divisible = divisibleFindings()
    // The last row is that of patients without any finding.
    var wanted = Array(repeating: Self.all.map { _ in 0.0 }, count: findingCount + 1)
    var members = [[Int]](repeating: [], count: findingCount + 1)
    var left = [Int](repeating: 0, count: findingCount + 1)
    for (patient, findings) in divisible.enumerated() {
      for (finding, count) in findings {
        for (index, split) in Self.all.enumerated() {
          wanted[Int(finding)][index] += fractions[split] * Double(count)
        }
        if let split = census.fixed[patient] { wanted[Int(finding)][Self.index(split)] -= Double(count) }
      }
    }
    for patient in patients {
      for (finding, count) in divisible[patient] {
        members[Int(finding)].append(patient)
        left[Int(finding)] += Int(count)
      }
      if divisible[patient].isEmpty { members[findingCount].append(patient) }
    }
    wanted[findingCount] = room.map(Double.init)

    var isPlaced = [Bool](repeating: false, count: census.keys.count)
    var findings = Set(0..<findingCount)
    while let rarest = findings.min(by: { (left[$0], census.findingNames[$0]) < (left[$1], census.findingNames[$1]) }) {
      findings.remove(rarest)
      for patient in members[rarest] where !isPlaced[patient] {
        isPlaced[patient] = true
        let index = place(patient, wanted: wanted[rarest])
        for (finding, count) in divisible[patient] {
          wanted[Int(finding)][index] -= Double(count)
          left[Int(finding)] -= Int(count)
        }
      }
    }
    for patient in members[findingCount] {
      let index = place(patient, wanted: wanted[findingCount])
      wanted[findingCount][index] -= Double(census.images[patient])
    }
  }

  /// Each patient's findings, less those that are too rare to have a part in every split: they all would go to the
  /// largest, and the commonest finding would make up for it.
  private func divisibleFindings() -> [[Int32: Int32]] {
    var totals = [Int](repeating: 0, count: census.findingNames.count)
    for findings in census.findings {
      for (finding, count) in findings { totals[Int(finding)] += Int(count) }
    }
    let least = Self.all.map { fractions[$0] }.filter { $0 > 0 }.min() ?? 1
    return census.findings.map { $0.filter { Double(totals[Int($0.key)]) * least >= 1 } }
  }

  /// Puts a patient where most is wanted and there is room, or else where there is most room.
  private mutating func place(_ patient: Int, wanted: [Double]) -> Int {
    let size = census.images[patient]
    let fitting = room.indices.filter { room[$0] >= size }
    let best =
      fitting.max { (wanted[$0], room[$0], $1) < (wanted[$1], room[$1], $0) }
      ?? room.indices.max { (room[$0], $1) < (room[$1], $0) } ?? 0
    room[best] -= size
    splits[patient] = Self.all[best]
    return best
  }

  // MARK: - Exact numbers

  /// Moves patients from splits with too many images to those with too few, or exchanges two, while that helps.
  private mutating func repair(_ patients: [Int]) {
    // By split and number of images; those with the fewest findings last, where they are taken from.
    let byFindings = patients.enumerated().sorted { one, other in
      let counts = (census.findings[one.element].count, census.findings[other.element].count)
      return counts.0 != counts.1 ? counts.0 > counts.1 : one.offset < other.offset
    }.map(\.element)
    var pools = Self.all.map { _ in [Int: [Int]]() }
    for patient in byFindings {
      pools[Self.index(splits[patient])][census.images[patient], default: []].append(patient)
    }

    while let step = nextExchange(pools) {
      let given = step.given.compactMap { pools[step.over][$0]?.popLast() }
      let taken = step.taken.compactMap { pools[step.under][$0]?.popLast() }
      for patient in given { move(patient, from: step.over, to: step.under, pools: &pools) }
      for patient in taken { move(patient, from: step.under, to: step.over, pools: &pools) }
    }
  }

  /// An exchange between a split with too many images and one with too few; nil if none helps.
  private func nextExchange(
    _ pools: [[Int: [Int]]]
  ) -> (over: Int, under: Int, given: [Int], taken: [Int])? {
    for most in 1...3 {
      for over in room.indices.filter({ room[$0] < 0 }).sorted(by: { room[$0] < room[$1] }) {
        for under in room.indices.filter({ room[$0] > 0 }).sorted(by: { room[$0] > room[$1] }) {
          let need = min(-room[over], room[under])
          if let (given, taken) = Self.exchange(from: pools[over], to: pools[under], atMost: need, patients: most) {
            return (over, under, given, taken)
          }
        }
      }
    }
    return nil
  }

  private mutating func move(_ patient: Int, from: Int, to: Int, pools: inout [[Int: [Int]]]) {
    let size = census.images[patient]
    splits[patient] = Self.all[to]
    room[from] += size
    room[to] -= size
    // In front, so that an exchange takes another one first.
    pools[to][size, default: []].insert(patient, at: 0)
  }

  /// Sizes of the patients to give and of those to take for them, up to `patients` each, that move the most images,
  /// `atMost` so many; of equals, the fewest patients.
  private static func exchange(
    from: [Int: [Int]], to: [Int: [Int]], atMost need: Int, patients: Int
  ) -> (given: [Int], taken: [Int])? {
    var best: (given: [Int], taken: [Int], moved: Int)?
    let taking = [(sizes: [], sum: 0)] + choices(to, patients: patients)
    for given in choices(from, patients: patients) {
      for taken in taking {
        let moved = given.sum - taken.sum
        guard (1...need).contains(moved) else { continue }
        let count = given.sizes.count + taken.sizes.count
        if let best, (best.moved, -best.given.count - best.taken.count) >= (moved, -count) { continue }
        best = (given.sizes, taken.sizes, moved)
      }
    }
    return best.map { ($0.given, $0.taken) }
  }

  /// Sizes of one to `patients` patients of a split; of many sizes, the smallest.
  private static func choices(_ pool: [Int: [Int]], patients: Int) -> [(sizes: [Int], sum: Int)] {
    let sizes = pool.filter { !$0.value.isEmpty }.keys.sorted().prefix(12)
    var result: [(sizes: [Int], sum: Int)] = []
    var last: [(sizes: [Int], sum: Int)] = [([], 0)]
    for _ in 0..<patients {
      last = last.flatMap { choice in
        sizes.filter { size in
          size >= choice.sizes.last ?? 0 && choice.sizes.count { $0 == size } < pool[size]?.count ?? 0
        }.map { (choice.sizes + [$0], choice.sum + $0) }
      }
      result += last
    }
    return result
  }
}
