import Foundation
import Torch

/// One thing that is trained: state in, state out. The loop around it knows nothing of models.
protocol TrainingStage {
  /// How many optimiser steps the run has.
  var totalSteps: Int { get }
  /// How many images one step sees.
  var imagesPerStep: Int { get }
  /// How many images stand for one pass over the training data.
  var imagesPerEpoch: Int { get }

  /// Makes step `step`, counted from 0, and returns its losses by name; `loss` is the one that was minimised.
  mutating func step(_ step: Int) throws -> [String: Double]

  /// Measures the averaged weights on the validation part; `loss` decides which weights are best.
  func validate() throws -> [String: Double]

  /// Everything that the next step depends on.
  func state() throws -> [String: Tensor]

  /// Continues from a stored state, `step` steps into the run.
  mutating func restore(_ state: [String: Tensor], step: Int) throws

  /// The averaged weights, as generation loads them.
  func weights() throws -> [String: Tensor]

  /// One PNG of what the model can do now.
  func writeSamples(to picture: URL) throws
}

/// How a run goes on and what it leaves on the way.
public struct LoopOptions: Sendable {
  public var resume = false
  /// The run ends with a checkpoint after this many seconds.
  public var maximumSeconds: Double?
  public var checkpointEvery = 500
  public var validateEvery = 500
  public var logEvery = 20
  /// How many checkpoints stay, besides the best weights.
  public var keep = 2

  public init() {}
}

/// How a run ended.
public enum LoopOutcome: Equatable, Sendable {
  case finished(step: Int)
  case timeUp(step: Int)
  case stopped(step: Int)

  public var step: Int {
    switch self {
    case .finished(let step), .timeUp(let step), .stopped(let step): step
    }
  }
}

/// What a run reports while it goes.
public struct TrainingProgress: Sendable {
  public var step: Int
  public var totalSteps: Int
  public var split: String
  public var values: [String: Double]
}
