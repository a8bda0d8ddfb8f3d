import Torch

/// What moves parameters by their gradients, and can be stopped and continued.
///
/// The learning rate comes with every step, so that a ``LearningRateSchedule`` is all that decides on it.
public protocol Optimiser: AnyObject {
  /// What it moves.
  var parameters: [Parameter] { get }

  /// Moves every parameter that has a gradient. The gradients stay; clear them before the next pass.
  ///
  /// - Throws: `TorchError` if an operation fails, for example because memory runs out.
  func step(learningRate: Double) throws

  /// The state by name, to be stored in a checkpoint. No copy.
  ///
  /// - Throws: `TorchError` if memory runs out.
  func state() throws -> [String: Tensor]

  /// Continues from a stored state. Nothing changes unless all of it fits.
  ///
  /// - Throws: ``ParameterLoadingError`` with every offending name.
  func restore(_ state: [String: Tensor]) throws
}

/// Looks up the tensors of a stored state and collects what is wrong with them.
struct StateReader {
  private let state: [String: Tensor]
  private var expected: Set<String> = []
  private var problems = ParameterLoadingError()

  init(_ state: [String: Tensor]) { self.state = state }

  /// The tensor `name`, or nil if it is missing or has another shape.
  mutating func tensor(_ name: String, shape: [Int]) throws -> Tensor? {
    expected.insert(name)
    guard let tensor = state[name] else {
      problems.missing.append(name)
      return nil
    }
    guard tensor.shape == shape else {
      problems.misshaped.append(.init(path: name, expected: shape, found: tensor.shape))
      return nil
    }
    if try !tensor.isEntirelyFinite { problems.nonFinite.append(name) }
    return tensor
  }

  /// Fails if anything was wrong, or if the state holds a name that was not looked up.
  mutating func finish() throws {
    problems.unexpected = state.keys.filter { !expected.contains($0) }
    try problems.throwIfAny()
  }
}
