import Models
import Torch

// B batch, C latent channels, H height, W width, S tokens, D hidden width

/// A part of a dataset as diffusion sees it: normalised latents and the hidden states of texts, read from mapped files. A
/// batch costs the same however many examples there are.
struct DiffusionExamples {
  struct Batch {
    var latent_BCHW: Tensor
    var hidden_BSD: Tensor
    var mask_BS: Tensor
  }

  let latentCache: LatentCache
  /// The image that each latent was made of.
  let images: ExampleImages
  let statistics: LatentStatistics
  let prompts: PromptCache
  /// Where batches go.
  var device = Device.cpu

  var count: Int { images.count }

  /// Some latents, and for each a text of its image.
  ///
  /// - Parameters:
  ///   - examples: The example of each row of the slice.
  ///   - generator: Chooses the texts, for all rows of the step; nil takes the first text of each image.
  func batch(_ examples: [Int], _ slice: BatchSlice, choosingTextWith generator: Generator?) throws -> Batch {
    let numbers = try generator.map {
      try Tensor.randint(0..<(1 << 30), shape: [slice.batchSize], generator: $0).int64s().map(Int.init)
    }
    let texts = zip(examples, slice.rows).map { example, row in
      (image: images[example], text: numbers.map { $0[row] % prompts.textsPerImage } ?? 0)
    }
    let (hidden_BSD, mask_BS) = try prompts.batch(texts)
    return Batch(
      latent_BCHW: try latents(examples), hidden_BSD: try hidden_BSD.to(device), mask_BS: try mask_BS.to(device))
  }

  /// Some latents, normalised.
  func latents(_ examples: [Int]) throws -> Tensor {
    try LatentScaling(statistics, device: .cpu).normalised(latentCache.latents(examples).to(.float32)).to(device)
  }
}
