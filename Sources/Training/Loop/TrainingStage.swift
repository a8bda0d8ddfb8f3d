import Foundation
import Torch

/// One thing that is trained: state in, state out. The loop around it knows nothing of models.
protocol TrainingStage {
  /// How many optimiser steps the run has.
  var totalSteps: Int { get }
  /// How many images one step sees.
  var imagesPerStep: Int { get }
  /// How many images make one pass over the training data.
  var imagesPerEpoch: Int { get }

  /// Makes step `step`, counted from 0, and returns its losses by name; `loss` is the one that was minimised.
  ///
  /// - Throws: ``NotFinite`` if the loss or a gradient is not an ordinary number: the weights are then as they were.
  mutating func step(_ step: Int) throws -> [String: Double]

  /// Measures the averaged weights on the validation part; `loss` decides which weights are best.
  func validate() throws -> [String: Double]

  /// Everything of the stage that the next step depends on.
  func state() throws -> StageState

  /// Continues from a stored state.
  ///
  /// - Throws: `ParameterLoadingError` if the state is not this stage's.
  mutating func restore(_ state: StageState) throws

  /// The averaged weights, as generation loads them.
  func weights() throws -> [String: Tensor]

  /// One PNG of what the model can do now.
  func writeSamples(to picture: URL) throws
}

/// Weights, their average and the optimiser's memory, with the number of updates that made the average.
struct StageState {
  var tensors: [String: Tensor]
  var averageUpdates: Int
}
