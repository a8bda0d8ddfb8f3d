/// A place at which bytes are not the JSON that was expected.
public struct JSONSyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Problem: Equatable, Sendable {
    case notUTF8
    /// Something else belongs here.
    case expected(String)
    /// An object has the key for the second time.
    case duplicateKey(String)
  }

  /// Offset of the byte, from 0.
  public var offset: Int
  public var problem: Problem

  public init(offset: Int, problem: Problem) {
    self.offset = offset
    self.problem = problem
  }

  public var description: String {
    switch problem {
    case .notUTF8: "not UTF-8 at byte \(offset)"
    case .expected(let what): "not JSON at byte \(offset), where \(what) belongs"
    case .duplicateKey(let key): "the key \"\(key.onOneLine(limit: 80))\" twice, at byte \(offset)"
    }
  }
}
