import Dispatch
import Foundation
import ImageOutput
import Support

/// The rounds of the quiz that are being played. Their pictures are in memory alone: no copy of the host's images is kept.
actor QuizRounds {
  /// A picture of a round.
  struct Card: Sendable {
    var isReal: Bool
    /// SHA-256 of the host's file, or of the picture that was drawn.
    var hash: String
    var png: [UInt8]
    /// Nil for the host's images.
    var prompt: String?
    var seed: UInt64?
    /// When it was first sent.
    var shown: ContinuousClock.Instant?
    var isAnswered = false
  }

  private struct Round {
    var account: String
    var began: ContinuousClock.Instant
    var cards: [Card]

    var bytes: Int { cards.reduce(0) { $0 + $1.png.count } }
  }

  /// The numbers of pictures that a round may have.
  static let counts = 2...40
  /// A round that is not finished by then is over.
  static let time = Duration.seconds(2 * 3600)
  /// The most bytes of all pictures; the oldest rounds go first.
  static let byteLimit = 128 << 20
  /// Files that are looked at for one round, at most.
  static let fileLimit = 200

  /// What is drawn if the folder has too few drawn images.
  static let prompts = [
    "No acute cardiopulmonary abnormality. PA view.", "Cardiomegaly. 70-year-old man.", "Left pleural effusion.",
    "Pneumonia. AP view.", "No finding. 40-year-old woman, PA view.",
  ]

  private let folder: QuizFolder
  private let detector = WatermarkDetector()
  /// What files without a label by their folder turned out to be.
  private var known: [String: Bool] = [:]
  private var rounds: [String: Round] = [:]

  init(folder: QuizFolder) { self.folder = folder }

  /// Host's images for a round: at most `real` real ones, and at most `synthetic` drawn ones.
  ///
  /// - Parameter log: Called with what is wrong with files that cannot be read.
  /// - Throws: ``APIError`` with `quiz_unavailable` if fewer than two real ones can be read, or as many as asked for.
  func pictures(
    real: Int, synthetic: Int, side: Int, log: @Sendable (String) -> Void
  ) async throws -> [Card] {
    var chosen: [Card] = []
    func has(_ isReal: Bool) -> Bool { chosen.count { $0.isReal == isReal } >= (isReal ? real : synthetic) }
    var unreadable = 0
    for file in folder.files.shuffled().prefix(Self.fileLimit) {
      if has(true), has(false) { break }
      let file = QuizFolder.File(path: file.path, isReal: file.isReal ?? known[file.path])
      // Whether an unknown file is real takes longer to find out than to read it: once is enough.
      if let isReal = file.isReal, has(isReal) { continue }
      if file.isReal == nil, has(true) { continue }
      do {
        let picture = try await Self.read(file, side: side, detector: detector)
        known[file.path] = picture.isReal
        if !has(picture.isReal) { chosen.append(Card(isReal: picture.isReal, hash: picture.hash, png: picture.png)) }
      } catch {
        unreadable += 1
        if unreadable == 1 { log("an image of the quiz cannot be read: \(error)") }
      }
      try Task.checkCancellation()
    }
    guard chosen.count(where: \.isReal) >= min(real, QuizFolder.minimum) else {
      log("the quiz has too few real images that can be read")
      throw APIError(
        .quizUnavailable, "the host's images cannot be read now: ask the host, or try later", retryAfter: 60)
    }
    return chosen
  }

  /// Decoding and looking for the watermark blocks a thread for a tenth of a second, which none of the service's may.
  private static func read(
    _ file: QuizFolder.File, side: Int, detector: WatermarkDetector
  ) async throws -> QuizFolder.Picture {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        continuation.resume(with: Result { try QuizFolder.picture(file, side: side, detector: detector) })
      }
    }
  }

  /// Takes a round; returns its name.
  func add(_ cards: [Card], account: String) -> String {
    let now = ContinuousClock.now
    rounds = rounds.filter { now - $0.value.began < Self.time }
    let id = RandomName.make()
    rounds[id] = Round(account: account, began: now, cards: cards)
    var total = rounds.values.reduce(0) { $0 + $1.bytes }
    while total > Self.byteLimit, rounds.count > 1, let oldest = rounds.min(by: { $0.value.began < $1.value.began }) {
      total -= oldest.value.bytes
      rounds[oldest.key] = nil
    }
    return id
  }

  /// A picture of an account's round, which counts as seen from now on.
  ///
  /// - Throws: ``APIError`` with `not_found`.
  func png(_ number: Int, of id: String, account: String) throws(APIError) -> [UInt8] {
    let card = try card(number, of: id, account: account, missing: .notFound)
    if card.shown == nil { rounds[id]?.cards[number].shown = .now }
    return card.png
  }

  /// Closes a picture, so that it is answered once.
  ///
  /// - Returns: The picture, and the seconds since it was first seen; nil if it never was.
  /// - Throws: ``APIError`` with `not_found`, `out_of_range`, or `conflict` if it is answered already.
  func close(_ number: Int, of id: String, account: String) throws(APIError) -> (card: Card, seconds: Double?) {
    let card = try card(number, of: id, account: account, missing: .outOfRange)
    guard !card.isAnswered else {
      throw APIError(.conflict, "picture \(number) is answered: go on to the next", field: "picture")
    }
    rounds[id]?.cards[number].isAnswered = true
    return (card, card.shown.map { (ContinuousClock.now - $0).seconds })
  }

  /// Opens a picture again whose answer could not be kept.
  func reopen(_ number: Int, of id: String) { rounds[id]?.cards[number].isAnswered = false }

  /// - Parameter code: Of the error for a number that the round does not have.
  private func card(
    _ number: Int, of id: String, account: String, missing code: APIError.Code
  ) throws(APIError) -> Card {
    guard let round = rounds[id], round.account == account, ContinuousClock.now - round.began < Self.time else {
      throw APIError(.notFound, "there is no such round: begin another")
    }
    guard round.cards.indices.contains(number) else {
      throw APIError(code, "there is no picture \(number): choose 0 to \(round.cards.count - 1)", field: "picture")
    }
    return round.cards[number]
  }
}
