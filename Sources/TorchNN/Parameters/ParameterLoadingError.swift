import Torch

/// Everything that is wrong with a set of tensors that should become a model's parameters.
public struct ParameterLoadingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A tensor whose shape is not the parameter's.
  public struct Misshaped: Equatable, Sendable {
    public let path: String
    public let expected: [Int]
    public let found: [Int]

    public init(path: String, expected: [Int], found: [Int]) {
      self.path = path
      self.expected = expected
      self.found = found
    }
  }

  /// Parameters of the model for which there is no tensor.
  public var missing: [String] = []
  /// Tensors that are no parameter of the model.
  public var unexpected: [String] = []
  public var misshaped: [Misshaped] = []
  /// Tensors with NaN or infinite elements.
  public var nonFinite: [String] = []

  public init() {}

  public var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && misshaped.isEmpty && nonFinite.isEmpty }

  /// One line with every offending name.
  public var description: String {
    var parts: [String] = []
    if !missing.isEmpty { parts.append("missing \(missing.sorted().joined(separator: ", "))") }
    if !unexpected.isEmpty { parts.append("unexpected \(unexpected.sorted().joined(separator: ", "))") }
    if !misshaped.isEmpty {
      let list = misshaped.sorted { $0.path < $1.path }.map {
        "\($0.path) is \(shapeText($0.found)) and must be \(shapeText($0.expected))"
      }
      parts.append("mis-shaped " + list.joined(separator: ", "))
    }
    if !nonFinite.isEmpty { parts.append("not finite \(nonFinite.sorted().joined(separator: ", "))") }
    return "the weights do not fit the architecture (\(parts.joined(separator: "; "))): "
      + "use the file that belongs to this model.json"
  }

  private func shapeText(_ shape: [Int]) -> String {
    shape.isEmpty ? "a scalar" : shape.map(String.init).joined(separator: "x")
  }

  /// Holds tensors to the parameters that are to take their values: every name once, shapes equal, values finite.
  ///
  /// - Throws: ``ParameterLoadingError`` with every offending name.
  static func requireFit(_ tensors: [String: Tensor], for parameters: [Parameter]) throws {
    var problems = ParameterLoadingError(shapes: tensors.mapValues(\.shape), for: parameters)
    let misshaped = Set(problems.misshaped.map(\.path))
    for parameter in parameters where !misshaped.contains(parameter.path) {
      if let tensor = tensors[parameter.path], try !tensor.isEntirelyFinite {
        problems.nonFinite.append(parameter.path)
      }
    }
    try problems.throwIfAny()
  }

  /// Holds the names and shapes of a file to the parameters that are to take its values; the values are not read.
  ///
  /// - Throws: ``ParameterLoadingError`` with every offending name.
  public static func requireFit(shapes: [String: [Int]], for parameters: [Parameter]) throws {
    try ParameterLoadingError(shapes: shapes, for: parameters).throwIfAny()
  }

  private init(shapes: [String: [Int]], for parameters: [Parameter]) {
    for parameter in parameters {
      guard let shape = shapes[parameter.path] else {
        missing.append(parameter.path)
        continue
      }
      if shape != parameter.shape {
        misshaped.append(Misshaped(path: parameter.path, expected: parameter.shape, found: shape))
      }
    }
    let known = Set(parameters.map(\.path))
    unexpected = shapes.keys.filter { !known.contains($0) }
  }

  func throwIfAny() throws {
    if !isEmpty {
      var sorted = self
      sorted.missing.sort()
      sorted.unexpected.sort()
      sorted.misshaped.sort { $0.path < $1.path }
      sorted.nonFinite.sort()
      throw sorted
    }
  }
}
