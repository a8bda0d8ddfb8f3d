import TensorFiles
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

  /// A tensor whose elements are not floating-point numbers that can be computed with.
  public struct Unusable: Equatable, Sendable {
    public let path: String
    /// The element type by the file's or PyTorch's name.
    public let elements: String

    public init(path: String, elements: String) {
      self.path = path
      self.elements = elements
    }
  }

  /// Parameters of the model for which there is no tensor.
  public var missing: [String] = []
  /// Tensors that are not a parameter of the model.
  public var unexpected: [String] = []
  public var misshaped: [Misshaped] = []
  /// Tensors of integers, fp8 and other elements that are not weights.
  public var unusable: [Unusable] = []
  /// Tensors with NaN or infinite elements.
  public var nonFinite: [String] = []

  public init() {}

  public var isEmpty: Bool {
    missing.isEmpty && unexpected.isEmpty && misshaped.isEmpty && unusable.isEmpty && nonFinite.isEmpty
  }

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
    if !unusable.isEmpty {
      let list = unusable.sorted { $0.path < $1.path }.map { "\($0.path) has elements of \($0.elements)" }
      parts.append("not fp16, bf16, fp32 or fp64 " + list.joined(separator: ", "))
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
      if let tensor = tensors[parameter.path] { try problems.check(tensor, at: parameter.path) }
    }
    try problems.throwIfAny()
  }

  /// Holds the tensors of a file to the parameters that are to take their values: every name once, shapes equal,
  /// elements that can be computed with, values finite. Reads the file once and starts no LibTorch.
  ///
  /// - Throws: ``ParameterLoadingError`` with every offending name.
  public static func requireFit(stored tensors: [String: MappedTensor], for parameters: [Parameter]) throws {
    var problems = ParameterLoadingError(shapes: tensors.mapValues(\.shape), for: parameters)
    for parameter in parameters {
      guard let tensor = tensors[parameter.path], tensor.shape == parameter.shape else { continue }
      if !tensor.dtype.isComputable {
        problems.unusable.append(Unusable(path: parameter.path, elements: tensor.dtype.rawValue))
      } else if !tensor.isEntirelyFinite {
        problems.nonFinite.append(parameter.path)
      }
    }
    try problems.throwIfAny()
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

  /// Notes what is wrong with the elements of `tensor`; true if nothing is.
  @discardableResult
  mutating func check(_ tensor: Tensor, at path: String) throws -> Bool {
    guard tensor.dtype.isFloatingPoint else {
      unusable.append(Unusable(path: path, elements: tensor.dtype.rawValue))
      return false
    }
    guard try tensor.isEntirelyFinite else {
      nonFinite.append(path)
      return false
    }
    return true
  }

  func throwIfAny() throws {
    if !isEmpty {
      var sorted = self
      sorted.missing.sort()
      sorted.unexpected.sort()
      sorted.misshaped.sort { $0.path < $1.path }
      sorted.unusable.sort { $0.path < $1.path }
      sorted.nonFinite.sort()
      throw sorted
    }
  }
}
