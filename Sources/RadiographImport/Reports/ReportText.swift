import RadiographData
import RadiologyReports

/// Makes sections of a report that comes as one text.
enum ReportText {
  /// - Returns: the parts of the report, each named for what it is, or the whole as the one section `report`. Parts of
  ///   one name become one, in the place of the first. One under the heading of findings and impression together is
  ///   both, since it serves wherever either is asked for.
  static func sections(of text: String) -> [TextSection] {
    var sections: [TextSection] = []
    func add(_ name: ReportSection.Name, _ text: String) {
      if let place = sections.firstIndex(where: { $0.name == name.rawValue }) {
        sections[place].text += "\n" + text
      } else {
        sections.append(TextSection(name: name.rawValue, text: text))
      }
    }
    for section in SectionSplitter.sections(of: text) { add(section.name, section.text) }
    return sections
  }
}
