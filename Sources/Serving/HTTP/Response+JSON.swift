import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
  /// An answer of JSON, keys in order.
  ///
  /// - Throws: `EncodingError` if `value` holds a number that is not finite.
  static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    Response(bytes: try ServiceJSON.data(value), type: "application/json", status: status)
  }

  /// An answer of bytes.
  init(bytes: some Sequence<UInt8>, type: String, status: HTTPResponse.Status = .ok) {
    let buffer = ByteBuffer(bytes: bytes)
    self.init(
      status: status, headers: [.contentType: type, .contentLength: "\(buffer.readableBytes)"],
      body: ResponseBody(byteBuffer: buffer))
  }
}

/// JSON as the service sends it: on one line, keys in order, so that the same value makes the same bytes.
enum ServiceJSON {
  /// The bytes of `value`.
  ///
  /// - Throws: `EncodingError` if `value` holds a number that is not finite.
  static func data(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
  }

  /// The text of `value`.
  ///
  /// - Throws: `EncodingError` if `value` holds a number that is not finite.
  static func text(_ value: some Encodable) throws -> String { String(decoding: try data(value), as: UTF8.self) }
}
