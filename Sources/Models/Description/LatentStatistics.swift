/// Mean and standard deviation of the autoencoder's latents over the training data, by channel. Diffusion sees
/// `(latent - mean) / standardDeviation`; the constants stand outside the network (EDM2, Stable Diffusion 3).
public struct LatentStatistics: Codable, Equatable, Sendable {
  public var mean: [Double]
  public var standardDeviation: [Double]

  public init(mean: [Double], standardDeviation: [Double]) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// One factor for all channels, as Stable Diffusion's 0.18215: diffusion sees `latent * factor`.
  public init(channels: Int, factor: Double) {
    self.init(
      mean: Array(repeating: 0, count: channels), standardDeviation: Array(repeating: 1 / factor, count: channels))
  }
}
