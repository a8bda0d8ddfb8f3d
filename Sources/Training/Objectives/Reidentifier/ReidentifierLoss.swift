import Torch

// N patients, D embedding width, M images (2 N)

/// The cross entropy of recognising, for each image, the other image of its patient among all images of the batch: NT-Xent
/// (Chen et al., 2020, equation 1), with patients in the place of images and their two radiographs in that of two views.
struct ReidentifierLoss {
  let temperature: Double

  /// The mean over the images.
  ///
  /// - Parameters:
  ///   - first_ND: Embeddings of length 1 of an image of each patient.
  ///   - second_ND: Those of another image of each.
  ///   - patients: Who each row is. Of somebody who is there twice the other row counts neither as the same nor as another.
  /// - Throws: `TorchError` if memory runs out.
  func callAsFunction(_ first_ND: Tensor, _ second_ND: Tensor, patients: [Int]) throws -> Tensor {
    let count = patients.count
    let all_MD = try Tensor.cat([first_ND, second_ND])
    // What is left out of the sums.
    var mask = [Float](repeating: 0, count: 4 * count * count)
    for row in 0..<2 * count {
      for column in 0..<2 * count
      where patients[row % count] == patients[column % count] && abs(row - column) != count {
        mask[row * 2 * count + column] = -1e6
      }
    }
    let mask_MM = try Tensor(mask, shape: [2 * count, 2 * count]).to(all_MD.device)
    let logits_MM = try all_MD.matmul(all_MD.transpose(dim0: 0, dim1: 1)) / temperature + mask_MM
    let greatest_M1 = try logits_MM.detach().amax(dim: [1], keepdim: true)
    let normaliser_M = try (logits_MM - greatest_M1).exp().sum(dim: [1]).log() + greatest_M1.reshape([2 * count])
    let own_N = try (first_ND * second_ND).sum(dim: [1]) / temperature
    return try normaliser_M.mean() - own_N.mean()
  }
}
