import Torch

/// One named weight of a model: the box that modules, optimisers and stores share.
///
/// A module keeps the `Parameter`, not its tensor, so that a store may convert, move or replace the tensor after the
/// module was made. A parameter of a store in shape-only mode has no tensor at all; it can be counted and listed.
public final class Parameter {
  /// Where the parameter lives in its model: names joined by dots, such as `down.0.blocks.1.convolution1.weight`.
  public let path: String

  /// The shape that the module asked for.
  public let shape: [Int]

  /// Whether the values follow from the data that a layer sees, such as running means, and not from gradients. They are
  /// stored with the weights and are never trainable.
  public let isBuffer: Bool

  /// Whether an optimiser should change it. Set it through ``ParameterStore/setTrainable(_:where:)``.
  public internal(set) var isTrainable: Bool

  private var storage: Tensor?

  /// Whether the values stay as they are, so that layers may keep other layouts of them.
  private(set) var isFixed = false
  /// Whether the layer may round the values to 8-bit integers.
  private(set) var mayBeQuantised = false
  /// The layouts that the layer which owns the parameter computes with, by batch; kept only while the values are fixed.
  private var packed: [Int: Tensor] = [:]
  private var quantised: QuantisedWeight?
  /// As many batches as a model is used with by turns.
  private static let packedLimit = 4

  init(path: String, shape: [Int], tensor: Tensor?, isTrainable: Bool, isBuffer: Bool = false) {
    self.path = path
    self.isBuffer = isBuffer
    self.shape = shape
    self.storage = tensor
    self.isTrainable = isTrainable
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The weights.
  ///
  /// - Throws: ``ParameterError/noValue(path:)`` if the store holds shapes alone.
  public var value: Tensor {
    get throws {
      guard let storage else { throw ParameterError.noValue(path: path) }
      return storage
    }
  }

  /// Whether the parameter holds a tensor.
  public var hasValue: Bool { storage != nil }

  /// Puts another tensor of the same shape in place of the present one; the old gradient is dropped with it.
  ///
  /// - Throws: ``ParameterError/shapeMismatch(path:expected:found:)``.
  public func replaceValue(with tensor: Tensor) throws {
    guard tensor.shape == shape else {
      throw ParameterError.shapeMismatch(path: path, expected: shape, found: tensor.shape)
    }
    unfix()
    storage = try Parameter.leaf(tensor, trainable: isTrainable)
  }

  /// The values in the layout for a batch, made by `pack` once; nil unless the values are fixed.
  func packed(forBatch batch: Int, _ pack: (Tensor) throws -> Tensor) throws -> Tensor? {
    guard isFixed else { return nil }
    if let packed = packed[batch] { return packed }
    if packed.count == Self.packedLimit { packed = [:] }
    let made = try pack(value)
    packed[batch] = made
    return made
  }

  /// The values as 8-bit integers, made by `quantise` once; nil unless they are fixed and may be rounded.
  func quantised(_ quantise: (Tensor) throws -> QuantisedWeight) throws -> QuantisedWeight? {
    guard isFixed, mayBeQuantised else { return nil }
    if let quantised { return quantised }
    let made = try quantise(value)
    quantised = made
    return made
  }

  func fix(quantising: Bool) {
    isFixed = hasValue && !isTrainable
    mayBeQuantised = quantising
  }

  func unfix() {
    isFixed = false
    mayBeQuantised = false
    packed = [:]
    quantised = nil
  }

  /// Puts another tensor in place without touching it: the caller puts this one back.
  func exchange(_ tensor: Tensor) {
    unfix()
    storage = tensor
  }

  func applyTrainability() throws {
    unfix()
    guard let storage else { return }
    self.storage = try Parameter.leaf(storage, trainable: isTrainable)
  }

  /// A tensor at the beginning of an autograd graph.
  static func leaf(_ tensor: Tensor, trainable: Bool) throws -> Tensor {
    let leaf = try tensor.detach()
    try leaf.setRequiresGrad(trainable)
    return leaf
  }
}

/// What can go wrong with a single parameter.
public enum ParameterError: Error, Equatable, CustomStringConvertible {
  case noValue(path: String)
  case shapeMismatch(path: String, expected: [Int], found: [Int])
  case duplicate(path: String)
  case invalidShape(path: String, shape: [Int])
  case notAMatrix(path: String, shape: [Int])

  public var description: String {
    switch self {
    case .noValue(let path):
      "parameter \(path) has a shape but no values: make the model from a generator or from a checkpoint"
    case .shapeMismatch(let path, let expected, let found):
      "parameter \(path) has shape \(expected) and was given \(found): give a tensor of the parameter's shape"
    case .duplicate(let path):
      "parameter \(path) was asked for twice: give each module its own scope"
    case .invalidShape(let path, let shape):
      "parameter \(path) cannot have shape \(shape): every size must be positive"
    case .notAMatrix(let path, let shape):
      "parameter \(path) has shape \(shape) and cannot be moved as a matrix: leave vectors to AdamW"
    }
  }
}
