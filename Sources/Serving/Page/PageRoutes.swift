import HTTPTypes
import Hummingbird

/// The page for people: files that are part of the program. They hold nothing that a token protects, and fetch nothing from
/// anywhere else.
struct PageRoutes: RouteList {
  var routes: [Route] {
    [
      .get("/", { _, _ in Self.file(PackageResources.page_html, "text/html; charset=utf-8") }, access: .open),
      .get(
        "/page/page.css", { _, _ in Self.file(PackageResources.page_css, "text/css; charset=utf-8") }, access: .open),
      .get(
        "/page/page.js", { _, _ in Self.file(PackageResources.page_js, "text/javascript; charset=utf-8") },
        access: .open),
      .get(
        "/page/texts.json", { _, _ in Self.file(PackageResources.page_texts_json, "application/json") }, access: .open),
    ]
  }

  /// Scripts and styles come from the service's own files alone; pictures also from what the page holds in memory.
  private static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  private static func file(_ bytes: [UInt8], _ type: String) -> Response {
    var response = Response(bytes: bytes, type: type)
    response.headers[.contentSecurityPolicy] = policy
    return response
  }
}
