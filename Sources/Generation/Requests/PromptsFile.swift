import DelimitedText
import Foundation
import Support
import SystemPackage

/// One row of a prompts file: what to draw, and where the row says so, from which seed and into which file.
public struct PromptEntry: Equatable, Sendable {
  public var prompt: String
  /// Seed of the row's first image; image j of the row uses `seed + j`.
  public var seed: UInt64?
  /// File to write, relative to the output folder.
  public var output: String?

  public init(prompt: String, seed: UInt64? = nil, output: String? = nil) {
    self.prompt = prompt
    self.seed = seed
    self.output = output
  }
}

/// Why a prompts file cannot be used.
public enum PromptsFileError: Error, Equatable, CustomStringConvertible {
  case missing(path: String)
  case unreadable(path: String, reason: String)
  case tooLarge(path: String)
  /// Not UTF-8, or with control characters; `found` says what is there, and where.
  case notText(path: String, found: String)
  case empty(path: String)
  /// `line` counts from 1 and is where the record starts.
  case malformed(path: String, line: Int, reason: String)

  public var description: String {
    switch self {
    case .missing(let path): "prompts file '\(path)' does not exist: check the path"
    case .unreadable(let path, let reason): "prompts file '\(path)' cannot be read (\(reason)): check the path"
    case .tooLarge(let path):
      "prompts file '\(path)' has more than the \(PromptsFile.sizeLimit) bytes that are read: split it"
    case .notText(let path, let found): "prompts file '\(path)' \(found): save it as UTF-8 text"
    case .empty(let path): "prompts file '\(path)' holds no prompt: write one a line"
    case .malformed(let path, let line, let reason): "prompts file '\(path)', line \(line): \(reason)"
    }
  }
}

/// Reader of prompts files: plain text (one prompt a line), CSV (RFC 4180; column `prompt`, optional `seed` and
/// `output`) and JSON Lines (the same keys). The extension decides; a byte-order mark and CRLF are accepted.
public enum PromptsFile {
  /// Larger files are refused before they are read: 64 MiB is a quarter of a million long reports.
  public static let sizeLimit = 64 << 20

  /// Reads a prompts file; `path` gives the format by its extension.
  ///
  /// - Throws: ``PromptsFileError``.
  public static func read(path: String) throws -> [PromptEntry] {
    try parse(contents(path: path), path: path)
  }

  private static func contents(path: String) throws -> Data {
    do {
      return try BoundedFile.contents(of: path, limit: sizeLimit)
    } catch {
      switch error.reason {
      case .notFound: throw PromptsFileError.missing(path: path)
      case .tooLarge: throw PromptsFileError.tooLarge(path: path)
      default: throw PromptsFileError.unreadable(path: path, reason: error.fact)
      }
    }
  }

  /// Parses the bytes of a prompts file; `path` gives the format by its extension and names the file in errors.
  ///
  /// - Throws: ``PromptsFileError``.
  public static func parse(_ data: Data, path: String) throws -> [PromptEntry] {
    let (body, text) = try text(of: data, path: path)
    let entries: [PromptEntry]
    switch (FilePath(path).extension ?? "").lowercased() {
    case "csv": entries = try table(body, path: path)
    case "jsonl", "ndjson": entries = try jsonLines(text, path: path)
    default: entries = lines(text).filter { !isBlank($0.text) }.map { PromptEntry(prompt: String($0.text)) }
    }
    guard !entries.isEmpty else { throw PromptsFileError.empty(path: path) }
    return entries
  }

  private static func isBlank(_ text: some StringProtocol) -> Bool {
    text.allSatisfy { $0.isWhitespace }
  }

  private static func lines(_ text: String) -> [(number: Int, text: Substring)] {
    text.split(omittingEmptySubsequences: false, whereSeparator: isLineEnd)
      .enumerated().map { ($0.offset + 1, $0.element) }
  }

  // MARK: CSV

  /// A prompt is drawn as it is written, so nothing of the table is guessed at: commas, UTF-8, quotes of RFC 4180.
  private static let format = DelimitedFormat(delimiter: UInt8(ascii: ","), quotes: .strict, encodings: .utf8)

  private static func table(_ data: Data, path: String) throws -> [PromptEntry] {
    do {
      let table = try DelimitedTable(data, format: format)
      guard let promptColumn = table.index(of: "prompt") else {
        throw PromptsFileError.malformed(
          path: path, line: 1, reason: "no column is called 'prompt': name the columns in the first line")
      }
      try table.requireDistinctColumns()
      let seedColumn = table.index(of: "seed")
      let outputColumn = table.index(of: "output")
      var entries: [PromptEntry] = []
      var reader = table.rows()
      while let row = try reader.next() {
        guard row.count == table.columns.count else {
          throw PromptsFileError.malformed(
            path: path, line: row.line,
            reason: "\(row.count) fields where the header has \(table.columns.count): quote texts that hold commas")
        }
        let seed = try row.text(seedColumn).map { try parseSeed($0, path: path, line: row.line) }
        let output = row.text(outputColumn)
        entries.append(try entry(prompt: row[promptColumn], seed: seed, output: output, path: path, line: row.line))
      }
      return entries
    } catch DelimitedTextError.empty {
      throw PromptsFileError.empty(path: path)
    } catch let error as DelimitedTextError {
      throw PromptsFileError.malformed(path: path, line: error.line ?? 1, reason: "\(error)")
    }
  }

  // MARK: JSON Lines

  private struct Line: Decodable {
    var prompt: String
    var seed: UInt64?
    var output: String?

    enum CodingKeys: String, CodingKey {
      case prompt, seed, output
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      prompt = try values.decode(String.self, forKey: .prompt)
      output = try values.decodeIfPresent(String.self, forKey: .output)
      do {
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed)
      } catch {
        throw SeedError(reason: Self.reason(of: try? values.decode(Double.self, forKey: .seed)))
      }
    }

    private static func reason(of number: Double?) -> NumberTextError {
      guard let number, number.isFinite else { return .notANumber }
      if number < 0 { return .negative }
      return number.rounded() == number ? .tooGreat(largest: "\(UInt64.max)") : .notWhole
    }
  }

  /// Why the seed of a line of JSON cannot be used.
  private struct SeedError: Error {
    var reason: NumberTextError
  }

  private static func jsonLines(_ text: String, path: String) throws -> [PromptEntry] {
    let decoder = JSONDecoder()
    return try lines(text).compactMap { number, line in
      if isBlank(line) { return nil }
      let parsed: Line
      do {
        parsed = try decoder.decode(Line.self, from: Data(line.utf8))
      } catch let error as SeedError {
        throw PromptsFileError.malformed(
          path: path, line: number, reason: "the seed cannot be used, \(error.reason): correct it or leave it out")
      } catch {
        throw PromptsFileError.malformed(
          path: path, line: number,
          reason: "not an object with a text 'prompt' (and, if you like, a whole 'seed', a text 'output'): correct it")
      }
      // JSON has escapes for what a text file cannot hold.
      for (key, text) in [("prompt", parsed.prompt), ("output", parsed.output ?? "")] {
        guard let found = ControlCharacter.first(in: text) else { continue }
        throw PromptsFileError.malformed(
          path: path, line: number,
          reason: "the \(key) holds \(found.name) as its character \(found.character): take it out")
      }
      return try entry(prompt: parsed.prompt, seed: parsed.seed, output: parsed.output, path: path, line: number)
    }
  }

  // MARK: Fields

  private static func parseSeed(_ field: String, path: String, line: Int) throws -> UInt64 {
    do {
      return try NumberText.whole(field)
    } catch {
      throw PromptsFileError.malformed(
        path: path, line: line,
        reason: "seed '\(field.onOneLine(limit: 120))' cannot be used, \(error): correct it or leave it empty")
    }
  }

  private static func entry(
    prompt: String, seed: UInt64?, output: String?, path: String, line: Int
  ) throws -> PromptEntry {
    guard let output, !output.isEmpty else { return PromptEntry(prompt: prompt, seed: seed) }
    // A table from somewhere else must not reach outside the folder that the user chose.
    guard !output.hasPrefix("/"), !output.split(separator: "/").contains("..") else {
      throw PromptsFileError.malformed(
        path: path, line: line,
        reason: "output '\(output.onOneLine(limit: 120))' leaves the output folder: use a name inside it")
    }
    return PromptEntry(prompt: prompt, seed: seed, output: output)
  }
}
