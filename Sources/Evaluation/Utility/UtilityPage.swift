import WebPages

extension UtilityReport {
  /// The report as a part of a page.
  public var section: WebPage.Section {
    let content = (tables + [trainedOn]).map { table in
      DataTable(
        caption: table.title,
        columns: table.heads.enumerated().map { $0 == 0 ? .init($1) : .number($1) },
        rows: table.rows.map { DataTable.Row($0) }
      ).html()
    }
    return WebPage.Section(
      id: "utility", title: Self.title,
      content: "\(notes.map { HTML.paragraph($0) })\(content)")
  }

  /// `utility.html`.
  ///
  /// - Parameter program: The program, such as `thorax 0.1.0`.
  public func page(program: String) -> String {
    WebPage(
      title: "What images of \(synthetic.name) are worth for training",
      lead: """
        <p>The same classifier, trained on real images, on synthetic ones and on both, and tested on real images of patients
        of whom nothing was trained on. In brackets 95 % intervals over patients.</p>
        """,
      sections: [section],
      footer: "<p>Written by \(program). The numbers are those of <code>utility.json</code>.</p>"
    ).document()
  }
}
