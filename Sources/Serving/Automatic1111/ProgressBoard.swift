import Foundation
import NIOConcurrencyHelpers
import Support

/// How far each account's requests by AUTOMATIC1111's API have come, for its `progress`.
final class ProgressBoard: Sendable {
  private struct Entry {
    var ticket: UInt64
    var began = ContinuousClock.now
    var images: Int
    var steps: Int
    var finished = 0
    var step = 0
    var preview: [UInt8]?

    /// From 0 to 1.
    var share: Double {
      min(1, (Double(finished) + (finished < images ? Double(step) / Double(max(1, steps)) : 0)) / Double(images))
    }
  }

  private struct Board {
    var entries: [String: [Entry]] = [:]
    /// When an account last asked for a picture.
    var asked: [String: ContinuousClock.Instant] = [:]
    var next: UInt64 = 0
  }

  private let board = NIOLockedValueBox(Board())

  /// Whether the account follows its drawing: decoding a preview takes time that no one else should lose.
  func wantsPreviews(account: String) -> Bool {
    board.withLockedValue { $0.asked[account].map { ContinuousClock.now - $0 < .seconds(60) } ?? false }
  }

  /// Records that a request has come.
  ///
  /// - Returns: The number that the other calls take.
  func begin(account: String, images: Int, steps: Int) -> UInt64 {
    board.withLockedValue { board in
      board.next += 1
      board.entries[account, default: []].append(Entry(ticket: board.next, images: images, steps: steps))
      return board.next
    }
  }

  func record(account: String, _ ticket: UInt64, _ event: DrawingEvent) {
    var preview: [UInt8]?
    if case .preview(_, _, let image) = event { preview = try? image.encoded(as: .png) }
    board.withLockedValue { board in
      guard let place = board.entries[account]?.firstIndex(where: { $0.ticket == ticket }) else { return }
      switch event {
      case .step(_, let step, _): board.entries[account]?[place].step = step
      case .preview: board.entries[account]?[place].preview = preview
      case .image:
        board.entries[account]?[place].finished += 1
        board.entries[account]?[place].step = 0
      case .begun: break
      }
    }
  }

  func end(account: String, _ ticket: UInt64) {
    board.withLockedValue { board in
      board.entries[account]?.removeAll { $0.ticket == ticket }
      if board.entries[account]?.isEmpty == true { board.entries[account] = nil }
    }
  }

  struct State: Encodable {
    struct Job: Encodable {
      let skipped = false
      let interrupted = false
      let stopping_generation = false
      var job: String
      var job_count: Int
      var job_no: Int
      var sampling_step: Int
      var sampling_steps: Int
    }

    var progress: Double
    /// Seconds that are left, by the time so far.
    var eta_relative: Double
    var state: Job
    var current_image: String?
    var textinfo: String?
  }

  /// The oldest request of an account that is not finished.
  func state(account: String, withImage: Bool) -> State {
    let entry = board.withLockedValue { board in
      if withImage {
        if board.asked.count > 1_000 { board.asked.removeAll() }
        board.asked[account] = .now
      }
      return board.entries[account]?.first
    }
    guard let entry else {
      return State(
        progress: 0, eta_relative: 0,
        state: .init(job: "", job_count: 0, job_no: 0, sampling_step: 0, sampling_steps: 0))
    }
    let seconds = (ContinuousClock.now - entry.began).seconds
    return State(
      progress: entry.share, eta_relative: entry.share > 0 ? seconds / entry.share - seconds : 0,
      state: .init(
        job: "txt2img", job_count: entry.images, job_no: entry.finished, sampling_step: entry.step,
        sampling_steps: entry.steps),
      current_image: withImage ? entry.preview.map { Data($0).base64EncodedString() } : nil)
  }
}
