import Diffusion
import RadiographModels

/// Floating-point operations of an image, a multiply-add counted as two; the text encoder is not counted.
public struct SamplingCost {
  /// Keys and values of the prompt.
  public let text: Int
  /// All calls of the U-Net. Guidance doubles those at the times where it acts, and no others.
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
    calls = sampling.sampler.evaluations(steps: sampling.steps)
    let guidedSteps = plan.steps.filter { guidance.isActive(at: $0.from) }.count
    // A sampler of second order calls twice a step; both calls are taken to be guided as the step's first is.
    let guidedCalls = calls * guidedSteps / max(plan.steps.count, 1)
    text = cost.text
    denoising = cost.denoising(calls: calls, guidedCalls: guidedCalls)
    decoder = cost.decoder
  }
}
