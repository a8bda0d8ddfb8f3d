import Foundation
import RadiographData
import TensorFiles
import Torch

/// The images that every validation of a run looks at, so that its losses can be compared: a seeded choice that takes
/// from each source its share of the validation part.
struct ValidationImages {
  /// Places in the part, rising.
  let positions: [Int]

  /// Chooses for a run that begins, and reads what a run that goes on has begun with.
  ///
  /// - Parameters:
  ///   - limit: how many images are looked at, at most.
  ///   - writes: whether the choice is written down; if not, another process does.
  ///   - file: where the choice is written down. A run of the former version has no such file: it goes on with the first
  ///     images in the order of import.
  /// - Throws: `FileAccessError`, `DatasetError`, ``TrainingError/imageGone(name:)`` if an image of the choice is not
  ///   there any more.
  init(
    _ records: RadiographRecords, limit: Int, randomness: TrainingRandomness, run: RunBeginning, writes: Bool = true,
    file: URL
  ) throws {
    switch run {
    case .formerVersion: positions = Array(0..<min(limit, records.count))
    case .new:
      // One text for each source, however many images it has.
      var known: [String: String] = [:]
      var sources: [String] = []
      sources.reserveCapacity(records.count)
      try records.forEach { _, record in
        let source = known[record.source] ?? record.source
        known[source] = source
        sources.append(source)
      }
      positions = try Self.choose(limit, of: sources, randomness: randomness)
      let names = try positions.flatMap { try records.records($0..<($0 + 1)).map(Self.name) }
      if writes { try RunFolder.write(names, to: file) }
    case .resumed:
      let names = try RunFolder.read([String].self, from: file)
      let wanted = Set(names)
      var places: [String: Int] = [:]
      try records.forEach { place, record in
        let name = Self.name(record)
        if wanted.contains(name), places[name] == nil { places[name] = place }
      }
      positions = try names.map { name in
        guard let place = places[name] else { throw TrainingError.imageGone(name: name) }
        return place
      }
    }
  }

  private static func name(_ record: RadiographRecord) -> String { "\(record.source)/\(record.path)" }

  /// Places of `limit` elements: of each source as many as its share of all, and at least one if there are not more
  /// sources than places.
  static func choose(_ limit: Int, of sources: [String], randomness: TrainingRandomness) throws -> [Int] {
    guard sources.count > limit else { return Array(sources.indices) }
    let order = try Tensor.randperm(sources.count, generator: randomness.generator(.validationChoice)).int64s()
    var members: [String: [Int]] = [:]
    for place in order.map(Int.init) { members[sources[place], default: []].append(place) }
    let names = members.keys.sorted()
    let share = Double(limit) / Double(sources.count)
    var quotas = Dictionary(uniqueKeysWithValues: names.map { ($0, names.count <= limit ? 1 : 0) })
    for _ in 0..<(limit - quotas.values.reduce(0, +)) {
      // Next comes the source that is furthest below its share.
      func missing(_ name: String) -> Double { Double(members[name]?.count ?? 0) * share - Double(quotas[name] ?? 0) }
      let open = names.filter { quotas[$0, default: 0] < members[$0]?.count ?? 0 }
      guard let name = open.max(by: { missing($0) < missing($1) }) else { break }
      quotas[name, default: 0] += 1
    }
    return names.flatMap { (members[$0] ?? []).prefix(quotas[$0] ?? 0) }.sorted()
  }
}
