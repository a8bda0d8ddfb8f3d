import Foundation
import Support
import YAMLText

/// What the figures of one model should be: `targets.yaml` in the model's folder.
///
///     figures:
///       autoencoder, SSIM: {at_least: 0.965}
///       diversity over real: {between: [0.85, 1.15]}
///       pneumonia as asked, guidance 2: {at_least: "pneumonia as asked, guidance 1"}
///
/// A name in the place of a number means the figure of that name.
public struct FigureTargets: Sendable, Equatable, Decodable {
  public static let fileName = "targets.yaml"

  /// A number, or the figure whose value it is.
  enum Bound: Sendable, Equatable, Decodable {
    case value(Double)
    case figure(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Double.self) {
        self = .value(value)
      } else {
        self = .figure(try container.decode(String.self))
      }
    }
  }

  struct Rule: Sendable, Equatable, Decodable {
    var atLeast: Bound?
    var atMost: Bound?
    var between: [Double]?

    enum CodingKeys: String, CodingKey {
      case between
      case atLeast = "at_least"
      case atMost = "at_most"
    }
  }

  private var figures: [String: Rule]

  /// No targets.
  public init() { figures = [:] }

  /// Reads a file.
  ///
  /// - Throws: ``MeasurementError/targets(path:reason:)`` for a file that cannot be read, or a target that says nothing.
  public init(contentsOf path: String) throws(MeasurementError) {
    do {
      let text = String(decoding: try BoundedFile.contents(of: path), as: UTF8.self)
      self = try YAMLDocument.decode(FigureTargets.self, from: text)
    } catch let error as YAMLDocument.TooManyValues {
      throw .targets(path: path, reason: "\(error)")
    } catch let error as FileAccessError {
      throw .targets(path: path, reason: error.fact)
    } catch {
      throw .targets(path: path, reason: "it is not a map 'figures' of targets")
    }
    for (name, rule) in figures.sorted(by: { $0.key < $1.key }) {
      let given = [rule.atLeast != nil, rule.atMost != nil, rule.between != nil].count { $0 }
      let isRange = rule.between.map { $0.count == 2 && $0[0] <= $0[1] } ?? true
      guard given == 1, isRange else {
        throw .targets(path: path, reason: "'\(name)' needs one of at_least, at_most or between: [low, high]")
      }
    }
  }

  /// The targets in a model's folder; none if it has no file of them.
  ///
  /// - Throws: ``MeasurementError/targets(path:reason:)``.
  public init(model: String) throws(MeasurementError) {
    let path = URL(fileURLWithPath: model).appendingPathComponent(Self.fileName).path
    self = FileManager.default.fileExists(atPath: path) ? try FigureTargets(contentsOf: path) : FigureTargets()
  }

  /// The figures, each with its target if there is one.
  public func applied(to measured: [MeasuredFigure]) -> [MeasuredFigure] {
    let values = Dictionary(measured.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    func number(_ bound: Bound) -> Double? {
      switch bound {
      case .value(let value): value
      case .figure(let name): values[name]
      }
    }
    return measured.map { figure in
      var figure = figure
      guard let rule = figures[figure.name] else { return figure }
      if let least = rule.atLeast.flatMap(number) { figure.target = .atLeast(least) }
      if let most = rule.atMost.flatMap(number) { figure.target = .atMost(most) }
      if let range = rule.between { figure.target = .between(range[0], range[1]) }
      return figure
    }
  }
}
