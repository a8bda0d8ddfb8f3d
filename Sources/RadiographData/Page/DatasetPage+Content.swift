import GRDB
import WebPages

// Reports, grey values and samples: what is in the dataset.
extension DatasetPage {
  func reports() throws -> HTML {
    let words = try WordStatistics(dataset)
    guard !words.lengths.isEmpty else {
      return HTML.paragraph("No report and no caption: training makes its texts of labels, view, age and sex.")
    }
    let facts = HTML.facts([
      ("Reports with text", NumberText.count(words.lengths.count)),
      ("Words, mean", NumberText.value(summary.words.mean)),
      ("Words, least", NumberText.count(summary.words.min)), ("Words, most", NumberText.count(summary.words.max)),
    ])
    let (binWidth, counts) = words.histogram
    let lengths = Histogram(
      title: "Words in a report", xTitle: "Words", subject: "Reports", start: 0, binWidth: Double(binWidth),
      counts: counts)
    let commonest = CountTable(
      caption: "Commonest words, by how many reports have them", subject: "Word", counts: words.commonest,
      whole: words.lengths.count)
    let findings = DataTable(
      caption: "What reports say of CheXpert's findings, read off their text; studies",
      columns: [.init("Finding"), .number("Positive"), .number("Negative"), .number("Uncertain")],
      rows: summary.reported.sorted { $0.key < $1.key }.map { name, count in
        DataTable.Row([name] + [count.positive, count.negative, count.uncertain].map { NumberText.count($0) })
      })
    return facts + HTML.cards([lengths.html(id: "words"), commonest.html(), findings.html()])
  }

  func greyValues() throws -> HTML {
    let grey = try GreyStatistics(dataset)
    let whole = grey.whole
    guard whole.images > 0 else { return .empty }
    let bins = stride(from: 0, to: 256, by: 4).map { start in whole.values[start..<(start + 4)].reduce(0, +) }
    let histogram = Histogram(
      title: "Grey values of all pixels", xTitle: "Grey value", subject: "Pixels", start: 0, binWidth: 4, counts: bins)
    let rows = grey.sources.map { ($0.name, $0.counts) } + (grey.sources.count > 1 ? [("all", whole)] : [])
    let table = DataTable(
      caption: "Mean and deviation of the pixels, from 0 (black) to 255 (white)",
      columns: [.init("Source"), .number("Images counted"), .number("Mean"), .number("Deviation")],
      rows: rows.map { name, counts in
        DataTable.Row([
          name, NumberText.count(counts.images), NumberText.value(counts.mean), NumberText.value(counts.deviation),
        ])
      })
    let note =
      grey.interval > 1
      ? HTML.paragraph("One stored image in \(grey.interval) was counted.")
      : HTML.paragraph("Every stored image was counted.")
    return note + HTML.cards([histogram.html(id: "grey"), table.html()])
  }

  func samples(_ pictures: ContactSheetPictures) throws -> HTML {
    let groups = try pictures.groups()
    guard !groups.isEmpty else { return HTML.paragraph("No image is eligible for training.") }
    let parts = try groups.map { group in
      HTML.heading(group.title) + EmbeddedPicture.row(try group.records.map { try pictures.picture($0) })
    }
    return
      "<p>In brackets, how many eligible images have the label; below each image, one text to train it on.</p>\(parts)"
  }
}

// What was left out, what leaks, and where everything comes from.
extension DatasetPage {
  private static let listLimit = 500
  private static let pairLimit = 24

  /// What each reason means.
  private static let meanings = [
    "unreadable": "the image cannot be decoded",
    "unsupported": "a format or coding that is not read",
    "duplicate": "the same bytes as an image before, whose pixels it shares",
    "near-duplicate": "looks like an image of another part of the split",
    "missing-image": "listed, and not there",
    "unlisted": "there, and not listed",
    "duplicate-row": "listed more than once",
    "ambiguous-name": "a name that is no file's own, and that several files are equally like",
    "unknown-label": "a label that the source does not declare: the image is imported without it",
    "implausible-age": "an age that no person has: the image is imported without it",
    "conflicting-report": "another image of the study has another report; the image is imported with its own",
    "conflicting-patient": "one patient in two of the publisher's splits, or of two sexes; all images stay together",
    "malformed-row": "a row without a name or a patient, or of another number of cells than the table has columns",
    "outside-source": "a path or a link that leads out of the source's folder; nothing there is read",
    "malformed-report": "a report that cannot be read",
    "no-image": "a report without an image",
    "unknown-view": "left out, because frontal and lateral cannot be told apart",
    "non-frontal": "not a frontal view: kept, not trained on",
    "no-text": "no report, caption or label to train on",
  ]

  func exclusionTables(_ exclusions: [ImportExclusion]) -> HTML {
    guard !exclusions.isEmpty else { return HTML.paragraph("Nothing was left out.") }
    let reasons = DataTable(
      caption: "By reason", columns: [.init("Reason"), .number("Count"), .init("Meaning")],
      rows: CountTable.descending(summary.excluded).map { name, count in
        DataTable.Row([name, NumberText.count(count), Self.meanings[name] ?? ""])
      })
    let shown = exclusions.prefix(Self.listLimit)
    let list = DataTable(
      caption: "Files and rows, by source and path", columns: [.init("Path"), .init("Reason"), .init("Detail")],
      rows: shown.map { DataTable.Row([$0.path, $0.reason.rawValue, $0.detail]) })
    let title =
      shown.count < exclusions.count
      ? "The first \(shown.count) of \(NumberText.count(exclusions.count))" : "All \(NumberText.count(shown.count))"
    return reasons.html() + HTML.details(title, list.html())
  }

  func leakage(_ exclusions: [ImportExclusion], _ pictures: ContactSheetPictures) throws -> HTML {
    func found(_ count: Int?) -> String {
      count.map { $0 == 0 ? "none found" : NumberText.count($0) } ?? "not looked for"
    }
    let facts = HTML.facts([
      ("Same bytes", found(exclusions.count { $0.reason == .duplicate })),
      ("Near-duplicates across parts", found(examinations.nearDuplicates?.count)),
      ("Patients in two parts", found(examinations.leakingPatients?.count)),
      ("Studies in two parts", found(examinations.leakingStudies?.count)),
    ])
    let named =
      (examinations.leakingPatients ?? []).map { ("Patient", $0) }
      + (examinations.leakingStudies ?? []).map { ("Study", $0) }
    let leaks = DataTable(
      caption: "In more than one part", columns: [.init("What"), .init("Name")],
      rows: named.prefix(Self.listLimit).map { DataTable.Row([$0.0, $0.1]) })
    return facts + leaks.html() + (try pairs(examinations.nearDuplicates ?? [], pictures))
  }

  private func pairs(_ pairs: [DatasetExaminations.ImagePair], _ pictures: ContactSheetPictures) throws -> HTML {
    guard !pairs.isEmpty else { return .empty }
    let shown = pairs.sorted { $0.distance < $1.distance }.prefix(Self.pairLimit)
    let parts = try shown.map { pair -> HTML in
      let images = try [pair.first, pair.second].compactMap { member -> EmbeddedPicture? in
        guard let record = try record(named: member.name), record.hasPixels else { return nil }
        return try pictures.picture(
          record, alternative: "Radiograph \(member.name)", caption: "\(member.name), \(member.split.rawValue)")
      }
      return """
        <li>\("\(pair.first.name) (\(pair.first.split.rawValue)) and \(pair.second.name) (\(pair.second.split.rawValue)), ")\
        \(pair.distance) bits apart\(EmbeddedPicture.row(images))</li>

        """
    }
    return HTML.heading("The closest pairs across parts") + "<ol>\(parts)</ol>\n"
  }

  /// The image that is called `source/path`; a source's name holds no slash.
  private func record(named name: String) throws -> RadiographRecord? {
    guard let slash = name.firstIndex(of: "/") else { return nil }
    let id = try dataset.database.read { database in
      try Int64.fetchOne(
        database,
        sql: """
          SELECT images.id FROM images JOIN sources ON sources.id = source_id
          WHERE sources.name = ? AND images.path = ?
          """, arguments: [String(name[..<slash]), String(name[name.index(after: slash)...])])
    }
    guard let id else { return nil }
    var filter = RecordFilter.everything
    filter.images = [id]
    return try dataset.records(matching: filter).first
  }

  func sources() -> HTML {
    DataTable(
      caption: "Every source, with the terms that its publisher set",
      columns: [
        .init("Source"), .init("Importer"), .number("Images"), .number("Patients"), .init("Licence"),
        .init("Attribution"),
      ],
      rows: summary.sources.map { source in
        DataTable.Row([
          source.name, source.kind, NumberText.count(source.images), NumberText.count(source.patients), source.licence,
          source.attribution,
        ])
      }
    ).html()
  }

  func settings() throws -> HTML {
    let rows = try dataset.database.read { database in
      try Row.fetchAll(database, sql: "SELECT key, value FROM settings ORDER BY key")
        .map { row -> [String] in [row[0], row[1]] }
    }
    return DataTable(
      caption: "Settings that hold for every image", columns: [.init("Setting"), .init("Value")],
      rows: rows.map { DataTable.Row($0) }
    ).html()
  }
}
