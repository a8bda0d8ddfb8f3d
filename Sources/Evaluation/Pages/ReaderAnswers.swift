import DelimitedText
import Foundation
import Support

/// What a blind reader answered on the page of ``ReaderPage``.
public struct ReaderAnswers: Sendable {
  struct Answer: Sendable, Equatable {
    let isSynthetic: Bool
    let saysSynthetic: Bool
    /// 1, a guess, to 5, certain.
    let sureness: Int

    /// From -5, certainly real, to 5, certainly synthetic.
    var rating: Int { saysSynthetic ? sureness : -sureness }
  }

  let answers: [Answer]
  /// Images without an answer.
  public let missing: Int

  /// Reads the table that the page has saved.
  ///
  /// - Throws: ``MeasurementError/missing(path:)``; ``MeasurementError/answers(path:reason:)`` for a table that the page
  ///   did not write, or one without answers to images of both kinds.
  public init(contentsOf path: String) throws(MeasurementError) {
    guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
    do {
      (answers, missing) = try Self.read(DelimitedTable(contentsOf: path), path: path)
    } catch let error as MeasurementError {
      throw error
    } catch {
      throw .answers(path: path, reason: "\(error)")
    }
    let kinds = Set(answers.map(\.isSynthetic))
    guard kinds.count == 2 else {
      throw .answers(
        path: path,
        reason: "\(answers.count) images are answered, not of both kinds: answer more of them and save again")
    }
  }

  private static func read(_ table: DelimitedTable, path: String) throws -> ([Answer], Int) {
    guard let image = table.index(of: "image"), let answer = table.index(of: "answer"),
      let sure = table.index(of: "sure"), let key = table.index(of: "key")
    else {
      throw MeasurementError.answers(
        path: path, reason: "columns image, answer, sure and key are not all there: give the file that the page saved")
    }
    var answers: [Answer] = []
    var missing = 0
    var reader = table.rows()
    var places: Set<Int> = []
    while let row = try reader.next() {
      // What the page leaves empty was not answered.
      let said = row.text(answer) ?? ""
      let sureness = (row.text(sure) ?? "").isEmpty ? 1 : row.text(sure).flatMap { Int($0) }
      guard let place = row.text(image).flatMap({ Int($0) }), (1...1_000_000).contains(place),
        let letter = row.text(key)?.first, let truth = ReaderPage.isSynthetic(letter: letter, place: place - 1),
        ["", "real", "synthetic"].contains(said), let sureness, (1...5).contains(sureness)
      else {
        throw MeasurementError.answers(
          path: path, reason: "line \(row.line) is not as the page wrote it: save the answers again")
      }
      guard places.insert(place).inserted else {
        throw MeasurementError.answers(
          path: path, reason: "line \(row.line) answers image \(place) again: give each image once")
      }
      guard !said.isEmpty else {
        missing += 1
        continue
      }
      answers.append(Answer(isSynthetic: truth, saysSynthetic: said == "synthetic", sureness: sureness))
    }
    return (answers, missing)
  }

  /// Accuracy, and the area under the curve of the ratings, with intervals over images: 0.5 for a reader who cannot tell.
  ///
  /// - Throws: `MetricError` for no answers.
  public func figures(seed: UInt64) throws -> [MeasuredFigure] {
    [
      MeasuredFigure(
        "accuracy", try Bootstrap.mean(answers.map { $0.isSynthetic == $0.saysSynthetic ? 1 : 0 }, seed: seed),
        real: 0.5, how: "share of the answered images of which the reader says what they are; 0.5 is chance"),
      MeasuredFigure(
        "synthetic images taken for real",
        try Bootstrap.mean(answers.filter(\.isSynthetic).map { $0.saysSynthetic ? 0 : 1 }, seed: seed),
        how: "share of the synthetic images"),
      MeasuredFigure(
        "real images taken for synthetic",
        try Bootstrap.mean(answers.filter { !$0.isSynthetic }.map { $0.saysSynthetic ? 1 : 0 }, seed: seed),
        how: "share of the real images"),
      MeasuredFigure(
        "area under the curve",
        try Bootstrap.estimate(count: answers.count, seed: seed) { Self.area($0.map { answers[$0] }) }, real: 0.5,
        how: "how often a synthetic image is rated above a real one, ratings from -5, certainly real, to 5; equal "
          + "ratings count one half"),
    ]
  }

  /// The area under the curve of the ratings; one half if a kind is not there, as in some resamples.
  static func area(_ answers: [Answer]) -> Double {
    let examples = try? ScoredLabels(
      scores: answers.map { Double($0.rating) }, labels: answers.map(\.isSynthetic))
    return (try? examples.map(RankingMetrics.areaUnderROC)) ?? 0.5
  }
}
