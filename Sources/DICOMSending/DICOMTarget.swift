import Foundation

/// Where DICOM files are sent: an address for STOW-RS, or an archive's application entity for C-STORE.
public enum DICOMTarget: Sendable, Equatable {
  /// The base of DICOMweb, such as `https://pacs.example.org/dicom-web`.
  case web(String)
  /// `TITLE@HOST:PORT`.
  case entity(title: String, host: String, port: UInt16)

  /// Reads what a user wrote; nil for anything else.
  public init?(_ text: String) {
    let lower = text.lowercased()
    if lower.hasPrefix("http://") || lower.hasPrefix("https://") {
      guard let url = URLComponents(string: text), let host = url.host, !host.isEmpty else { return nil }
      self = .web(text.hasSuffix("/") ? String(text.dropLast()) : text)
      return
    }
    guard let at = text.lastIndex(of: "@"), let colon = text.lastIndex(of: ":"), at < colon,
      let port = UInt16(text[text.index(after: colon)...]), port > 0
    else { return nil }
    let (title, host) = (String(text[..<at]), String(text[text.index(after: at)..<colon]))
    guard Self.isTitle(title), !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    self = .entity(
      title: title, host: host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host,
      port: port)
  }

  /// 1 to 16 characters of ASCII, not blanks alone, without backslash and control characters (PS3.5, AE).
  public static func isTitle(_ text: String) -> Bool {
    (1...16).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x5C }
      && text.contains { $0 != " " }
  }
}
