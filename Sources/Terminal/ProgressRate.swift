/// How fast work goes, over the last minute or so: what the first images cost says little about the last.
struct ProgressRate {
  /// Seconds that the rate looks back.
  private static let span = 60.0
  /// Seconds between the moments that are kept.
  private static let spacing = 1.0

  private var moments: [(time: Double, done: Double)]

  /// - Parameters:
  ///   - time: When the work began, in seconds.
  ///   - done: What was done then.
  init(time: Double, done: Double) {
    moments = [(time, done)]
  }

  /// Takes note of what is done at `time`, and returns how much of it is done in a second; nil until that can be said.
  mutating func update(time: Double, done: Double) -> Double? {
    // The oldest moment that is kept is the last one before the span.
    while moments.count > 1, moments[1].time <= time - Self.span { moments.removeFirst() }
    let start = moments[0]
    if time - moments[moments.count - 1].time >= Self.spacing { moments.append((time, done)) }
    guard done > start.done, time > start.time else { return nil }
    return (done - start.done) / (time - start.time)
  }
}
