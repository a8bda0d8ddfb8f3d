/// What a stage says of itself, so that a page can show any stage: written into the stage's folder as `stage.json`.
public struct StageDescription: Codable, Sendable, Equatable {
  /// The name of its folder: `vae`, `diffusion`.
  public var name: String
  /// In words.
  public var title: String
  /// The columns of its table; all that was measured if there are none.
  public var columns: [StageColumn]
  /// What each row of its sample pictures shows, from the top.
  public var sheetRows: [String]

  public init(name: String, title: String, columns: [StageColumn] = [], sheetRows: [String] = []) {
    self.name = name
    self.title = title
    self.columns = columns
    self.sheetRows = sheetRows
  }
}

/// A column of a stage's table.
public struct StageColumn: Codable, Sendable, Equatable {
  public var title: String
  public var split: MeasuredSplit
  public var metric: Metric

  public init(_ title: String, _ split: MeasuredSplit, _ metric: Metric) {
    self.title = title
    self.split = split
    self.metric = metric
  }
}
