import Foundation
import Models
import RadiographModels
import RunRecords
import Torch

// B batch, C channels, H height, W width

/// The autoencoder stage's step on made-up images, which takes what a step on real ones takes.
struct AutoencoderProbe: MadeUpObjective {
  let loss: AutoencoderLoss
  let architecture: ModelArchitecture

  init(_ recipe: AutoencoderRecipe, device: Device) throws {
    architecture = try recipe.common.modelArchitecture()
    loss = try AutoencoderLoss(
      recipe, architecture: architecture.autoencoder, imageSide: architecture.imageSide, device: device)
  }

  var description: StageDescription { StageDescription(name: "vae", title: "Autoencoder") }
  var trained: [TrainedWeights] { loss.trained }
  var totalSteps: Int { loss.recipe.steps }
  var batchSize: Int { loss.recipe.common.imagesPerStep }
  var microBatchSize: Int { loss.recipe.batchSize }
  var imagesPerEpoch: Int { batchSize }

  /// The side of the images: that of the recipe's crops.
  private var side: Int { min(loss.recipe.cropSize, architecture.imageSide) }

  func batch(_ slice: BatchSlice) throws -> AutoencoderObjective.Batch {
    let generator = try Generator(seed: UInt64(slice.step))
    let image_BCHW = try Tensor.rand(
      [slice.rows.count, architecture.imageChannels, side, side], generator: generator, device: loss.device)
    return AutoencoderObjective.Batch(image_BCHW: try image_BCHW * 2.0 - 1.0, noise: try noise(slice))
  }

  private func noise(_ slice: BatchSlice) throws -> Generator {
    try loss.randomness.generator(.noise, step: slice.step)
  }

  func losses(of batch: AutoencoderObjective.Batch, _ slice: BatchSlice) throws -> [Loss] {
    try loss(batch.image_BCHW, noise: batch.noise, slice)
  }

  func inputs(of batch: AutoencoderObjective.Batch, _ slice: BatchSlice) throws -> [String: Tensor] {
    let latentSide = side / architecture.autoencoder.downsamplingFactor
    let latent = try Tensor.zeros([slice.rows.count, architecture.latentChannels, latentSide, latentSide])
    return ["image": batch.image_BCHW, "noise": try slice.noise(like: latent, generator: noise(slice))]
  }
}

/// A stage's step without data: what a step on real images and texts takes is known without them.
protocol MadeUpObjective: Objective {
  var architecture: ModelArchitecture { get }
  /// What the step is given and draws, by name.
  func inputs(of batch: Batch, _ slice: BatchSlice) throws -> [String: Tensor]
}

extension MadeUpObjective {
  func validate(_ share: RankShare) throws -> RunningMeans { RunningMeans() }
  func writeSamples(to picture: URL) throws {}
}
