import Foundation
import ImageFiles
import Models
import RadiographModels
import Support
import Torch

/// Times of a model's parts on this machine, beside the rate of the reference convolution measured in the same run.
public struct BenchmarkReport: Encodable, Sendable {
  public struct Case: Encodable, Sendable {
    public var name: String
    /// Median and 95th percentile, in milliseconds.
    public var p50: Double
    public var p95: Double
    public var runs: Int
    /// The most memory of the process up to the end of the case; for steps of training, the most memory of their
    /// tensors.
    public var peakMemoryBytes: Int
    /// Multiplications and additions, in thousands of millions; nil where they are not counted.
    public var gflop: Double?
    /// `gflop` over the median.
    public var gflopPerSecond: Double?
    /// The rate over that of the reference convolution.
    public var share: Double?
    /// Images a second in training; nil for other cases.
    public var imagesPerSecond: Double?
    /// The median processor time of a step of training, all threads together, in milliseconds; nil for other cases.
    public var processorP50: Double?
    /// The loss of each step of training from the first, the steps before the measured ones included; nil for other
    /// cases.
    public var losses: [Double?]?

    /// - Parameter milliseconds: The time of each run; at least one.
    public init(name: String, milliseconds: [Double], peakMemoryBytes: Int) {
      let ordered = milliseconds.sorted()
      self.name = name
      p50 = ordered.median
      p95 = ordered[min(ordered.count - 1, ordered.count * 95 / 100)]
      runs = ordered.count
      self.peakMemoryBytes = peakMemoryBytes
    }

    enum CodingKeys: String, CodingKey {
      case name, runs, gflop, share, losses
      case imagesPerSecond = "images_per_second"
      case processorP50 = "processor_ms_p50"
      case p50 = "ms_p50"
      case p95 = "ms_p95"
      case peakMemoryBytes = "peak_memory_bytes"
      case gflopPerSecond = "gflop_per_second"
    }
  }

  public var cases: [Case] = []
  public var machine = Machine.current()
  public var model: String
  public var device: String
  public var precision: String
  public var threads: Int
  /// GFLOP/s of the reference convolution, the better of before and after the cases.
  public var referenceGflopPerSecond = 0.0

  public init(model: String, device: String, precision: String, threads: Int) {
    self.model = model
    self.device = device
    self.precision = precision
    self.threads = threads
  }

  enum CodingKeys: String, CodingKey {
    case cases, machine, model, device, precision, threads
    case referenceGflopPerSecond = "reference_gflop_per_second"
  }
}

/// Measures generation: text encoding aside, all work of an image.
public struct GenerationBenchmark: Sendable {
  public var description: ModelDescription
  /// The weights; nil measures the architecture with random ones, which costs the same.
  public var source: ModelSource?
  public var settings: SamplingOverrides
  public var device: DeviceChoice
  public var precision: PrecisionChoice
  public var threads: Int?
  public var runs: Int
  /// Tokens of the prompt; a model that attends to padding always has its limit.
  public var tokens: Int

  public static let runsRange = 1...10_000

  public init(
    description: ModelDescription, source: ModelSource? = nil, settings: SamplingOverrides = SamplingOverrides(),
    device: DeviceChoice = .automatic, precision: PrecisionChoice = .automatic, threads: Int? = nil, runs: Int = 10,
    tokens: Int = 32
  ) {
    self.description = description
    self.source = source
    self.settings = settings
    self.device = device
    self.precision = precision
    self.threads = threads
    self.runs = runs
    self.tokens = tokens
  }

  /// Runs every case, after a warm-up of one.
  ///
  /// - Parameters:
  ///   - progress: Called after every run, with the runs done; there are ``totalRuns``.
  ///   - observe: Called with each case as it is done.
  /// - Throws: ``RequestError`` for settings that the model cannot do; `TorchError`; `CancellationError` between two
  ///   steps.
  public func run(
    progress: @escaping @Sendable (Int) -> Void = { _ in },
    observe: @escaping @Sendable (BenchmarkReport.Case) -> Void = { _ in }
  ) async throws -> BenchmarkReport {
    let thread = TensorThread(name: "thorax.benchmark")
    return try await thread.run { checkCancellation in
      try withoutGradients { try measure(checkCancellation, progress: progress, observe: observe) }
    }
  }

  private static let caseCount = 4

  /// The runs of all cases, warm-ups included.
  public var totalRuns: Int { Self.caseCount * (runs + 1) }

  private func measure(
    _ checkCancellation: TensorThread.CancellationCheck, progress: (Int) -> Void,
    observe: (BenchmarkReport.Case) -> Void
  ) throws -> BenchmarkReport {
    if let threads { try LibTorch.setThreads(threads) }
    let device = try device.resolved()
    let precision = try precision.resolved(on: device, allowingInt8: description.allowsInt8 ?? false)
    let sampling = try description.sampling(for: settings)
    let model = try LoadedModel(
      description, weights: source?.weights() ?? Self.randomWeights(of: description.architecture),
      source: source?.path ?? description.preset, textConditioner: nil, device: device,
      dtype: precision.dtype, isQuantised: precision == .int8)
    var report = BenchmarkReport(
      model: description.name, device: "\(device)", precision: precision.rawValue,
      threads: try LibTorch.threads())
    let before = try ReferenceConvolution.rate()

    let projection = description.architecture.textProjection
    let length = projection.attendsToPadding ? projection.tokenLimit : min(tokens, projection.tokenLimit)
    let cost = try SamplingCost(description, sampling: sampling, tokens: length)
    let guided = sampling.guidance != 1
    let generator = try Generator(seed: 0)
    let hidden_1SD = try Tensor.randn([1, length, projection.hiddenWidth], generator: generator).to(device).to(
      precision.dtype)
    let mask_1S = try Tensor.ones([1, length], dtype: .bool, device: device)

    func makeDenoising() throws -> Denoising {
      let text = try model.textProjection(hidden_1SD, mask_BS: mask_1S)
      // Opposites are about as long as their prompt.
      let negative =
        sampling.guidanceFrom == .nothing
        ? try model.textProjection.null(count: 1, tokens: projection.attendsToPadding ? length : 1) : text
      return try Denoising(
        model: model, sampling: sampling, positive: text,
        negatives: guided ? [TextCondition](repeating: negative, count: sampling.guidanceFrom.textCount) : [])
    }
    let denoising = try makeDenoising()
    let latents_1CHW = try Tensor.randn([1] + description.latentShape, generator: generator).to(device)
    func sample() throws -> Tensor {
      try denoising.sample(generator: Generator(seed: 1), initialLatents_1CHW: nil) { _ in try checkCancellation() }
    }

    try add("condition", Double(cost.text), to: &report, progress, observe) { _ = try makeDenoising() }
    try add("denoise, \(cost.calls) calls", Double(cost.denoising), to: &report, progress, observe) {
      // Reading the values waits for a GPU to finish.
      _ = try sample().floats()
    }
    try add("decode", Double(cost.decoder), to: &report, progress, observe) { _ = try model.decode(latents_1CHW) }
    try add("image", Double(cost.image), to: &report, progress, observe) {
      _ = try model.decode(sample()).encoded(as: .png)
    }
    report.referenceGflopPerSecond = max(before, try ReferenceConvolution.rate())
    for index in report.cases.indices {
      report.cases[index].share = report.cases[index].gflopPerSecond.map { $0 / report.referenceGflopPerSecond }
    }
    return report
  }

  private func add(
    _ name: String, _ operations: Double, to report: inout BenchmarkReport,
    _ progress: (Int) -> Void, _ observe: (BenchmarkReport.Case) -> Void, _ body: () throws -> Void
  ) throws {
    let before = report.cases.count * (runs + 1)
    try body()
    progress(before + 1)
    let clock = ContinuousClock()
    var times: [Double] = []
    for _ in 0..<runs {
      times.append(try clock.measure(body).milliseconds)
      progress(before + 1 + times.count)
    }
    var result = BenchmarkReport.Case(name: name, milliseconds: times, peakMemoryBytes: peakMemoryBytes())
    result.gflop = operations / 1e9
    result.gflopPerSecond = operations / 1e9 / (result.p50 / 1000)
    report.cases.append(result)
    observe(result)
  }

  /// Weights drawn by the rules of a fresh network.
  static func randomWeights(of architecture: ModelArchitecture) throws -> ModelWeights {
    let generator = try Generator(seed: 0)
    return try Dictionary(
      uniqueKeysWithValues: ModelPart.all.map { ($0, try $0.freshWeights(of: architecture, generator: generator)) })
  }
}
