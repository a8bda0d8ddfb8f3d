import Torch

// N texts, B batch, D numbers that describe an image, K directions, L labels, G differences of moments

/// How far what describes drawn images is, of all of them together, from what describes real radiographs: the Fréchet distance of
/// their means and covariances (Dowson and Landau, 1982, "The Fréchet distance between multivariate normal distributions"), to
/// second order about those of the real ones, over the variance of these. And how far means are apart of the images with each
/// label that texts ask for (after Soloveitchik et al., 2021, "Conditional Frechet inception distance"), as often as they do.
///
/// A batch is far too small for moments of its own. It tells how those of the teacher's images have changed, since each image is
/// compared with the teacher's of the same noise and text, and the teacher's are known of many images. Products of different images
/// alone count, so that the expectation over batches is the distance, and no image is held to the teacher's.
struct MomentGap {
  /// Of the real ones, and the directions in which they vary most.
  private let (mean_1D, directions_DK): (Tensor, Tensor)
  /// How much more the teacher's images have than the real ones: of means, times what texts ask for, and of second moments about the
  /// mean of the real ones.
  private let (first_1KF, second_1KK): (Tensor, Tensor)
  /// The root of what the square of a second moment weighs beside that of a mean.
  private let scale_1KK: Tensor
  private let asked: Standardised
  /// Of the real ones, in all directions together.
  let variance: Double

  /// In so many directions images are compared, as Fréchet distances of thumbnails are measured in.
  static let mostDirections = 32
  /// Fewer images, and fewer with a label, say too little of how they are spread.
  static let leastCount = 16

  /// - Parameters:
  ///   - real_ND: Of a real radiograph that shows what each text asks for.
  ///   - teacher_ND: Of the teacher's image of each text.
  ///   - asked_NL: 1 where a text asks for a label, 0 elsewhere.
  ///   - directions: How many at most.
  /// - Returns: nil if there are too few, or the real ones are all alike.
  /// - Throws: `TorchError`.
  init?(
    real_ND: Tensor, teacher_ND: Tensor, asked_NL: Tensor, directions: Int = mostDirections, device: Device = .cpu
  ) throws {
    let (count, width) = (real_ND.shape[0], real_ND.shape[1])
    guard count >= Self.leastCount else { return nil }
    let kept = min(directions, width, count - 1)
    let (real_ND, teacher_ND) = (try real_ND.to(.float64), try teacher_ND.to(.float64))
    let mean_1D = try real_ND.mean(dim: [0], keepdim: true)
    let centred_ND = try real_ND - mean_1D
    let (values_D, vectors_DD) = try Self.second(centred_ND).linalgEigh()
    // In rising order.
    let variances_K = try values_D.narrow(dim: 0, start: width - kept, length: kept)
    let directions_DK = try vectors_DD.narrow(dim: 1, start: width - kept, length: kept)
    variance = try variances_K.sum().item()
    guard variance > 0 else { return nil }
    let real_NK = try centred_ND.matmul(directions_DK)
    let teacher_NK = try (teacher_ND - mean_1D).matmul(directions_DK)
    let asked = try Standardised(asked_NL.to(.float64), leastCount: Self.leastCount)
    let sums_KK = try variances_K.reshape([kept, 1]) + variances_K.reshape([1, kept])
    self.asked = try asked.to(device)
    self.mean_1D = try mean_1D.to(device)
    self.directions_DK = try directions_DK.to(device)
    first_1KF = try Self.times(teacher_NK - real_NK, asked(asked_NL)).mean(dim: [0], keepdim: true).to(device)
    second_1KK = try (Self.second(teacher_NK) - Self.second(real_NK)).unsqueeze(dim: 0).to(device)
    // Directions in which the real ones hardly vary are not to rule.
    scale_1KK = try (sums_KK.clamp(min: 1e-4 * variance) * 2).rsqrt().unsqueeze(dim: 0).to(device)
  }

  /// The mean of products of two coordinates.
  private static func second(_ x_NK: Tensor) throws -> Tensor {
    try x_NK.transpose(dim0: 0, dim1: 1).matmul(x_NK) / Double(x_NK.shape[0])
  }

  /// Products of each coordinate with each of other numbers.
  private static func times(_ x_BK: Tensor, _ y_BF: Tensor) throws -> Tensor {
    try x_BK.unsqueeze(dim: 2) * y_BF.unsqueeze(dim: 1)
  }

  /// What each image of a batch tells of how far means and second moments are from those of the real ones: the distance is the
  /// sum of the squares of their expectations.
  ///
  /// - Parameters:
  ///   - teacher_BD: Of the teacher's image of the same noise and text of each.
  ///   - asked_BL: 1 where the text asks for a label, 0 elsewhere.
  /// - Throws: `TorchError`.
  func differences(_ drawn_BD: Tensor, beside teacher_BD: Tensor, asked_BL: Tensor) throws -> Tensor {
    func coordinates(_ x_BD: Tensor) throws -> Tensor { try (x_BD.to(.float64) - mean_1D).matmul(directions_DK) }
    let (own_BK, teacher_BK) = (try coordinates(drawn_BD), try coordinates(teacher_BD))
    return try flat_BG(
      first_BKF: Self.times(own_BK - teacher_BK, asked(asked_BL)) + first_1KF,
      second_BKK: Self.times(own_BK, own_BK) - Self.times(teacher_BK, teacher_BK) + second_1KK)
  }

  /// What ``differences(_:beside:asked_BL:)`` are in the mean of the teacher's images: `[G]`.
  ///
  /// - Throws: `TorchError`.
  func teacherDifferences() throws -> Tensor { try flat_BG(first_BKF: first_1KF, second_BKK: second_1KK).flatten() }

  private func flat_BG(first_BKF: Tensor, second_BKK: Tensor) throws -> Tensor {
    let parts = [first_BKF, try second_BKK * scale_1KK]
    return try Tensor.cat(parts.map { try $0.flatten(startDim: 1) }, dim: 1) / variance.squareRoot()
  }

  /// The distance that the images of a batch tell of; below 0 too, by chance. 0 of less than two.
  ///
  /// - Throws: `TorchError`.
  static func squared(_ differences_BG: Tensor) throws -> Tensor {
    let batch = differences_BG.shape[0]
    guard batch > 1 else { return try Tensor.zeros([], dtype: .float64, device: differences_BG.device) }
    let pairs = try differences_BG.sum(dim: [0]).square().sum() - differences_BG.square().sum()
    return try pairs / Double(batch * (batch - 1))
  }
}

extension MomentGap {
  /// A 1, and of each label whether a text asks for it, with mean 0 and variance 1 over all texts; 0 of a label that too few ask for.
  private struct Standardised {
    let (mean_1L, scale_1L): (Tensor, Tensor)

    init(mean_1L: Tensor, scale_1L: Tensor) { (self.mean_1L, self.scale_1L) = (mean_1L, scale_1L) }

    init(_ asked_NL: Tensor, leastCount: Int) throws {
      let count = asked_NL.shape[0]
      let shares = try asked_NL.mean(dim: [0]).doubles()
      let scales = shares.map { share in
        let isEnough = min(share, 1 - share) * Double(count) >= Double(leastCount) - 0.5
        return isEnough ? 1 / (share * (1 - share)).squareRoot() : 0
      }
      mean_1L = try Tensor(shares, shape: [1, shares.count])
      scale_1L = try Tensor(scales, shape: [1, scales.count])
    }

    func to(_ device: Device) throws -> Standardised {
      Standardised(mean_1L: try mean_1L.to(device), scale_1L: try scale_1L.to(device))
    }

    /// `[B, 1 + L]`.
    func callAsFunction(_ asked_BL: Tensor) throws -> Tensor {
      let standardised_BL = try (asked_BL.to(.float64) - mean_1L) * scale_1L
      return try Tensor.cat(
        [Tensor.ones([asked_BL.shape[0], 1], dtype: .float64, device: mean_1L.device), standardised_BL], dim: 1)
    }
  }
}
