/// One page that needs nothing beside itself: no script, no network, light and dark as its reader has set.
///
/// A header, a list of links to the sections, and the sections as landmarks with headings.
public struct WebPage: Sendable {
  /// A part of the page that the contents link to.
  public struct Section: Sendable {
    /// Unique in the page; letters, digits and hyphens.
    public var id: String
    public var title: String
    public var content: HTML

    public init(id: String, title: String, content: HTML) {
      self.id = id
      self.title = title
      self.content = content
    }
  }

  public var title: String
  /// What stands below the title.
  public var lead: HTML
  /// Those without content are left out.
  public var sections: [Section]
  public var footer: HTML

  public init(title: String, lead: HTML, sections: [Section], footer: HTML) {
    self.title = title
    self.lead = lead
    self.sections = sections
    self.footer = footer
  }

  /// The content security policy, by which a browser fetches nothing.
  private static let policy: HTML = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

  /// Whether a text begins as a document that this type has written.
  public static func isDocument(startingWith text: String) -> Bool {
    text.hasPrefix("<!DOCTYPE html>") && text.contains(policy.text)
  }

  /// The whole document.
  public func document() -> String {
    let sections = sections.filter { !$0.content.isEmpty }
    let links = sections.map { "<li><a href=\"#\($0.id)\">\($0.title)</a></li>" as HTML }
    let bodies = sections.map {
      """
      <section aria-labelledby="\($0.id)">
      <h2 id="\($0.id)">\($0.title)</h2>
      \($0.content)
      </section>

      """ as HTML
    }
    let page: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" \
      content="\(Self.policy)">
      <title>\(title)</title>
      <style>\(PageStyle.css)</style>
      </head>
      <body>
      <a class="skip" href="#content">Skip to content</a>
      <header>
      <h1>\(title)</h1>
      \(lead)
      </header>
      <nav aria-label="Contents"><ul>\(links)</ul></nav>
      <main id="content">
      \(bodies)</main>
      <footer>\(footer)</footer>
      </body>
      </html>

      """
    return page.text
  }
}
