import Models
import Torch

// B batch, C latent channels, H height, W width, S tokens, D hidden width

/// A part of a dataset as diffusion sees it: normalised latents and the hidden states of texts, read from mapped files. A
/// batch costs the same however many examples there are.
struct DiffusionExamples {
  /// A text of each row.
  struct Text {
    var hidden_BSD: Tensor
    var mask_BS: Tensor
  }

  struct Batch {
    var latent_BCHW: Tensor
    var text: Text
    /// Of each text those that guidance leads away from beside no text, the first of all rows first.
    var negatives: [Text] = []
  }

  let latentCache: LatentCache
  /// The image that each latent was made of.
  let images: ExampleImages
  let statistics: LatentStatistics
  let prompts: PromptCache
  /// How many texts behind each one are those that it is led away from.
  var negativesPerText = 0
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
    let places = 1 + negativesPerText
    let texts = zip(examples, slice.rows).map { example, row in
      (image: images[example], text: numbers.map { $0[row] % (prompts.textsPerImage / places) * places } ?? 0)
    }
    let read = try (0..<places).map { place in
      let (hidden_BSD, mask_BS) = try prompts.batch(texts.map { (image: $0.image, text: $0.text + place) })
      return Text(hidden_BSD: try hidden_BSD.to(device), mask_BS: try mask_BS.to(device))
    }
    return Batch(latent_BCHW: try latents(examples), text: read[0], negatives: Array(read.dropFirst()))
  }

  /// Some latents, normalised.
  func latents(_ examples: [Int]) throws -> Tensor {
    try LatentScaling(statistics, device: .cpu).normalised(latentCache.latents(examples).to(.float32)).to(device)
  }
}
