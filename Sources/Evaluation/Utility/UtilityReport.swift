import Foundation
import Support

/// What synthetic images are worth for training a classifier: `utility.json`.
public struct UtilityReport: Sendable, Codable, Equatable {
  /// The file's name in the folder of an evaluation.
  public static let fileName = "utility.json"
  static let title = "What synthetic images are worth for training"

  /// A value with the interval of drawing patients again.
  public struct Figure: Sendable, Codable, Equatable {
    public var value: Double
    public var ci95: [Double]
    /// Test images of which it is known whether they have the finding.
    public var n: Int
    /// The value of each training, in the order of the seeds; nil for a difference.
    public var seeds: [Double]?

    init(_ estimate: Estimate, n: Int, seeds: [Double]?) {
      self.init(value: estimate.value, ci95: [estimate.lower, estimate.upper], n: n, seeds: seeds)
    }

    init(value: Double, ci95: [Double], n: Int, seeds: [Double]?) {
      (self.value, self.ci95, self.n, self.seeds) = (value, ci95, n, seeds)
    }

    /// As in a table: the value, and its interval in brackets.
    func text(signed: Bool = false) -> String {
      func text(_ value: Double) -> String { String(format: signed ? "%+.3f" : "%.3f", value) }
      return "\(text(value)) (\(ci95.map(text).joined(separator: " to ")))"
    }
  }

  /// What is measured of an arm, or of one arm less another.
  public struct Measured: Sendable, Codable, Equatable {
    public var arm: String
    /// What is subtracted.
    public var less: String?
    public var auroc: Figure
    public var averagePrecision: Figure

    enum CodingKeys: String, CodingKey {
      case arm, less, auroc
      case averagePrecision = "average_precision"
    }
  }

  /// A finding.
  public struct Row: Sendable, Codable, Equatable {
    public var label: String
    /// Test images of which it is known whether they have it, and those that have it.
    public var n: Int
    public var positives: Int
    public var arms: [Measured]
    public var differences: [Measured]
  }

  /// What an arm is trained on, in images.
  public struct Arm: Sendable, Codable, Equatable {
    public var name: String
    public var real: Int
    public var synthetic: Int
    /// Images with each finding.
    public var positives: [String: Int]
  }

  /// The drawn images.
  public struct Synthetic: Sendable, Codable, Equatable {
    /// A model's name, or that of a folder.
    public var name: String
    /// SHA-256 of the images.
    public var hash: String
    public var images: Int
    /// Those whose prompt says nothing of any finding.
    public var unlabelled: Int
    /// Copies of another, and those that look like an image that is held out: they are not trained on.
    public var copies: Int

    public init(name: String, hash: String, images: Int, unlabelled: Int, copies: Int) {
      (self.name, self.hash, self.images, self.unlabelled, self.copies) = (name, hash, images, unlabelled, copies)
    }
  }

  /// All results of one way of training.
  public struct Results: Sendable, Codable, Equatable {
    public var name: UtilityProtocol
    public var mirrored: Bool
    public var how: String
    public var rows: [Row]
    public var mean: Row

    /// - Parameter mirrored: Whether training images are mirrored, as the settings of the runs have it.
    public init(_ name: UtilityProtocol, mirrored: Bool, rows: [Row], mean: Row) {
      (self.name, self.mirrored, self.rows, self.mean) = (name, mirrored, rows, mean)
      how = name.how
    }
  }

  public var split: String
  public var source: String?
  /// SHA-256 of all real images, their parts and labels.
  public var hash: String
  public var test: Int
  public var testPatients: Int
  public var synthetic: Synthetic
  /// Settings of all trainings, by their keys.
  public var recipe: [String: String]
  public var seeds: [UInt64]
  /// Of the draws of patients, and of the choice of a share.
  public var seed: UInt64
  public var arms: [Arm]
  public var leftOut: [UtilityPlan.LeftOut]
  public var how: String
  public var results: [Results]

  enum CodingKeys: String, CodingKey {
    case split, source, hash, test, synthetic, recipe, seeds, seed, arms, how, results
    case testPatients = "test_patients"
    case leftOut = "left_out"
  }

  public init(
    _ plan: UtilityPlan, synthetic: Synthetic, recipe: [String: String], seeds: [UInt64], seed: UInt64,
    results: [Results]
  ) {
    let records = plan.parts.test.records
    (split, source) = (plan.parts.part.rawValue, plan.parts.source)
    hash = plan.parts.hash
    (test, testPatients) = (records.count, Set(records.map(\.patient)).count)
    (self.synthetic, self.recipe, self.seeds, self.seed) = (synthetic, recipe, seeds, seed)
    (arms, leftOut, self.results) = (plan.arms.map(plan.summary), plan.leftOut, results)
    how =
      "area under the receiver operating characteristic and average precision on real images of patients of whom nothing "
      + "was trained on: the mean of \(seeds.count.of("training")), the weights of the last step; 95 % intervals of "
      + "\(UtilityComparison.resamples) draws of the test patients, the same for all, so that differences are paired"
  }

  /// The report in a folder of results; nil if there is none.
  ///
  /// - Throws: ``MeasurementError/report(path:reason:)`` for a file that is no such report.
  public static func stored(in folder: String) throws(MeasurementError) -> UtilityReport? {
    try StoredResults.read(fileName, in: folder, writtenBy: "evaluate utility")
  }
}

extension UtilityReport {
  /// A table of numbers under heads; the first cell of a row heads it.
  struct Table {
    var title: String
    var heads: [String]
    var rows: [[String]]
  }

  /// Areas and average precisions, a row for each finding and way of training.
  var tables: [Table] {
    [table("AUROC", \.auroc), table("Average precision", \.averagePrecision)]
  }

  private func table(_ title: String, _ figure: KeyPath<Measured, Figure>) -> Table {
    var table = Table(title: title, heads: ["finding", "with it"], rows: [])
    guard let first = results.first else { return table }
    let isCompared = results.count > 1
    if isCompared { table.heads.append("trained") }
    table.heads += first.mean.arms.map(\.arm)
    table.heads += first.mean.differences.map { "\($0.arm) less \($0.less ?? "")" }
    for place in 0...first.rows.count {
      for result in results {
        let row = place < result.rows.count ? result.rows[place] : result.mean
        var cells = [row.label, "\(row.positives) of \(row.n)"]
        if isCompared { cells.append(result.name.rawValue) }
        cells += row.arms.map { $0[keyPath: figure].text() }
        cells += row.differences.map { $0[keyPath: figure].text(signed: true) }
        table.rows.append(cells)
      }
    }
    return table
  }

  /// What each classifier was trained on.
  var trainedOn: Table {
    Table(
      title: "Trained on", heads: ["", "real images", "synthetic images"],
      rows: arms.map { [$0.name, "\($0.real)", "\($0.synthetic)"] })
  }

  /// What a reader of the tables has to know, a sentence or two each.
  var notes: [String] {
    let left = leftOut.map { "\($0.label) (\($0.reason))" }.joined(separator: "; ")
    let few = synthetic.unlabelled + synthetic.copies
    return [
      "\(test) images of \(testPatients) patients of the \(split) part\(source.map { " of \($0)" } ?? ""), and synthetic "
        + "images of \(synthetic.name) (\(synthetic.hash.prefix(12))): \(synthetic.images)"
        + (few == 0
          ? "."
          : ", of which \(synthetic.unlabelled) name no finding and \(synthetic.copies) are copies or look held out."),
      "Each figure is the \(how).",
      "The classifier is \(recipe["network"] ?? "unknown"), of images of \(recipe["imageSide"] ?? "unknown") pixels; each "
        + "training has \(recipe["steps"] ?? "unknown") steps of \(recipe["batchSize"] ?? "unknown") images.",
    ] + results.map { "\($0.name.rawValue): \($0.how)." } + (left.isEmpty ? [] : ["Left out: \(left)."])
  }

  /// The tables and what has to be known of them.
  public var markdown: String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    var lines: [String] = []
    for table in tables + [trainedOn] {
      let rule = table.heads.indices.map { $0 == 0 ? "---" : "---:" }
      lines += ["### \(table.title)", "", line(table.heads), line(rule)] + table.rows.map(line) + [""]
    }
    return (lines + [notes.joined(separator: "\n\n")]).joined(separator: "\n") + "\n"
  }
}
