import RadiographData
import RunRecords
import Torch

// B batch, C latent channels, H height, W width

/// The texts of a part, encoded, and what each says.
struct RewardTexts {
  let prompts: PromptCache
  let wishes: [Wish]
  /// What the image of each is compared among.
  let groups: [ImageGroup]

  /// Texts, what each says, and the noise that its image is drawn from.
  struct Batch {
    var text: DiffusionExamples.Text
    var asked: [[PromptStatement]]
    var groups: [ImageGroup]
    var noise_BCHW: Tensor
  }

  /// - Parameters:
  ///   - chosen: The numbers of the texts.
  ///   - slice: Of which step and rows the noise is.
  ///   - latentShape: `[C, H, W]`.
  /// - Throws: `TorchError`, what reading the texts throws.
  func batch(
    _ chosen: [Int], _ slice: BatchSlice, latentShape: [Int], generator: Generator, device: Device
  ) throws -> Batch {
    let (hidden_BSD, mask_BS) = try prompts.batch(chosen.map { (image: $0, text: 0) })
    let latent_BCHW = try Tensor.zeros([chosen.count] + latentShape, device: device)
    return Batch(
      text: .init(hidden_BSD: try hidden_BSD.to(device), mask_BS: try mask_BS.to(device)),
      asked: chosen.map { wishes[$0].statements }, groups: chosen.map { groups[$0] },
      noise_BCHW: try slice.noise(like: latent_BCHW, generator: generator))
  }
}
