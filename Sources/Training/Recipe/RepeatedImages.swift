import RadiographData

/// Settings of a stage that sees some images more often than others.
public protocol RepeatedImages: StageSettings {
  /// How often the images of a source are seen in an epoch, by its name; once where it is not named. The first time
  /// an image is as it is, the other times it is moved by a few pixels.
  var sourceRepeats: [String: Int] { get }
  /// How often an image is seen in an epoch in which a finding was marked on one side, so that sides are learnt; of this
  /// and its source's number the greater counts. Images with computed findings are seen once: there are enough of them.
  var sidedRepeats: Int { get }
  /// How far an image is moved at most, in pixels.
  var maximumShift: Int { get }
}

extension RepeatedImages {
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func validateRepeats() throws {
    try RecipeCheck.require(maximumShift, in: 0...64, "maximumShift")
    try RecipeCheck.require(sidedRepeats, in: 1...1000, "sidedRepeats")
    for (source, count) in sourceRepeats { try RecipeCheck.require(count, in: 1...1000, "sourceRepeats.\(source)") }
  }

  /// How often an epoch of the training sees an image.
  func repeats(of record: RadiographRecord) -> Int {
    if record.isComputed { return 1 }
    return max(
      sourceRepeats[record.source] ?? 1, record.attributes.findings.contains { $0.side != nil } ? sidedRepeats : 1)
  }

  /// What the recipes that come with the program say of a source is for datasets that have it.
  public func requireNames(in dataset: RadiographDataset) throws {
    guard !sourceRepeats.isEmpty else { return }
    let sources = try dataset.sourceNames()
    let shipped = try RecipeCatalog.names.map { (try RecipeCatalog.recipe($0) as DiffusionRecipe).sourceRepeats }
    for (name, count) in sourceRepeats.sorted(by: { $0.key < $1.key }) {
      guard !sources.contains(name), !shipped.contains(where: { $0[name] == count }) else { continue }
      throw TrainingError.unknownName(
        key: "sourceRepeats", name: name, path: dataset.url.path, known: sources.sorted())
    }
  }
}
