import Foundation
import RunRecords
import Torch
import TorchNN

/// What is trained, and the losses that it is trained with. Everything else of a step is the loop's: micro-batches,
/// backward passes, clipping, optimisers and averages.
protocol Objective {
  associatedtype Batch

  /// What a run's page says of the stage.
  var description: StageDescription { get }
  /// What is trained, at least one. The first is the model: its averaged weights are what validation looks at and what
  /// is exported.
  var trained: [TrainedWeights] { get }
  /// How many steps the run has.
  var totalSteps: Int { get }
  /// How many images a step sees.
  var batchSize: Int { get }
  /// How many of them are computed at once, at most.
  var microBatchSize: Int { get }
  /// How many images make one pass over the training data.
  var imagesPerEpoch: Int { get }

  /// What steps depend on beside ``trained``, if they do; the objective itself moves it in ``losses(of:_:)``.
  var remembered: (any Stateful)? { get }

  /// The rows of a slice. They depend on the step and the row alone, not on how the step is divided.
  func batch(_ slice: BatchSlice) throws -> Batch

  /// The loss of each of ``trained``, as means over the slice's rows. Only forward passes: the loop calls for the
  /// gradients, of one loss after another. A part that is not trained yet has no loss: those of the first parts are given.
  func losses(of batch: Batch, _ slice: BatchSlice) throws -> [Loss]

  /// Measures the weights that are in the model on a share of the validation part.
  ///
  /// - Returns: sums and counts, so that the shares of several processes make one mean.
  func validate(_ share: RankShare) throws -> RunningMeans

  /// What the best weights have least of, of the means of a validation.
  func criterion(_ means: [Metric: Double]) -> Double?

  /// Metadata that is written with the best weights, for programs that read them without the run.
  var metadata: [String: String] { get }

  /// Draws a PNG of what the weights that are in the model can do.
  func writeSamples(to picture: URL) throws
}

extension Objective {
  var remembered: (any Stateful)? { nil }

  var metadata: [String: String] { [:] }

  func criterion(_ means: [Metric: Double]) -> Double? { means[.loss] }
}

/// Weights that one optimiser moves to make one loss small.
struct TrainedWeights {
  /// What the names in a checkpoint begin with; empty for the model.
  var prefix = ""
  let store: ParameterStore
  let settings: CommonSettings
  /// Whether biases and gains decay as the other weights do.
  var decaysVectors = true
  /// Whether a matrix or convolution is inside a network; first and last layers and embeddings are not. Muon moves those
  /// that are.
  var isHidden: (Parameter) -> Bool = { _ in true }
}

extension TrainedWeights {
  /// The weights of a U-Net and its text projection, as the stages that train them have them.
  ///
  /// - Parameter store: The U-Net's parameters below `unet`.
  init(denoiser store: ParameterStore, _ settings: CommonSettings) {
    // What is between the first and last convolution; the embedding of the time and the text projection are not.
    let inner = ["unet.down.", "unet.middle.", "unet.up."]
    self.init(
      store: store, settings: settings, decaysVectors: false,
      isHidden: { parameter in inner.contains { parameter.path.hasPrefix($0) } })
  }

  /// Weights of which the first and the last matrix or convolution are the network's first and last layer.
  init(_ store: ParameterStore, _ settings: CommonSettings, decaysVectors: Bool = true) {
    let matrices = store.trainableParameters.filter { $0.shape.count > 1 }.map(\.path)
    let ends = Set([matrices.first, matrices.last].compactMap { $0 })
    self.init(
      store: store, settings: settings, decaysVectors: decaysVectors, isHidden: { !ends.contains($0.path) })
  }
}

/// The loss of a slice, and what was measured beside it.
struct Loss {
  /// The mean over the slice's rows of what is minimised.
  var value: Tensor
  /// Means over the slice's rows of what is measured beside it, without gradients. They stay on the device until a step
  /// is over.
  var measured: [Metric: Tensor] = [:]
}
