import Torch

// B batch, G differences of moments

/// How far the moments of drawn images are from those of real ones (``MomentGap``), as the images of recent steps tell together.
///
/// The square of a mean over a dozen images has a gradient that is chance for the most part. Beside what a few dozen images before
/// them tell, which the weights have hardly left behind, each image moves the distance by its own share: as far as the gradient is
/// concerned, the batch is as large. (He et al., 2020, "Momentum contrast", keep images of former steps for the same reason.)
///
/// Of several processes each goes by its own images.
final class RecentDifferences: Stateful {
  /// So many images count, older ones ever less. The more, and the higher the learning rate, the sooner the weights swing about what is
  /// wanted, since they have moved on before it is known where they are.
  private let images: Double
  /// Of the steps before the last one.
  private var mean_G: Tensor
  /// Of the last step: for each of its slices the sum over images, and how many these are.
  private var latest: (step: Int, slices: [Int: (sum_G: Tensor, count: Int)])?

  /// - Parameters:
  ///   - mean_G: What the images tell that the first step begins with: the teacher's.
  ///   - images: How many count, 1 or more.
  init(_ mean_G: Tensor, images: Int) { (self.mean_G, self.images) = (mean_G, Double(images)) }

  /// The squared distance as the images of a slice move it: linear in each, about what the steps before tell.
  ///
  /// - Throws: `TorchError`.
  func squared(with differences_BG: Tensor, _ slice: BatchSlice) throws -> Tensor {
    if let latest, latest.step != slice.step { try takeLatest() }
    let count = differences_BG.shape[0]
    guard count > 0 else { return try Tensor.zeros([], dtype: .float64, device: differences_BG.device) }
    let slices = latest?.slices ?? [:]
    latest = (
      slice.step,
      slices.merging([slice.rows.lowerBound: (try differences_BG.detach().sum(dim: [0]), count)]) { $1 }
    )
    let square = try mean_G.square().sum()
    return try (differences_BG * mean_G).sum() * (2 / Double(count)) - square
  }

  /// Counts the last step among those before. One that is not finite was not taken.
  private func takeLatest() throws {
    guard let slices = latest?.slices.sorted(by: { $0.key < $1.key }).map(\.value), let first = slices.first else {
      return
    }
    latest = nil
    let sum_G = try slices.dropFirst().reduce(first.sum_G) { try $0 + $1.sum_G }
    let count = Double(slices.reduce(0) { $0 + $1.count })
    guard try sum_G.sum().item().isFinite else { return }
    mean_G = try mean_G + (sum_G / count - mean_G) * min(1, count / images)
  }

  func state() throws -> StoredState {
    try takeLatest()
    return StoredState(tensors: ["mean": try mean_G.to(.cpu)])
  }

  /// A run of a former version goes on with what it began with.
  func restore(_ state: StoredState) throws {
    guard let stored = state.tensors["mean"], stored.shape == mean_G.shape else { return }
    mean_G = try stored.to(mean_G.device)
    latest = nil
  }
}
