import Foundation
import Support

/// A case of the host: a prompt that no student sees before the answer, and a question about its picture.
struct TeachingCase: Sendable, Equatable {
  var prompt: String
  var seed: UInt64
  var question: String
  /// Nil for a question without a right answer.
  var answer: String?
  /// What can be chosen; empty where the answer is typed.
  var choices: [String]

  /// Whether an answer is right, whatever its case of letters; nil for a question without a right answer.
  func isRight(_ given: String) -> Bool? {
    answer.map { $0.lowercased() == given.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() }
  }
}

/// The host's cases, and the pictures of those that were drawn already.
actor TeachingCases {
  /// More cases than this are taken for a mistake.
  static let limit = 1_000
  /// The longest question, answer or list of choices in bytes.
  static let textLimit = 4_096
  /// The most bytes of pictures that are kept.
  static let byteLimit = 64 << 20

  nonisolated let cases: [TeachingCase]
  private var pictures: [Int: [UInt8]] = [:]
  private var bytes = 0

  /// Reads a CSV file with the columns `prompt` and `question`, and if wanted `answer`, `choices` (with `|` between them)
  /// and `seed`. A case without a seed has its number, from 0.
  ///
  /// - Throws: ``ServingError/cases(path:reason:)`` for a file of anything else; `FileAccessError`.
  init(path: String, limits: ServiceLimits) throws {
    let data = try BoundedFile.contents(of: path, limit: 8 << 20)
    func wrong(_ reason: String) -> ServingError { .cases(path: path, reason: reason) }
    let table: BatchTable
    let entries: [DrawingRequest.Entry]
    do {
      (table, entries) = try BatchTable.read(data)
    } catch {
      throw wrong(error.message)
    }
    guard entries.count <= Self.limit else { throw wrong("it has \(entries.count) cases, more than \(Self.limit)") }
    let names = table.columns.map { $0.lowercased() }
    guard let questionColumn = names.firstIndex(of: "question") else { throw wrong("it has no column question") }
    let answerColumn = names.firstIndex(of: "answer")
    let choicesColumn = names.firstIndex(of: "choices")
    cases = try entries.enumerated().map { number, entry in
      func cell(_ column: Int?) -> String {
        column.map { table.rows[number][$0].trimmingCharacters(in: .whitespacesAndNewlines) } ?? ""
      }
      let question = cell(questionColumn)
      guard !question.isEmpty else { throw wrong("case \(number + 1) has no question") }
      let texts = [question, cell(answerColumn), cell(choicesColumn)]
      guard texts.allSatisfy({ $0.utf8.count <= Self.textLimit }), entry.prompt.utf8.count <= limits.promptBytes else {
        throw wrong("case \(number + 1) has a text that is too long")
      }
      let choices = cell(choicesColumn).split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty }
      let result = TeachingCase(
        prompt: entry.prompt, seed: entry.seed ?? UInt64(number), question: question,
        answer: cell(answerColumn).isEmpty ? nil : cell(answerColumn), choices: choices)
      guard choices.isEmpty || result.answer == nil || choices.contains(where: { result.isRight($0) == true }) else {
        throw wrong("the answer of case \(number + 1) is not among its choices")
      }
      return result
    }
  }

  /// The picture of a case if it was drawn already.
  func picture(_ number: Int) -> [UInt8]? { pictures[number] }

  /// Keeps the picture of a case as long as there is room: the same request would draw it again.
  func keep(_ png: [UInt8], of number: Int) {
    guard pictures[number] == nil, bytes + png.count <= Self.byteLimit else { return }
    pictures[number] = png
    bytes += png.count
  }
}
