import NIOConcurrencyHelpers
import Support

/// Counts the requests of each account: a bucket that fills evenly and holds a minute's requests.
final class RateLimiter: Sendable {
  private struct Bucket {
    var level: Double
    var time: ContinuousClock.Instant
  }

  private let perMinute: Double
  private let buckets = NIOLockedValueBox<[String: Bucket]>([:])
  /// More accounts than this are forgotten, those that are full first.
  private static let limit = 10_000

  init(perMinute: Int) { self.perMinute = Double(perMinute) }

  /// Takes one request of an account.
  ///
  /// - Returns: Nil if it may go on, otherwise the seconds until it may.
  func take(_ account: String, now: ContinuousClock.Instant = .now) -> Int? {
    buckets.withLockedValue { buckets in
      if buckets.count >= Self.limit, buckets[account] == nil {
        buckets = buckets.filter { filled($0.value, now) < perMinute - 1 }
        if buckets.count >= Self.limit { buckets.removeAll() }
      }
      var level = buckets[account].map { filled($0, now) } ?? perMinute
      let mayGo = level >= 1
      if mayGo { level -= 1 }
      buckets[account] = Bucket(level: level, time: now)
      return mayGo ? nil : max(1, Int(((1 - level) * 60 / perMinute).rounded(.up)))
    }
  }

  private func filled(_ bucket: Bucket, _ now: ContinuousClock.Instant) -> Double {
    min(perMinute, bucket.level + (now - bucket.time).seconds * perMinute / 60)
  }
}
