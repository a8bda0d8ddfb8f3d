import Support
import Torch

/// What drawing an image costs.
struct DrawingCost {
  /// How many images are timed; one before them is not.
  static let timed = 5

  /// The median time of an image.
  var milliseconds: Double
  /// The peak of all tensors while one image is drawn, in bytes; nil where they are not counted.
  var peakBytes: Int?

  /// Draws images for the clock alone.
  ///
  /// - Throws: What drawing throws; `CancellationError`, `TorchError`.
  init(
    of host: any ImageGenerator, prompts: [String], seed: UInt64, settings: DrawSettings = DrawSettings()
  ) async throws {
    var times: [Double] = []
    try TensorMemory.resetPeak()
    for index in 0...Self.timed {
      try Task.checkCancellation()
      let clock = ContinuousClock()
      let start = clock.now
      _ = try await host.draw(prompts[index % prompts.count], seed: seed &+ UInt64(index), settings: settings)
      times.append((clock.now - start) / .microseconds(1) / 1000)
    }
    (milliseconds, peakBytes) = (times.dropFirst().median, try TensorMemory.peakBytes())
  }
}
