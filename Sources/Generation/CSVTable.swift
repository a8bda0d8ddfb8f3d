/// Comma-separated values as RFC 4180 has them: quoted fields may hold commas, doubled quotes and line ends.
enum CSVTable {
  struct Record: Equatable {
    /// Line on which the record starts, from 1.
    var line: Int
    var fields: [String]
  }

  struct SyntaxError: Error, Equatable {
    var line: Int
    var reason: String
  }

  /// Records in order; lines without any character are skipped, as spreadsheets leave them at the end.
  static func records(in text: String) throws -> [Record] {
    var records: [Record] = []
    var fields: [String] = []
    var field = ""
    var line = 1
    var recordLine = 1
    var isQuoted = false
    // A field that was quoted may hold nothing after its closing quote.
    var wasQuoted = false

    func endField() {
      fields.append(field)
      field = ""
      wasQuoted = false
    }
    func endRecord() {
      let isEmptyLine = fields.isEmpty && field.isEmpty && !wasQuoted
      endField()
      if !isEmptyLine { records.append(Record(line: recordLine, fields: fields)) }
      fields = []
    }

    var characters = text.makeIterator()
    var next = characters.next()
    while let character = next {
      next = characters.next()
      if isQuoted {
        if character == "\"" {
          if next == "\"" {
            field.append("\"")
            next = characters.next()
          } else {
            isQuoted = false
            wasQuoted = true
          }
        } else {
          if character.isNewline { line += 1 }
          field.append(character)
        }
        continue
      }
      switch character {
      case ",": endField()
      case "\n", "\r\n", "\r":
        endRecord()
        line += 1
        recordLine = line
      case "\"" where field.isEmpty && !wasQuoted: isQuoted = true
      default:
        if wasQuoted || character == "\"" {
          throw SyntaxError(line: recordLine, reason: "a quote stands inside a field: double it and quote the field")
        }
        field.append(character)
      }
    }
    if isQuoted { throw SyntaxError(line: recordLine, reason: "a quoted field never ends: close the quote") }
    endRecord()
    return records
  }
}
