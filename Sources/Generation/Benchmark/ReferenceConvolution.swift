import Support
import Torch

/// The convolution that every speed is compared with: 3x3, 64 channels to 64, 32x32 pixels, a batch of two, float32,
/// channels last. Machines differ by three and more; the share of this rate is what a change can be judged by.
public enum ReferenceConvolution {
  static let batch = 2
  static let channels = 64
  static let side = 32

  /// Multiplications and additions of one call.
  static var operations: Double { 2 * Double(batch * channels * channels * 9 * side * side) }

  /// The rate in GFLOP/s on the CPU: the median over at least `duration` seconds of calls, after a warm-up.
  ///
  /// - Throws: `TorchError` if LibTorch cannot be opened.
  public static func rate(duration: Double = 0.5) throws -> Double {
    try withoutGradients {
      let generator = try Generator(seed: 0)
      let input_BCHW = try Tensor.randn([batch, channels, side, side], generator: generator)
        .contiguous(memoryFormat: .channelsLast)
      let weight = try Tensor.randn([channels, channels, 3, 3], generator: generator)
        .contiguous(memoryFormat: .channelsLast)
      let bias = try Tensor.zeros([channels])
      func call() throws { _ = try input_BCHW.conv2d(weight: weight, bias: bias, padding: [1, 1]) }
      for _ in 0..<20 { try call() }
      let clock = ContinuousClock()
      let end = clock.now + .seconds(duration)
      var times: [Double] = []
      while clock.now < end {
        // Ten calls at a time, so that reading the clock does not count.
        let time = try clock.measure { for _ in 0..<10 { try call() } }
        times.append(time.seconds / 10)
      }
      return operations / times.median / 1e9
    }
  }
}
