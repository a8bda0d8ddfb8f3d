/// A piece of HTML in which nothing that a user wrote can be taken for markup.
///
/// A literal of the source is markup; what is interpolated into it is escaped, unless it is `HTML`
/// itself:
///
///     let cell: HTML = "<td>\(record.path)</td>"
public struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
  /// The markup.
  public private(set) var text: String

  /// Markup of the source; a `StaticString`, so that no text made at run time comes in this way.
  public init(stringLiteral markup: StaticString) { text = markup.description }

  public init(stringInterpolation parts: StringInterpolation) { text = parts.text }

  /// Text in which `& < > " '` are escaped, so that it can stand between tags and in quoted attributes. Control
  /// characters, which HTML does not allow, become U+FFFD.
  public init(escaping plain: String) {
    // By scalars: a combining mark after "<" makes another character of it, and still opens a tag.
    var text = String.UnicodeScalarView()
    for scalar in plain.unicodeScalars {
      switch scalar {
      case "&": text.append(contentsOf: "&amp;".unicodeScalars)
      case "<": text.append(contentsOf: "&lt;".unicodeScalars)
      case ">": text.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": text.append(contentsOf: "&quot;".unicodeScalars)
      case "'": text.append(contentsOf: "&#39;".unicodeScalars)
      case "\n", "\t", "\r": text.append(scalar)
      default: text.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
      }
    }
    self.text = String(text)
  }

  public var isEmpty: Bool { text.isEmpty }

  public static let empty: HTML = ""

  public static func + (first: HTML, second: HTML) -> HTML { "\(first)\(second)" }

  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    public init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity * 2) }

    public mutating func appendLiteral(_ markup: StaticString) { text += markup.description }

    /// Text, escaped.
    public mutating func appendInterpolation(_ plain: String) { text += HTML(escaping: plain).text }

    public mutating func appendInterpolation(_ number: Int) { text += String(number) }

    /// A coordinate or a share: at most two digits after the point.
    public mutating func appendInterpolation(_ number: Double) { text += NumberText.coordinate(number) }

    /// Markup, as it is.
    public mutating func appendInterpolation(_ html: HTML) { text += html.text }

    /// Pieces of markup, one after another.
    public mutating func appendInterpolation(_ pieces: [HTML]) {
      for piece in pieces { text += piece.text }
    }
  }
}
