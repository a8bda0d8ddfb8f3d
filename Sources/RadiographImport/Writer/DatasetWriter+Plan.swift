import GRDB
import RadiographData

extension DatasetWriter {
  /// Writes down, in one transaction and before any image is read, what the listing left out and where each of its
  /// patients belongs. A kill before it leaves nothing of the source, and one after it changes no patient's side.
  func plan() throws {
    try database.write { database in
      for exclusion in source.exclusions { try insert(exclusion, in: database) }
      try place(database)
    }
  }

  private func place(_ database: Database) throws {
    var census = censusOfListing()
    var isStored = [Bool](repeating: false, count: census.keys.count)
    for (key, split) in try storedPatients(database, ofThisSource: true) {
      guard let patient = census.position(of: key) else { continue }
      isStored[patient] = true
      census.fixed[census.principal(patient)] = split
    }
    guard isStored.contains(false) else { return }
    // The same person in another edition of the same collection keeps the side.
    for (key, split) in try storedPatients(database, ofThisSource: false) {
      guard let patient = census.position(of: key), !isStored[patient] else { continue }
      census.fixed[census.principal(patient)] = split
    }
    let newPatients = census.keys.indices.filter { !isStored[$0] }
    if isStored.contains(true) { try countUnlisted(database, into: &census) }

    let assignment = SplitAssignment(fractions: settings.split, seed: settings.seed)
    let splits =
      switch settings.splitRule {
      case .stratified:
        SplitPlan(census, fractions: settings.split, assignment: assignment, source: source.patientScope).splits
      case .hash:
        census.keys.indices.map {
          census.fixed[$0] ?? assignment.split(of: "\(source.patientScope)/\(census.keys[$0])")
        }
      }
    let statement = try database.cachedStatement(
      sql: "INSERT INTO patients (source_id, key, split) VALUES (?, ?, ?)")
    for patient in newPatients {
      try statement.execute(arguments: [
        sourceID, census.keys[patient], splits[census.principal(patient)].rawValue,
      ])
    }
  }

  private func censusOfListing() -> SplitCensus {
    var census = SplitCensus()
    // One patient with two names: the two share a study.
    var patientOfStudy: [String: Int] = [:]
    for entry in source.entries {
      let patient = census.patient(entry.patient)
      guard Leakage.namesOneStudy(entry.study) else { continue }
      if let other = patientOfStudy[entry.study] {
        if other != patient { census.unite(other, patient) }
      } else {
        patientOfStudy[entry.study] = patient
      }
    }
    for entry in source.entries {
      let patient = census.principal(census.patient(entry.patient))
      if let split = entry.split { census.fixed[patient] = Self.stricter(split, census.fixed[patient]) }
      if entry.isEligible(settings.sections) {
        // If a source has no labels, those of the report divide alike.
        let attributes = entry.attributes
        let positives =
          attributes.labels.isEmpty
          ? reports.findings(in: entry.sections).filter { $0.state == .positive }.map(\.name) : attributes.positives
        census.count(patient: patient, findings: positives)
      }
    }
    return census
  }

  /// Of two places that the publisher gave a patient's images, the one further from training.
  private static func stricter(_ one: DatasetSplit, _ other: DatasetSplit?) -> DatasetSplit {
    switch (one, other) {
    case (.test, _), (_, .test): .test
    case (.validation, _), (_, .validation): .validation
    default: .train
    }
  }

  private func storedPatients(
    _ database: Database, ofThisSource: Bool
  ) throws -> [(key: String, split: DatasetSplit)] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT patients.key, split, kind FROM patients JOIN sources ON sources.id = source_id
        WHERE (source_id = ?) = ? ORDER BY patients.id
        """, arguments: [sourceID, ofThisSource])
    var result: [(String, DatasetSplit)] = []
    while let row = try rows.next() {
      guard let split = DatasetSplit(rawValue: try row.value(1)) else { continue }
      let kind: String = try row.value(2)
      if ofThisSource || Leakage.isSameCollection(kind, source.kind) { result.append((try row.value(0), split)) }
    }
    return result
  }

  /// Counts the eligible images of this source that the index has and the listing lacks: their patients fill a split.
  private func countUnlisted(_ database: Database, into census: inout SplitCensus) throws {
    let listed = Set(source.entries.lazy.map { ExactName($0.path) })
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT path, patients.key, split FROM images JOIN studies ON studies.id = study_id
        JOIN patients ON patients.id = patient_id WHERE images.source_id = ? AND eligible ORDER BY images.id
        """, arguments: [sourceID])
    while let row = try rows.next() {
      if listed.contains(ExactName(try row.value(0))) { continue }
      let patient = census.patient(try row.value(1))
      census.fixed[census.principal(patient)] = DatasetSplit(rawValue: try row.value(2))
      census.count(patient: patient, findings: [])
    }
  }
}

extension ImportEntry {
  /// Frontal, and with something to train text on.
  func isEligible(_ sections: [String]) -> Bool { isFrontal && hasText(sections) }

  /// Whether the view is frontal, or not known.
  var isFrontal: Bool { attributes.view?.isFrontal ?? true }

  /// Whether there is something to train text on: a caption, a report with all of `wanted`, one without any headings,
  /// or, where there is no text, a finding that a prompt can name.
  func hasText(_ wanted: [String]) -> Bool {
    guard !sections.isEmpty else { return attributes.labels.contains { $0.value == .positive } }
    func has(_ name: String) -> Bool { sections.contains { $0.name == name } }
    let isPlain = has("report") && !has("findings") && !has("impression")
    return has("caption") || has("findings+impression") || isPlain || wanted.allSatisfy(has)
  }
}
