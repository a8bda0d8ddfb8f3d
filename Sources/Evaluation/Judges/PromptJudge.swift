import Foundation
import ImageFiles
import RadiologyReports

/// Something that a prompt asks for, or asks to be absent, by the labels of a judge.
public struct AskedLabel: Sendable, Equatable, Encodable {
  /// The judge's labels that mean it, mostly one.
  public var labels: [String]
  public var isPresent: Bool

  enum CodingKeys: String, CodingKey {
    case labels
    case isPresent = "present"
  }
}

/// Says how near images are to a prompt, by a classifier of `thorax train classifier`.
///
/// The reader of report text says which findings a prompt asks for and which it denies; of those that the classifier has
/// a label for, the score is the sum of log p where one is asked for and log (1 - p) where it is denied. A prompt of a
/// normal chest asks for the label "No Finding" or "Normal"; of several labels that mean the same the most probable
/// counts. Traits, sides, lobes and sizes are not judged.
public struct PromptJudge {
  private let classifier: OwnExtractor
  private let path: String
  private let labeller: FindingLabeller
  /// The classifier's columns by what they mean, in their order.
  private let meanings: [(meaning: LabelMeaning, columns: [Int])]

  /// SHA-256 of the classifier's weights.
  public var hash: String { classifier.hash }

  /// The labels that prompts can ask for.
  public var known: [String] { meanings.flatMap(\.columns).sorted().map { classifier.labels[$0] } }

  /// Reads a classifier.
  ///
  /// - Throws: `ClassifierFileError`, `FileAccessError`, `TensorFileError`, `ParameterLoadingError`, `TorchError`.
  public init(contentsOf path: String) throws {
    try self.init(OwnExtractor(contentsOf: path), path: path)
  }

  /// - Parameter path: The classifier's file, as errors name it.
  /// - Throws: `VocabularyError` if the program was built wrongly.
  init(_ classifier: OwnExtractor, path: String) throws {
    self.classifier = classifier
    self.path = path
    labeller = try .standard()
    var meanings: [(meaning: LabelMeaning, columns: [Int])] = []
    for (column, label) in classifier.labels.enumerated() {
      guard let meaning = LabelMeaning(label: label) else { continue }
      if let place = meanings.firstIndex(where: { $0.meaning == meaning }) {
        meanings[place].columns.append(column)
      } else {
        meanings.append((meaning, [column]))
      }
    }
    self.meanings = meanings
  }

  /// What a prompt asks of the judge.
  ///
  /// - Throws: ``MeasurementError/blindToPrompt(judge:prompt:known:)`` if the judge knows nothing of it.
  public func asked(by prompt: String) throws(MeasurementError) -> [AskedLabel] {
    try questions(of: prompt).map { question in
      AskedLabel(labels: question.columns.map { classifier.labels[$0] }, isPresent: question.isPresent)
    }
  }

  /// How near each image is to a prompt: the logarithm of the probability of all that is asked for, at most 0.
  ///
  /// - Throws: ``MeasurementError/blindToPrompt(judge:prompt:known:)``; `MetricError`, `ImageFileError`, `TorchError`.
  public func scores(of images: [GrayscaleImage], prompt: String) throws -> [Double] {
    let questions = try questions(of: prompt)
    guard let logOdds = try classifier.logits(of: images) else { return [] }
    return (0..<logOdds.rows).map { Self.score(of: Array(logOdds[$0]), questions) }
  }

  /// Columns of the judge that mean one thing, and whether it is asked for.
  struct Question: Equatable {
    var columns: [Int]
    var isPresent: Bool
  }

  private func questions(of prompt: String) throws(MeasurementError) -> [Question] {
    let read = ReadPrompt(prompt, with: labeller)
    let questions = meanings.compactMap { meaning, columns in
      read.asks(for: meaning).map { Question(columns: columns, isPresent: $0) }
    }
    guard !questions.isEmpty else { throw .blindToPrompt(judge: path, prompt: prompt, known: known) }
    return questions
  }

  static func score(of logOdds: [Double], _ questions: [Question]) -> Double {
    questions.reduce(0) { sum, question in
      let odds = question.columns.map { logOdds[$0] }.max() ?? 0
      return sum + logProbability(question.isPresent ? odds : -odds)
    }
  }

  /// log (1 / (1 + exp -x)), without overflow.
  private static func logProbability(_ x: Double) -> Double {
    x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x))
  }
}
