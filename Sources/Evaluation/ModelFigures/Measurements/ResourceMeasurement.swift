import Models
import Support

/// What a model costs: the article's Table 10.
struct ResourceMeasurement {
  let host: any ImageGenerator
  let seed: UInt64

  /// - Parameter prompts: Texts of which images are drawn for the clock.
  /// - Throws: What drawing throws; `TorchError`.
  func figures(_ prompts: [String]) async throws -> [MeasuredFigure] {
    let cost = try await DrawingCost(of: host, prompts: prompts, seed: seed)
    let drawn = "\(DrawingCost.timed.of("image")) by the model's own settings"
    var figures = [
      MeasuredFigure(
        "time of an image", value: cost.milliseconds, count: DrawingCost.timed, unit: "ms",
        how: "the median of \(drawn) after another, on the machine of this report")
    ]
    if let bytes = cost.peakBytes {
      figures.append(
        MeasuredFigure(
          "memory of tensors while an image is drawn", value: Double(bytes) / 1e6, count: DrawingCost.timed, unit: "MB",
          how: "the peak over \(drawn), weights included; the process itself is not counted"))
    }
    figures.append(
      MeasuredFigure(
        "size of the model", value: Double(host.byteCount) / 1e6, count: 1, unit: "MB",
        how: "of its weights and what is said of them, without the text encoder"))
    if let hours = Self.hours(of: host.description) {
      figures.append(
        MeasuredFigure(
          "hours of training", value: hours.value, count: 1, unit: "h",
          how: "not measured here: as \(ModelFolder.descriptionName) has it, \"\(hours.text.onOneLine(limit: 200))\""))
    }
    return figures
  }

  /// What the model says of its training, if that begins with a number.
  private static func hours(of model: ModelDescription) -> (value: Double, text: String)? {
    guard let text = model.training["hours"], let first = text.split(separator: " ").first, let value = Double(first),
      value.isFinite, value >= 0
    else { return nil }
    return (value, text)
  }
}
