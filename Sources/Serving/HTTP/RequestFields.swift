import Foundation
import Hummingbird
import HummingbirdCore
import NIOCore
import Support

/// The fields of a request's JSON object, each read by name and type.
///
/// A field that is null is one that is not given. What is read is remembered, so that fields with a misspelt name can be
/// refused at the end.
struct RequestFields {
  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
  }

  private struct Content: Decodable {
    var container: KeyedDecodingContainer<Key>

    init(from decoder: any Decoder) throws { container = try decoder.container(keyedBy: Key.self) }
  }

  private let container: KeyedDecodingContainer<Key>
  private var known: Set<String> = []

  /// - Throws: ``APIError`` with `invalid_json` for bytes that are no JSON object.
  init(_ data: Data) throws(APIError) {
    // Foundation's reader takes other encodings too, and the first of two equal keys.
    do {
      _ = try JSONDocument(parsing: Array(data))
    } catch {
      throw APIError(.invalidJSON, "the body is not JSON (\("\(error)".onOneLine(limit: 160))): send one JSON object")
    }
    do {
      container = try JSONDecoder().decode(Content.self, from: data).container
    } catch {
      throw APIError(.invalidJSON, "the body is no JSON object: send one, such as {\"prompt\": \"...\"}")
    }
  }

  /// The fields of a query, in which all values are texts: those of these names stay so, the others are what they look
  /// like.
  ///
  /// - Throws: ``APIError`` with `invalid_json` for a query that is no list of fields.
  init(
    query uri: URI, texts: Set<String> = ["model", "negative_prompt", "sampler", "guidance_interval", "guidance_from"]
  )
    throws(APIError)
  {
    var members: [String] = []
    var names: Set<String> = []
    for (name, value) in uri.queryParameters {
      let (name, value) = (String(name), String(value))
      guard names.insert(name).inserted else {
        throw APIError(.conflict, "\(name.onOneLine(limit: 60)) is given twice: give it once", field: name)
      }
      let isText =
        texts.contains(name) || Double(value)?.isFinite != true || value.contains { !"-.0123456789eE".contains($0) }
      guard let key = try? ServiceJSON.text(name), let text = isText ? try? ServiceJSON.text(value) : value else {
        continue
      }
      members.append("\(key):\(text)")
    }
    try self.init(Data("{\(members.joined(separator: ","))}".utf8))
  }

  /// A text.
  ///
  /// - Throws: ``APIError`` with `invalid_field` if it is something else or too long.
  mutating func text(_ name: String, limit: Int = 200) throws(APIError) -> String? {
    guard let text = try value(String.self, name, "a text") else { return nil }
    guard text.utf8.count <= limit else {
      throw APIError(
        .outOfRange, "\(name) has \(text.utf8.count) bytes: give at most \(limit)", field: name)
    }
    return text
  }

  /// A whole number.
  ///
  /// - Throws: ``APIError`` with `invalid_field` if it is something else.
  mutating func whole<Number: FixedWidthInteger & Decodable>(
    _ name: String, as type: Number.Type = Int.self
  ) throws(APIError) -> Number? {
    try value(Number.self, name, Number.min == 0 ? "a whole number from 0" : "a whole number")
  }

  /// A number, which JSON allows to be finite alone.
  ///
  /// - Throws: ``APIError`` with `invalid_field` if it is something else.
  mutating func number(_ name: String) throws(APIError) -> Double? { try value(Double.self, name, "a number") }

  /// True or false.
  ///
  /// - Throws: ``APIError`` with `invalid_field` if it is something else.
  mutating func flag(_ name: String) throws(APIError) -> Bool? { try value(Bool.self, name, "true or false") }

  /// A value of another type.
  ///
  /// - Parameter form: What it should be, for the error.
  /// - Throws: ``APIError`` with `invalid_field` if it is something else.
  mutating func value<Value: Decodable>(
    _ type: Value.Type, _ name: String, _ form: String
  ) throws(APIError) -> Value? {
    known.insert(name)
    let key = Key(name)
    guard container.contains(key), (try? container.decodeNil(forKey: key)) != true else { return nil }
    do {
      return try container.decode(Value.self, forKey: key)
    } catch {
      throw APIError(.invalidField, "\(name) is not \(form): correct it, or leave it out", field: name)
    }
  }

  /// The names of fields that were given and never read, in order.
  var unread: [String] { container.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted() }

  /// - Throws: ``APIError`` with `unknown_field` for the first field that was never read.
  func refuseUnread() throws(APIError) {
    guard let name = unread.first else { return }
    let meant = NearestName.of(name, among: known.sorted())
    throw APIError(
      .unknownField,
      "there is no field '\(name.onOneLine(limit: 60))': "
        + (meant.map { "did you mean '\($0)'?" } ?? "choose among \(known.sorted().joined(separator: ", "))"),
      field: String(name.prefix(60)))
  }
}

extension Request {
  /// The whole body. A body that takes too long is refused by the connection's guard.
  ///
  /// - Throws: ``APIError`` with `body_too_large`.
  func bytes(limit: Int) async throws -> Data {
    func tooLarge() -> APIError {
      APIError(.bodyTooLarge, "the body has more than \(limit) bytes: send less")
    }
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw tooLarge() }
    do {
      return Data(buffer: try await body.collect(upTo: limit))
    } catch is NIOTooManyBytesError {
      throw tooLarge()
    }
  }

  /// The fields of a JSON body.
  ///
  /// - Throws: ``APIError`` for a body of another type, or that is no JSON object.
  func fields(_ limits: ServiceLimits) async throws -> RequestFields {
    if let type = mediaType, type != "application/json" {
      throw APIError(
        .unsupportedMediaType,
        "the body is '\(type.onOneLine(limit: 60))': send JSON with Content-Type application/json")
    }
    return try RequestFields(try await bytes(limit: limits.bodyBytes))
  }

  /// The type of the body, without parameters and in small letters; nil if none is given.
  var mediaType: String? {
    headers[.contentType].map { $0.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased() }
  }
}
