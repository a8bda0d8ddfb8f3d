/// Makes sections of a report that comes as one text.
enum ReportText {
  /// - Returns: the parts of the report, or the whole as the one section `report`.
  static func sections(of text: String) -> [TextSection] {
    [TextSection(name: "report", text: text)]
  }
}
