import Torch

/// All parameters of a model, by path: one initialiser for fresh weights, loaded weights and shapes alone.
///
///     let store = ParameterStore(generator: Generator(seed: 0))
///     let unet = try UNet(store.root, architecture)          // fresh
///
///     let store = ParameterStore(tensors: file)
///     let unet = try UNet(store.root, architecture)          // loaded
///     try store.verify()                                     // all names right, or none is used
///
///     ParameterStore.shapesOnly()                            // counts parameters; allocates nothing
public final class ParameterStore {
  enum Source {
    case fresh(Generator)
    case tensors([String: Tensor])
    case shapesOnly
  }

  private let source: Source
  private let dtype: DType?
  private let device: Device
  private let memoryFormat: MemoryFormat
  private let trainable: Bool
  private var indexByPath: [String: Int] = [:]
  private var problems = ParameterLoadingError()

  /// The parameters in the order in which the model asked for them, which is the order of its initialiser.
  public private(set) var parameters: [Parameter] = []

  /// A store that fills every parameter by its rule, drawing from `generator` in the model's order.
  ///
  /// The values are drawn in float32 on the CPU whatever `dtype` and `device` are, so that a seed gives one model.
  ///
  /// - Parameter memoryFormat: the layout of four-dimensional parameters; `.channelsLast` is faster on CPUs.
  public init(
    generator: Generator, dtype: DType = .float32, device: Device = .cpu,
    memoryFormat: MemoryFormat = .contiguous, trainable: Bool = true
  ) {
    source = .fresh(generator)
    self.dtype = dtype
    self.device = device
    self.memoryFormat = memoryFormat
    self.trainable = trainable
  }

  /// A store that takes every parameter from `tensors`.
  ///
  /// - Parameters:
  ///   - tensors: the weights by path, on any device.
  ///   - dtype: the type to convert to; nil keeps each tensor's own.
  ///   - trainable: whether the parameters require gradients.
  public init(
    tensors: [String: Tensor], dtype: DType? = .float32, device: Device = .cpu,
    memoryFormat: MemoryFormat = .contiguous, trainable: Bool = false
  ) {
    source = .tensors(tensors)
    self.dtype = dtype
    self.device = device
    self.memoryFormat = memoryFormat
    self.trainable = trainable
  }

  private init(source: Source) {
    self.source = source
    dtype = nil
    device = .cpu
    memoryFormat = .contiguous
    trainable = false
  }

  /// A store whose parameters have shapes and no values. Never starts LibTorch.
  public static func shapesOnly() -> ParameterStore { ParameterStore(source: .shapesOnly) }

  /// The place from which a model is made.
  public var root: ParameterScope { ParameterScope(store: self, path: "") }

  /// The number of elements of all parameters.
  public var count: Int { parameters.reduce(0) { $0 + $1.count } }

  /// The parameters that an optimiser should change.
  public var trainableParameters: [Parameter] { parameters.filter(\.isTrainable) }

  public subscript(_ path: String) -> Parameter? { indexByPath[path].map { parameters[$0] } }

  /// Fails if anything was wrong with the tensors that the model was made from: names that the model asked for and that
  /// are missing, names that it did not ask for, other shapes, values that are not finite.
  ///
  /// Call it when the model is made and before it is used.
  ///
  /// - Throws: ``ParameterLoadingError`` with every offending name.
  public func verify() throws {
    var problems = problems
    if case .tensors(let tensors) = source {
      problems.unexpected = tensors.keys.filter { indexByPath[$0] == nil }
    }
    try problems.throwIfAny()
  }

  func parameter(
    at path: String, shape: [Int], _ initialisation: Initialisation, isBuffer: Bool = false
  ) throws -> Parameter {
    guard indexByPath[path] == nil else { throw ParameterError.duplicate(path: path) }
    guard shape.allSatisfy({ $0 > 0 }) else { throw ParameterError.invalidShape(path: path, shape: shape) }
    var tensor: Tensor?
    switch source {
    case .shapesOnly: break
    case .fresh(let generator): tensor = try withoutGradients { try initialisation.tensor(shape, generator: generator) }
    case .tensors(let tensors):
      tensor = try tensors[path].flatMap { try checked($0, at: path, shape: shape) }
      if tensors[path] == nil { problems.missing.append(path) }
    }
    let trainable = trainable && !isBuffer
    let parameter = Parameter(
      path: path, shape: shape, tensor: try tensor.map { try placed($0, trainable: trainable) },
      isTrainable: trainable && tensor != nil, isBuffer: isBuffer)
    indexByPath[path] = parameters.count
    parameters.append(parameter)
    return parameter
  }

  private func checked(_ tensor: Tensor, at path: String, shape: [Int]) throws -> Tensor? {
    guard tensor.shape == shape else {
      problems.misshaped.append(.init(path: path, expected: shape, found: tensor.shape))
      return nil
    }
    return try problems.check(tensor, at: path) ? tensor : nil
  }

  private func placed(_ tensor: Tensor, trainable: Bool) throws -> Tensor {
    let converted = try withoutGradients {
      var tensor = tensor
      if let dtype, tensor.dtype != dtype { tensor = try tensor.to(dtype) }
      if tensor.device != device { tensor = try tensor.to(device) }
      tensor = try tensor.laidOut(memoryFormat)
      // Training changes parameters in place, and given tensors may be those of another network, a teacher's for one.
      if trainable, case .tensors = source { tensor = try tensor.clone() }
      return tensor
    }
    return try Parameter.leaf(converted, trainable: trainable)
  }
}

// MARK: - Changing what is there

extension ParameterStore {
  /// Converts every parameter; gradients are dropped, so optimisers are made afterwards.
  ///
  /// - Throws: `TorchError` if there is no such device or its memory runs out.
  public func convert(to dtype: DType? = nil, device: Device? = nil, memoryFormat: MemoryFormat? = nil) throws {
    try withoutGradients {
      for parameter in parameters where parameter.hasValue {
        var tensor = try parameter.value
        if let dtype { tensor = try tensor.to(dtype) }
        if let device { tensor = try tensor.to(device) }
        if let memoryFormat { tensor = try tensor.laidOut(memoryFormat) }
        try parameter.replaceValue(with: tensor)
      }
    }
  }

  /// Makes the parameters that `predicate` accepts trainable, or freezes them; buffers are never trainable.
  ///
  /// - Throws: `TorchError` for values that are not floating-point numbers.
  public func setTrainable(_ trainable: Bool, where predicate: (Parameter) -> Bool = { _ in true }) throws {
    for parameter in parameters where !parameter.isBuffer && predicate(parameter) {
      parameter.isTrainable = trainable
      try parameter.applyTrainability()
    }
  }

  /// The weights by path, as they are; no copy.
  ///
  /// - Throws: ``ParameterError`` for a store of shapes alone.
  public func tensors() throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for parameter in parameters { tensors[parameter.path] = try parameter.value.detach() }
    return tensors
  }

  /// Overwrites every parameter with the tensor of its path, in place. Nothing changes unless all of them fit.
  ///
  /// - Throws: ``ParameterLoadingError`` with every offending name.
  public func copyValues(from tensors: [String: Tensor]) throws {
    try ParameterLoadingError.requireFit(tensors, for: parameters)
    try withoutGradients {
      for parameter in parameters {
        parameter.unfix()
        if let tensor = tensors[parameter.path] { try parameter.value.copyInPlace(tensor) }
      }
    }
  }

  /// Freezes the weights for use: layers may from now on keep their own layouts of them, which on a CPU saves most of
  /// the time of convolutions over small images. Changing the weights through the store takes it back.
  ///
  /// - Parameter quantising: Whether convolutions may round weights and inputs to 8-bit integers
  ///   (``Conv2d/quantisedChannels``).
  /// - Throws: `TorchError` if LibTorch refuses the operation; ``ParameterError`` for a store of shapes alone.
  public func fixForInference(quantising: Bool = false) throws {
    try setTrainable(false)
    for parameter in parameters { parameter.fix(quantising: quantising) }
  }

  /// Runs `body` with all parameters as constants: gradients pass through a network to what it is given, and none reaches
  /// its weights. Gradients that are there already stay.
  ///
  /// - Throws: what `body` throws; ``ParameterError`` for a store of shapes alone.
  public func withConstantValues<Result>(_ body: () throws -> Result) throws -> Result {
    let trained = try trainableParameters.map { (parameter: $0, value: try $0.value, constant: try $0.value.detach()) }
    for (parameter, _, constant) in trained { parameter.exchange(constant) }
    defer { for (parameter, value, _) in trained { parameter.exchange(value) } }
    return try body()
  }

  /// Removes the gradients of all parameters.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operation; ``ParameterError`` for a store of shapes alone.
  public func clearGradients() throws {
    for parameter in parameters where parameter.isTrainable { try parameter.value.setGrad(nil) }
  }
}

extension Tensor {
  /// Whether no element is NaN or infinite. One pass over the data in the usual case: a sum is finite only if all
  /// its terms are; if it is not, the elements decide, for the sum of large finite numbers may overflow.
  ///
  /// - Throws: `TorchError` if memory runs out.
  public var isEntirelyFinite: Bool {
    get throws {
      guard dtype.isFloatingPoint else { return true }
      return try withoutGradients {
        if try sum().item().isFinite { return true }
        return try isfinite().all().item() != 0
      }
    }
  }

  /// The tensor in a memory format; formats for images leave tensors of other ranks alone.
  func laidOut(_ format: MemoryFormat) throws -> Tensor {
    shape.count == 4 ? try contiguous(memoryFormat: format) : try contiguous()
  }
}
