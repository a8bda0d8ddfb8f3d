import Torch
import TorchNN

/// Random weights of a network, drawn as `Tools/reference/classifiers.py` and `extractors.py` draw them: one generator of
/// seed 0, and one tensor after another in the order of their names. So no file of them is needed on either side.
public struct DrawnWeights {
  /// The parameters without values, in the order of their names.
  public let parameters: [Parameter]

  /// - Parameter make: Makes the network of a scope.
  /// - Throws: What `make` throws.
  public init(_ make: (ParameterScope) throws -> Void) throws {
    let shapes = ParameterStore.shapesOnly()
    try make(shapes.root)
    parameters = shapes.parameters.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// A line for each parameter: its name and its shape.
  public var listing: String { parameters.map { "\($0.path) \($0.shape)\n" }.joined() }

  /// The weights by name.
  ///
  /// - Throws: `TorchError` if memory runs out.
  public func tensors() throws -> [String: Tensor] {
    let generator = try Generator(seed: 0)
    var tensors: [String: Tensor] = [:]
    for parameter in parameters {
      tensors[parameter.path] = try Self.tensor(parameter.path, shape: parameter.shape, generator: generator)
    }
    return tensors
  }

  private static func tensor(_ name: String, shape: [Int], generator: Generator) throws -> Tensor {
    let r = try Tensor.randn(shape, generator: generator)
    switch shape.count {
    case 0, 1:
      if name.hasSuffix("running_var") { return try r.square() * 0.1 + 1 }
      return try name.hasSuffix("weight") || name.hasSuffix("lambda1") ? r * 0.1 + 1 : r * 0.1
    case 3: return try r * 0.5
    default: return try r * (2 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
    }
  }
}
