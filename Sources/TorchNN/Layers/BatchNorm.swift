import Torch

/// Normalisation of each channel over all images and positions of a batch (Ioffe and Szegedy, 2015), as
/// `torch.nn.BatchNorm2d`: by the batch's own mean and variance while training, by running ones in use.
///
/// The running values are buffers: stored with the weights, moved by no optimiser, and not in an average of weights. A
/// body of ``checkpointed(_:generators:_:)`` runs twice, and moves them twice.
public struct BatchNorm2d {
  public let channels: Int
  public let epsilon: Double
  /// How much of the running values a batch replaces.
  public let momentum: Double
  public let weight: Parameter
  public let bias: Parameter
  public let runningMean: Parameter
  public let runningVariance: Parameter

  /// A normalisation of `channels` channels: `weight`, `bias`, `running_mean` and `running_var` of `scope`. PyTorch's
  /// files hold `num_batches_tracked` as well, which only a count of batches needs.
  ///
  /// - Throws: ``ParameterError`` for a path that is taken or a size that is not positive; `TorchError` if a value
  ///   cannot be made.
  public init(_ scope: ParameterScope, _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1) throws {
    self.channels = channels
    self.epsilon = epsilon
    self.momentum = momentum
    weight = try scope.parameter("weight", [channels], .ones)
    bias = try scope.parameter("bias", [channels], .zeros)
    runningMean = try scope.buffer("running_mean", [channels], .zeros)
    runningVariance = try scope.buffer("running_var", [channels], .ones)
  }

  /// - Parameters:
  ///   - x_BCHW: `[B, channels, H, W]`; while training, more than one value a channel.
  ///   - isTraining: Whether to normalise by the batch's own values, and to move the running ones towards them.
  /// - Throws: `TorchError` if the input's shape, type or device does not fit the weights, or memory runs out.
  public func callAsFunction(_ x_BCHW: Tensor, isTraining: Bool) throws -> Tensor {
    try x_BCHW.batchNorm(
      weight: weight.value, bias: bias.value, runningMean: runningMean.value, runningVar: runningVariance.value,
      training: isTraining, momentum: momentum, eps: epsilon)
  }
}
