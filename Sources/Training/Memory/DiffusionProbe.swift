import Diffusion
import Models
import RadiographModels
import RunRecords
import Torch

// B batch, C latent channels, H height, W width, S tokens, D hidden width

/// The diffusion stage's step on made-up latents and texts of the greatest length, which takes what a step on real ones
/// takes: nothing has to be encoded to know it.
struct DiffusionProbe: MadeUpObjective {
  let loss: DiffusionLoss
  let architecture: ModelArchitecture

  init(_ recipe: DiffusionRecipe, device: Device) throws {
    architecture = try recipe.common.modelArchitecture()
    loss = try DiffusionLoss(recipe, architecture: architecture, device: device)
  }

  var description: StageDescription { StageDescription(name: "diffusion", title: "Diffusion model") }
  var trained: [TrainedWeights] { [loss.trained] }
  var totalSteps: Int { loss.recipe.steps }
  var batchSize: Int { loss.recipe.common.imagesPerStep }
  var microBatchSize: Int { loss.recipe.batchSize }
  var imagesPerEpoch: Int { batchSize }

  func batch(_ slice: BatchSlice) throws -> DiffusionLoss.Batch {
    let (rows, side) = (slice.rows.count, architecture.latentSide)
    let generator = try Generator(seed: UInt64(slice.step))
    func random(_ shape: [Int]) throws -> Tensor {
      try Tensor.randn(shape, generator: generator, device: loss.device)
    }
    let text = architecture.textProjection
    let latent = [rows, architecture.autoencoder.latentChannels, side, side]
    return DiffusionLoss.Batch(
      latent_BCHW: try random(latent),
      hidden_BSD: try random([rows, text.tokenLimit, text.hiddenWidth]),
      mask_BS: try Tensor.full([rows, text.tokenLimit], value: 1, dtype: .bool, device: loss.device),
      noise_BCHW: try random(latent),
      times: try loss.process.drawTimes(rows, from: loss.recipe.times, generator: generator),
      isNull_B: try Tensor.full([rows], value: 0, dtype: .bool, device: loss.device),
      others: loss.recipe.contrastiveWeight > 0 ? (try random(latent), try random(latent)) : nil)
  }

  func losses(of batch: DiffusionLoss.Batch, _ slice: BatchSlice) throws -> [Loss] {
    let dropout = try TrainingRandomness(seed: loss.recipe.seed).generators(.dropout, of: slice)
    return [Loss(value: try loss(batch, dropout: dropout))]
  }

  func inputs(of batch: DiffusionLoss.Batch, _ slice: BatchSlice) throws -> [String: Tensor] {
    func column(_ value: (SampleTime) -> Double) throws -> Tensor { try Tensor(batch.times.map { Float(value($0)) }) }
    let configuration = loss.process.configuration
    return [
      "latent": batch.latent_BCHW, "hidden": batch.hidden_BSD, "mask": batch.mask_BS, "noise": batch.noise_BCHW,
      "isNull": batch.isNull_B, "time": try column { configuration.networkTime($0) },
      "alpha": try column(\.alpha), "sigma": try column(\.sigma),
      "targetClean": try column { configuration.prediction.mixture(at: $0).clean },
      "targetNoise": try column { configuration.prediction.mixture(at: $0).noise },
    ]
  }
}
