import ImageFiles
import WebPages

extension EvaluationPage {
  /// The page of a model.
  ///
  /// - Throws: `ImageFileError` for pictures that cannot be put together.
  public init(evaluation result: ModelMeasurement.Result, name: String, program: String) throws {
    func shown(_ agreements: [(item: DrawnImages.Item, probability: Double)]) -> [Picture] {
      agreements.map {
        Picture(
          $0.item.image,
          caption: "\($0.item.facts.prompt ?? ""): \(MeasuredFigure.text($0.probability))")
      }
    }
    let guided = result.guidances.map { (x: $0.guidance, y: $0.agreement) }
    let real = result.report.figures.first { $0.name.hasPrefix("pneumonia as asked, guidance") }?.real
    // None without a judge of pneumonia, as of a dataset without children.
    let charts =
      guided.isEmpty
      ? []
      : [
        LineChart(
          title: "Pneumonia as asked, by guidance", xTitle: "Guidance",
          series: [
            LineChart.Series("samples", guided),
            LineChart.Series("real images", real.map { value in guided.map { (x: $0.x, y: value) } } ?? []),
          ], isLinear: true)
      ]
    let pairs = try result.pairs.picture()
    self.init(
      title: "Evaluation of \(name)", report: result.report, charts: charts,
      pictures: [
        (
          "Contact sheet",
          "Uncurated: seeds 0 to 7; rows: \(ModelMeasurement.contactSheetPrompts.joined(separator: " / "))",
          [Picture(result.contactSheet, caption: "Samples")]
        ),
        (
          "Nearest pairs", "The samples nearest to a training image by the copy gate, each above that image.",
          [
            Picture(
              pairs,
              caption:
                "Distances over thresholds: \(result.pairs.findings.map { MeasuredFigure.text($0.nearness.ratio) }.joined(separator: ", "))"
            )
          ]
        ),
        (
          "Worst agreements", "Where the judge gives what was asked the least probability.",
          shown(Array(result.agreements.prefix(6)))
        ),
        ("Best agreements", "Where it gives the most.", shown(Array(result.agreements.suffix(6).reversed()))),
      ].filter { !$0.pictures.isEmpty } + Self.implausible(result.implausible), program: program)
  }

  /// The least plausible images; nothing without a judge of anatomy.
  private static func implausible(
    _ images: [ImplausibleImage]
  ) -> [(title: String, note: String, pictures: [Picture])] {
    guard !images.isEmpty else { return [] }
    let pictures = images.map {
      Picture(
        $0.image, caption: "\($0.text): \($0.isFlagged ? $0.corruption.name : "not flagged, \($0.corruption.name)")")
    }
    return [
      ("Least plausible anatomy", "The images in which the judge of anatomy is surest of a corruption.", pictures)
    ]
  }

  /// The page of a folder of images.
  ///
  /// - Throws: `ImageFileError` for pictures that cannot be put together.
  public init(images result: ImagesMeasurement.Result, program: String) throws {
    let source = result.report
    var report = FigureReport(
      model: FigureReport.Model(
        name: source.images.name, hash: source.images.hash, steps: 0, guidance: 0, sampler: "unknown"),
      images: [], seed: source.seed, figures: source.figures)
    report.gate = source.gate
    report.notes = [source.summary] + source.notes
    self.init(
      title: "Evaluation of \(source.images.name)", report: report, charts: [],
      pictures: [
        (
          "Examples", "Evenly spaced over the set: above the images, below real ones.",
          [
            Picture(
              try GrayscaleImage(grid: [result.examples.images, result.examples.real], gap: 2), caption: "Images")
          ]
        ),
        (
          "Nearest pairs", "The images nearest to a training image, each above that image.",
          [
            Picture(
              try result.pairs.picture(),
              caption:
                "Distances over thresholds: \(result.pairs.findings.map { MeasuredFigure.text($0.nearness.ratio) }.joined(separator: ", "))"
            )
          ]
        ),
      ] + Self.implausible(result.implausible), program: program)
  }
}

extension MeasuredFigure {
  /// The figure on one line.
  public var line: String {
    let unit = unit.isEmpty ? "" : " \(unit)"
    let interval = interval.map(Self.intervalText) ?? ""
    let real = real == nil ? "" : ", real against real \(realText)"
    return "\(name): \(Self.text(value))\(unit)\(interval), n = \(count)\(real)"
  }
}
