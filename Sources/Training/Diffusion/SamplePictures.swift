import Diffusion
import Generation
import RadiographModels
import Torch

// B batch, C latent channels, H height, W width, S tokens, D hidden width

/// Draws the same few prompts from the same noise, so that a run's progress can be seen.
struct SamplePictures {
  static let prompts = [
    "Normal chest radiograph of an adult, clear lungs", "Right lower lobe pneumonia with focal consolidation",
    "Large pleural effusion", "Chest radiograph of a child with pneumonia", "Normal paediatric chest radiograph",
  ]

  let process: DiffusionProcess
  let autoencoder: Autoencoder
  let statistics: LatentStatistics
  let encodings: [TextEncoding]
  /// The latent's channels, height and width.
  let latentShape: [Int]
  var steps = 20
  var guidance = 2.0
  var columns = 4

  /// One row a prompt, one column a seed.
  func draw(_ unet: UNet, _ projection: TextProjection) throws -> ContactSheet {
    let sampler = try SamplerKind.euler.makeSampler()
    let plan = try process.plan(steps: steps, convention: sampler.convention)
    let guidance = try ClassifierFreeGuidance(scale: guidance)
    let device = encodings.first?.hiddenStates_LD.device ?? .cpu
    return try ContactSheet(
      rows: encodings.map { encoding in
        let hidden_BSD = try encoding.hiddenStates_LD.unsqueeze(dim: 0).expand(
          size: [columns] + encoding.hiddenStates_LD.shape)
        let text = try projection(
          hidden_BSD,
          mask_BS: Tensor.ones(
            [columns, encoding.hiddenStates_LD.shape[0]], dtype: .bool, device: device))
        let null = try projection.null(count: columns)
        func predict(_ latent_BCHW: Tensor, _ time: SampleTime, _ text: TextCondition) throws -> Tensor {
          let times = [Float](repeating: Float(process.configuration.networkTime(time)), count: columns)
          return try unet(
            latent_BCHW.contiguous(memoryFormat: .channelsLast), times_B: Tensor(times).to(device), text: text)
        }
        let noise = try Tensor.cat(
          (0..<columns).map {
            try Tensor.randn([1] + latentShape, generator: Generator(seed: UInt64($0)), device: device)
          })
        let latent_BCHW = try sampler.sample(from: SamplerState(plan: plan, noise: noise)) { latent_BCHW, time in
          let conditional = try predict(latent_BCHW, time, text)
          guard guidance.isActive(at: time) else { return conditional }
          return try guidance.combine(
            conditional: conditional, unconditional: predict(latent_BCHW, time, null))
        }
        return try autoencoder.decode(
          statistics.denormalised(latent_BCHW).contiguous(memoryFormat: .channelsLast))
      })
  }
}
