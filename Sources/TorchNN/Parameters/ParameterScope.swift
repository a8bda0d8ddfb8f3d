import Torch

/// A place in a ``ParameterStore``: what a module is made from.
///
/// A module takes the parameters that it needs from its scope, by name, shape and initialisation rule, in the same way
/// whether they are drawn afresh or read from a file. The idea is that of candle's `VarBuilder`.
///
///     init(_ scope: ParameterScope) throws {
///       input = try Linear(scope["input"], 48, 192)
///       scale = try scope.parameter("scale", [192], .ones)
///     }
public struct ParameterScope {
  let store: ParameterStore

  /// The path of this place; empty at the root.
  public let path: String

  /// The place `name` below this one; `name` may hold dots.
  public subscript(_ name: String) -> ParameterScope {
    ParameterScope(store: store, path: join(name))
  }

  /// The place `name.index` below this one.
  public subscript(_ name: String, _ index: Int) -> ParameterScope { self["\(name).\(index)"] }

  /// The parameter `name` at this place.
  ///
  /// In a store that loads, a parameter that is missing or of another shape is noted, and the model is made without it;
  /// ``ParameterStore/verify()`` then fails with all that was noted.
  ///
  /// - Throws: ``ParameterError`` if the path was asked for before or the shape is not positive; `TorchError`.
  public func parameter(_ name: String, _ shape: [Int], _ initialisation: Initialisation) throws -> Parameter {
    try store.parameter(at: join(name), shape: shape, initialisation)
  }

  /// The values `name` at this place that a layer keeps beside its weights and no optimiser moves, such as running
  /// means. They are filled, loaded, stored and checked as parameters are.
  ///
  /// - Throws: ``ParameterError`` if the path was asked for before or the shape is not positive; `TorchError`.
  public func buffer(_ name: String, _ shape: [Int], _ initialisation: Initialisation) throws -> Parameter {
    try store.parameter(at: join(name), shape: shape, initialisation, isBuffer: true)
  }

  private func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
