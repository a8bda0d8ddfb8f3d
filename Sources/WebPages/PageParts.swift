import Foundation

extension HTML {
  /// Figures that are read at a glance: names above values.
  public static func facts(_ facts: [(name: String, value: String)]) -> HTML {
    guard !facts.isEmpty else { return .empty }
    return "<dl class=\"facts\">\(facts.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" as HTML })</dl>\n"
  }

  /// Parts side by side where the screen is wide enough; those that are empty are left out.
  ///
  /// - Parameter isUniform: all of one width, as charts are to be; otherwise each takes the width that is left.
  public static func cards(_ parts: [HTML], isUniform: Bool = false) -> HTML {
    let parts = parts.filter { !$0.isEmpty }
    guard !parts.isEmpty else { return .empty }
    let style: HTML = isUniform ? "charts" : "cards"
    return "<div class=\"\(style)\">\(parts.map { "<div>\($0)</div>" as HTML })</div>\n"
  }

  /// Something that is shown on request.
  public static func details(_ summary: String, _ content: HTML) -> HTML {
    content.isEmpty ? .empty : "<details><summary>\(summary)</summary>\n\(content)</details>\n"
  }

  public static func paragraph(_ text: String) -> HTML { "<p>\(text)</p>\n" }

  public static func heading(_ text: String) -> HTML { "<h3>\(text)</h3>\n" }
}

/// A picture that is part of the page itself.
public struct EmbeddedPicture: Sendable {
  public enum MediaType: String, Sendable {
    case png = "image/png"
    case jpeg = "image/jpeg"
  }

  /// The file's bytes.
  public var bytes: [UInt8]
  public var mediaType: MediaType
  public var width: Int
  public var height: Int
  /// What the picture shows, for those who do not see it.
  public var alternative: String
  public var caption: HTML
  /// Takes the width of the page and not that of a thumbnail.
  public var isWide: Bool

  public init(
    bytes: [UInt8], mediaType: MediaType, width: Int, height: Int, alternative: String, caption: HTML,
    isWide: Bool = false
  ) {
    self.bytes = bytes
    self.mediaType = mediaType
    self.width = width
    self.height = height
    self.alternative = alternative
    self.caption = caption
    self.isWide = isWide
  }

  public func html() -> HTML {
    let image: HTML = """
      <img src="data:\(mediaType.rawValue);base64,\(Data(bytes).base64EncodedString())" width="\(width)" \
      height="\(height)" alt="\(alternative)">
      """
    return
      "<figure\(isWide ? " class=\"wide\"" as HTML : .empty)>\(image)<figcaption>\(caption)</figcaption></figure>\n"
  }

  /// Pictures in rows.
  public static func row(_ pictures: [EmbeddedPicture]) -> HTML {
    pictures.isEmpty ? .empty : "<div class=\"pictures\">\(pictures.map { $0.html() })</div>\n"
  }
}
