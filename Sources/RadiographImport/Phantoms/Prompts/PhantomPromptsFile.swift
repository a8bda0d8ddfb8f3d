import Foundation
import Support

/// Files of prompts with their truth: JSON Lines that `thorax generate --prompts` reads too.
public enum PhantomPromptsFile {
  /// - Throws: `FileAccessError` if the file cannot be written.
  public static func write(_ prompts: [PhantomPrompt], to path: String) throws {
    try AtomicFile.write(try prompts.flatMap { try JSONLine.bytes($0) }, to: path)
  }

  /// - Throws: `PhantomError.missing`, `.unreadablePrompts`, `.malformedPrompts` or `.noPrompts`.
  public static func read(_ path: String) throws(PhantomError) -> [PhantomPrompt] {
    let data: Data
    do {
      data = try BoundedFile.contents(of: path)
    } catch {
      throw error.reason == .notFound ? .missing(path: path) : .unreadablePrompts(path: path, reason: error.fact)
    }
    let decoder = JSONDecoder()
    var prompts: [PhantomPrompt] = []
    for (number, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { continue }
      guard let prompt = try? decoder.decode(PhantomPrompt.self, from: Data(line)) else {
        throw .malformedPrompts(path: path, line: number + 1)
      }
      prompts.append(prompt)
    }
    guard !prompts.isEmpty else { throw .noPrompts(path: path) }
    return prompts
  }
}
