/// Divides a free-text report into its sections.
///
/// A heading is known words ("FINDINGS", "Clinical history", "FINDINGS AND IMPRESSION") in any case, at a line's
/// beginning and followed by a colon or standing alone on it; in the middle of a line only in capitals and with a
/// colon, as reports that were joined into one line have it. What stands under no heading is a section of the name
/// `report`. Text is kept as it is but for white space at both ends; a report without headings gives one section.
public enum SectionSplitter {
  /// The sections in the order of the report, those without text left out.
  public static func sections(of report: String) -> [ReportSection] {
    let text = Array(report.utf8)
    var sections: [ReportSection] = []
    var name = ReportSection.Name.report
    var start = 0

    func close(at end: Int) {
      let body = trimmed(text[start..<max(start, end)])
      guard !body.isEmpty else { return }
      sections.append(ReportSection(name: name, text: String(decoding: body, as: UTF8.self)))
    }

    var position = 0
    var startsLine = true
    while position < text.count {
      let mayBegin = startsLine || (position > 0 && isBreak(text[position - 1]))
      if mayBegin, let heading = ReportHeading.read(text, at: position, startsLine: startsLine) {
        close(at: position)
        (name, start, position) = (heading.name ?? name, heading.end, heading.end)
        // Another heading may follow on the same line ("FINAL REPORT EXAMINATION: ...").
        startsLine = true
        continue
      }
      if text[position] == UInt8(ascii: "\n") || text[position] == UInt8(ascii: "\r") {
        startsLine = true
      } else if !isBreak(text[position]) {
        startsLine = false
      }
      position += 1
    }
    close(at: text.count)
    return sections
  }

  private static func isBreak(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let first = bytes.firstIndex(where: { !isBreak($0) }),
      let last = bytes.lastIndex(where: { !isBreak($0) })
    else { return [] }
    return bytes[first...last]
  }
}
