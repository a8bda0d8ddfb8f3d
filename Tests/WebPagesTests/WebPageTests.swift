import Foundation
import Testing

@testable import WebPages

@Suite struct WebPageTests {
  private let page = WebPage(
    title: "A & B", lead: "<p>lead</p>",
    sections: [
      .init(id: "one", title: "One", content: "<p>1</p>"), .init(id: "two", title: "Two", content: .empty),
    ], footer: "<p>end</p>")

  @Test func thePageHasLandmarksAndNeedsNothingElse() {
    let text = page.document()
    for part in ["<header>", "<nav aria-label=\"Contents\">", "<main id=\"content\">", "<footer>", "lang=\"en\""] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(text.contains("<title>A &amp; B</title>") && text.contains("<a href=\"#one\">One</a>"))
    #expect(text.contains("default-src 'none'") && text.contains("prefers-color-scheme: dark"))
    #expect(!text.contains("http:") && !text.contains("https:") && !text.contains("<script"))
    #expect(!text.contains("Two"), "a section without content is left out, of the contents too")
  }

  @Test func tablesHaveHeadersForColumnsAndRows() {
    let table = DataTable(
      caption: "T<1>", columns: [.init("Name"), .number("N")], rows: [.init(["a<b", "1"], isBest: true)])
    let html = table.html().text
    #expect(
      html.contains("<caption><span>T&lt;1&gt;</span></caption>")
        && html.contains("<th scope=\"col\" class=\"n\">N</th>"))
    #expect(html.contains("<tr class=\"best\"><th scope=\"row\">a&lt;b</th><td class=\"n\">1</td></tr>"))
    #expect(DataTable(caption: "", columns: [], rows: []).html().isEmpty)
  }

  @Test func countsHaveSharesAndBars() {
    let table = CountTable(caption: "Labels", subject: "Label", counts: CountTable.descending(["a": 1, "b": 3]))
    let html = table.html().text
    #expect(html.contains("<th scope=\"row\">b</th><td class=\"n\">3</td>\n<td class=\"n\">75 %</td>"))
    #expect(html.contains("width:100%") && html.contains("width:33.33%"))
  }

  @Test func theHeatOfACellFollowsItsShareOfTheGreatestOffTheDiagonal() {
    let html = HeatTable(caption: "C", names: ["a", "b"], counts: [[100, 4], [2, 50]]).html().text
    #expect(html.contains("--share:1\">100<") && html.contains("--share:1\">4<") && html.contains("--share:0.71\">2<"))
  }

  @Test func picturesCarryTheirBytesAndAnAlternative() {
    let picture = EmbeddedPicture(
      bytes: [1, 2, 3], mediaType: .jpeg, width: 4, height: 5, alternative: "Chest \"PA\"", caption: "c")
    #expect(
      picture.html().text == """
        <figure><img src="data:image/jpeg;base64,AQID" width="4" height="5" alt="Chest &quot;PA&quot;">\
        <figcaption>c</figcaption></figure>

        """)
  }

  /// Contrast as WCAG 2.2 defines it, of every text colour on both grounds.
  @Test func textsStandOutFromTheirGround() throws {
    let css = PageStyle.css.text
    let dark = try #require(css.range(of: "prefers-color-scheme: dark"))
    let end = try #require(css.range(of: "} }", range: dark.upperBound..<css.endIndex))
    for colours in [css[..<dark.lowerBound], css[dark.upperBound..<end.lowerBound]] {
      var luminance: [String: Double] = [:]
      for match in String(colours).matches(of: /--([a-z0-9]+): #([0-9a-f]{6})/) {
        let value = try #require(Int(match.2, radix: 16))
        let parts = [16, 8, 0].map { shift -> Double in
          let part = Double(value >> shift & 255) / 255
          return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
        }
        luminance[String(match.1)] = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
      }
      for ground in ["ground", "raised"] {
        for text in ["ink", "quiet", "link", "warn"] {
          let (a, b) = (try #require(luminance[ground]), try #require(luminance[text]))
          #expect((max(a, b) + 0.05) / (min(a, b) + 0.05) >= 4.5, "\(text) on \(ground)")
        }
      }
      for series in 0..<6 {
        let (a, b) = (try #require(luminance["ground"]), try #require(luminance["s\(series)"]))
        #expect((max(a, b) + 0.05) / (min(a, b) + 0.05) >= 3, "s\(series)")
      }
    }
  }
}
