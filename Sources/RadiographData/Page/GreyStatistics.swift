import Foundation
import GRDB

/// How bright the stored images are.
struct GreyStatistics: Sendable, Equatable {
  /// Grey values counted.
  struct Counts: Sendable, Equatable {
    var images = 0
    /// How often each of the 256 values occurs.
    var values = [Int](repeating: 0, count: 256)

    var total: Int { values.reduce(0, +) }
    var mean: Double { moment { $0 } }
    /// Of the single pixels.
    var deviation: Double {
      let mean = mean
      return moment { ($0 - mean) * ($0 - mean) }.squareRoot()
    }

    private func moment(_ value: (Double) -> Double) -> Double {
      let sum = values.enumerated().reduce(0) { $0 + value(Double($1.offset)) * Double($1.element) }
      return sum / Double(max(total, 1))
    }
  }

  /// By source, in the order of import.
  var sources: [(name: String, counts: Counts)] = []
  /// Whether every stored image was counted, or one in so many.
  var interval = 1

  /// Pixels that are looked at: of a large dataset, evenly spaced images.
  private static let pixelLimit = 300_000_000

  init(_ dataset: RadiographDataset) throws(DatasetError) {
    let pixels = dataset.imageSize * dataset.imageSize
    let interval = max(1, dataset.storedImageCount * pixels / Self.pixelLimit)
    self.interval = interval
    do {
      let rows = try dataset.database.read { database in
        try Row.fetchAll(
          database,
          sql: """
            SELECT slot, sources.name FROM images JOIN sources ON sources.id = source_id
            WHERE slot IS NOT NULL AND slot % ? = 0 GROUP BY slot ORDER BY MIN(images.id)
            """, arguments: [interval]
        ).map { row -> (slot: Int, source: String) in (row[0], row[1]) }
      }
      for (slot, source) in rows where slot < dataset.storedImageCount {
        let place = sources.firstIndex { $0.name == source } ?? sources.count
        if place == sources.count { sources.append((source, Counts())) }
        withExtendedLifetime(dataset) { sources[place].counts.add(dataset.shards[slot]) }
      }
    } catch {
      throw .wrapping(error, path: dataset.url.path)
    }
  }

  /// Of all sources.
  var whole: Counts {
    sources.reduce(into: Counts()) { whole, source in
      whole.images += source.counts.images
      for value in 0..<256 { whole.values[value] += source.counts.values[value] }
    }
  }

  static func == (one: GreyStatistics, other: GreyStatistics) -> Bool {
    one.interval == other.interval && one.sources.elementsEqual(other.sources) { $0 == $1 }
  }
}

extension GreyStatistics.Counts {
  mutating func add(_ pixels: UnsafeBufferPointer<UInt8>) {
    images += 1
    values.withUnsafeMutableBufferPointer { values in
      for pixel in pixels { values[Int(pixel)] += 1 }
    }
  }
}
