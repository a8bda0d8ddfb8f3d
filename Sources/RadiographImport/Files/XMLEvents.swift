import CExpat
import Foundation

/// Reads an XML document with expat, without a tree of it.
///
/// A document type declaration is refused at its first character. Entities can be declared nowhere else, so no document
/// grows while it is read (the "billion laughs"), and none names a file or an address to be fetched.
enum XMLEvents {
  struct SyntaxError: Error, Equatable {
    let line: Int
    let reason: String
  }

  /// Called for elements and text, in the document's order.
  struct Handler {
    var start: (_ name: String, _ attributes: [String: String]) -> Void
    /// Text comes in pieces.
    var text: (String) -> Void
    var end: (_ name: String) -> Void
  }

  static let maximumDepth = 100

  static func read(_ bytes: [UInt8], handler: Handler) throws(SyntaxError) {
    guard let parser = XML_ParserCreate(nil) else { throw SyntaxError(line: 0, reason: "expat does not start") }
    defer { XML_ParserFree(parser) }
    let state = State(parser: parser, handler: handler)
    defer { withExtendedLifetime(state) {} }
    XML_SetUserData(parser, Unmanaged.passUnretained(state).toOpaque())
    XML_SetElementHandler(
      parser,
      { user, name, attributes in
        guard let state = State.of(user), let name else { return }
        state.start(String(cString: name), State.attributes(attributes))
      },
      { user, name in
        guard let state = State.of(user), let name else { return }
        state.depth -= 1
        state.handler.end(String(cString: name))
      })
    XML_SetCharacterDataHandler(parser) { user, text, count in
      guard let state = State.of(user), let text else { return }
      let bytes = UnsafeRawBufferPointer(start: text, count: Int(count))
      state.handler.text(String(decoding: bytes, as: UTF8.self))
    }
    XML_SetStartDoctypeDeclHandler(parser) { user, _, _, _, _ in
      State.of(user)?.stop("it declares a document type, where entities hide")
    }

    let status = bytes.withUnsafeBytes { buffer in
      XML_Parse(parser, buffer.bindMemory(to: CChar.self).baseAddress, Int32(clamping: buffer.count), 1)
    }
    guard status == XML_STATUS_OK else {
      let reason = state.refusal ?? XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "unknown"
      throw SyntaxError(line: Int(XML_GetCurrentLineNumber(parser)), reason: reason)
    }
  }

  private final class State {
    let parser: XML_Parser
    let handler: Handler
    var depth = 0
    private(set) var refusal: String?

    init(parser: XML_Parser, handler: Handler) {
      self.parser = parser
      self.handler = handler
    }

    static func of(_ user: UnsafeMutableRawPointer?) -> State? {
      user.map { Unmanaged<State>.fromOpaque($0).takeUnretainedValue() }
    }

    func start(_ name: String, _ attributes: [String: String]) {
      depth += 1
      guard depth <= XMLEvents.maximumDepth else { return stop("its elements are nested more than 100 deep") }
      handler.start(name, attributes)
    }

    func stop(_ reason: String) {
      refusal = refusal ?? reason
      XML_StopParser(parser, XML_Bool(XML_FALSE))
    }

    /// Names and values by turns, until a null.
    static func attributes(_ list: UnsafeMutablePointer<UnsafePointer<XML_Char>?>?) -> [String: String] {
      var result: [String: String] = [:]
      var index = 0
      while let list, let name = list[index], let value = list[index + 1] {
        result[String(cString: name)] = String(cString: value)
        index += 2
      }
      return result
    }
  }
}
