import Diffusion
import RadiographModels

/// Floating-point operations of an image, a multiply-add counted as two; the text encoder is not counted.
public struct SamplingCost {
  /// Keys and values of the prompt.
  public let text: Int
  /// All calls of the U-Net. Guidance adds one for each text that it leads away from, at the times where it acts.
  public let denoising: Int
  public let decoder: Int
  /// Evaluations of the denoiser, guided or not.
  public let calls: Int

  /// All of an image.
  public var image: Int { text + denoising + decoder }

  /// - Parameter tokens: Tokens of the prompt.
  /// - Throws: `ArchitectureError` or `DiffusionError` for a model or settings that cannot be meant.
  public init(_ description: ModelDescription, sampling: SamplingSettings, tokens: Int) throws {
    let cost = try description.architecture.cost(tokens: tokens)
    let guidance = try sampling.classifierFreeGuidance()
    let plan = try DiffusionProcess(description.scheduler).plan(
      steps: sampling.steps, convention: sampling.sampler.makeSampler(eta: sampling.eta).convention)
    let times = sampling.sampler.evaluationTimes(of: plan)
    calls = times.count
    text = cost.text
    denoising = cost.denoising(
      calls: calls, guidedCalls: times.count(where: guidance.isActive(at:)) * sampling.guidanceFrom.textCount)
    decoder = cost.decoder
  }
}
