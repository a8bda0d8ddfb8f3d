import Models
import Torch

// N latents, C channels, H height, W width

/// Number, mean and sum of squared deviations of each channel's values in double precision. Those of two sets make those
/// of both (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979),
/// so that each file's are computed once, when it is written.
struct ChannelMoments: Equatable {
  private(set) var count = 0.0
  private(set) var means: [Double] = []
  private(set) var squares: [Double] = []

  private static let names = (count: "values", means: "channel means", squares: "channel squares")

  /// - Parameter latents_NCHW: nil for none.
  /// - Throws: `TorchError`.
  init(_ latents_NCHW: Tensor?) throws {
    guard let latents_NCHW, latents_NCHW.shape[0] > 0 else { return }
    let channels = latents_NCHW.shape[1]
    count = Double(latents_NCHW.shape.reduce(1, *) / channels)
    // Channel by channel, so that the copy in double precision stays small.
    try withoutGradients {
      for channel in 0..<channels {
        let values = try latents_NCHW.select(dim: 1, index: channel).to(.float64)
        let mean = try values.mean().item()
        means.append(mean)
        squares.append(try (values - mean).square().sum().item())
      }
    }
  }

  /// Takes in the moments of other values.
  mutating func add(_ other: ChannelMoments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let total = count + other.count
    for channel in means.indices {
      let difference = other.means[channel] - means[channel]
      means[channel] += difference * other.count / total
      squares[channel] += other.squares[channel] + difference * difference * count * other.count / total
    }
    count = total
  }

  /// The mean and the deviation of a sample (divided by one less than the number of values).
  var statistics: LatentStatistics {
    LatentStatistics(mean: means, standardDeviation: squares.map { ($0 / (count - 1)).squareRoot() })
  }
}

extension ChannelMoments {
  /// As they are noted with a file: numbers that read back to the same bits.
  var notes: [String: String] {
    func list(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    return [Self.names.count: "\(count)", Self.names.means: list(means), Self.names.squares: list(squares)]
  }

  /// The moments of all files, from the notes of each.
  ///
  /// - Throws: ``TrainingError/damagedFeatures(path:)`` if a file has none, or of another number of channels.
  init(ofAll notes: [[String: String]]) throws {
    for note in notes {
      func list(_ name: String) -> [Double] { (note[name] ?? "").split(separator: " ").compactMap { Double($0) } }
      var part = try ChannelMoments(nil)
      guard let count = list(Self.names.count).first else {
        throw TrainingError.damagedFeatures(path: "stored latents")
      }
      (part.count, part.means, part.squares) = (count, list(Self.names.means), list(Self.names.squares))
      guard part.means.count == part.squares.count, means.isEmpty || part.means.count == means.count else {
        throw TrainingError.damagedFeatures(path: "stored latents")
      }
      add(part)
    }
  }
}
