import Foundation
import Support

/// All figures of a model, and under which conditions they were measured.
public struct FigureReport: Sendable {
  /// The model's name, the hash of its files, and how it drew.
  public struct Model: Sendable, Encodable, Equatable {
    public var name: String
    public var hash: String
    public var steps: Int
    public var guidance: Double
    public var sampler: String
  }

  /// Images of a dataset by their use.
  public struct Images: Sendable, Encodable, Equatable {
    public var source: String
    public var training: Int
    public var heldOut: Int
    public var heldOutPatients: Int
  }

  public var model: Model
  public var images: [Images]
  public var seed: UInt64
  public var figures: [MeasuredFigure]
  /// What a reader of the figures has to know.
  public var notes: [String] = []
  /// The verdict of the copy gate.
  public var gate: GateReport?

  public init(model: Model, images: [Images], seed: UInt64, figures: [MeasuredFigure]) {
    self.model = model
    self.images = images
    self.seed = seed
    self.figures = figures
  }

  /// The bytes of `report.json`.
  ///
  /// - Throws: `EncodingError`, `DecodingError` for the article's tables.
  public func json() throws -> Data { try PrettyJSON.data(self) + Data("\n".utf8) }

  /// A table for a document: figure, model, real against real, target; below it how each was computed.
  public var markdown: String {
    var lines = [
      "Model `\(model.name)` (`\(model.hash.prefix(12))`), \(model.steps.of("step")) of \(model.sampler) at guidance "
        + "\(MeasuredFigure.text(model.guidance)), seed \(seed). "
        + images.map {
          "\($0.source): \($0.training) training images, \($0.heldOut) held out of \($0.heldOutPatients) patients"
        }.joined(separator: "; ") + ".",
      "",
    ]
    lines.append(Self.markdown(figures, notes: notes))
    return lines.joined(separator: "\n")
  }

  /// A table of figures, notes, and how each figure was computed.
  static func markdown(_ figures: [MeasuredFigure], notes: [String] = []) -> String {
    var lines = ["| figure | model | real against real | target |", "|---|---|---|---|"]
    lines += figures.map { figure in
      let unit = figure.unit.isEmpty ? "" : " \(figure.unit)"
      let interval = figure.interval.map(MeasuredFigure.intervalText)
      let target = figure.target.map { "\($0)\(unit)\($0.isMet(by: figure.value) ? ", met" : ", **missed**")" }
      return "| \(figure.name) | \(MeasuredFigure.text(figure.value))\(unit)\(interval ?? "") | "
        + "\(figure.realText) | \(target ?? "") |"
    }
    lines += notes.map { "\n\($0)" }
    lines += ["", "In brackets: 95 % intervals. How each figure was computed:", ""]
    lines += figures.map { "- \($0.name) (n = \($0.count)): \($0.how)" }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// A member of a report's object: those of the article's tables are named by data.
struct ReportKey: CodingKey, ExpressibleByStringLiteral {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  init(stringLiteral name: String) { stringValue = name }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension FigureReport: Encodable {
  private struct GateSummary: Encodable {
    var copies: Int
    var n: Int
    var allowed: Int
    var refused: Bool
    var thresholds: [String: Double]
  }

  /// An object with the article's tables as its members `table3`, `table4`, ... beside all figures.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: ReportKey.self)
    try values.encode(model, forKey: "model")
    try values.encode(images, forKey: "images")
    try values.encode(seed, forKey: "seed")
    try values.encode(figures, forKey: "figures")
    try values.encode(notes, forKey: "notes")
    if let gate {
      try values.encode(
        GateSummary(
          copies: gate.copies, n: gate.n, allowed: gate.allowed, refused: gate.refused,
          thresholds: gate.thresholds),
        forKey: "gate")
    }
    try ArticleTables.encode(figures, into: &values)
  }
}
