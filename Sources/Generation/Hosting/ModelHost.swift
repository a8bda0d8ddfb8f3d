import Diffusion
import Foundation
import ImageFiles
import ImageOutput
import Models
import Support
import Tokenization
import Torch

/// A model that is loaded once and then answers requests, one after another, on a thread of its own.
///
///     let host = try await ModelHost.load("thorax-small")
///     let result = try await host.generate(GenerationRequest(prompt: "Large left pleural effusion.", seed: 7))
///     try Data(result.images[0].encoded(as: .png)).write(to: URL(fileURLWithPath: "cxr.png"))
///
/// The same request on the same device with the same number of threads gives the same bytes, whatever was asked
/// before: every image is drawn alone, from a generator of its own.
public actor ModelHost {
  private let thread: TensorThread
  private let model: Loaded
  /// What was made for the last prompts and schedules, the latest at the end: a second image of the same needs neither
  /// again, also where a service draws the images of several requests by turns.
  private var recent: [(key: DenoisingKey, prepared: Prepared)] = []
  private static let recentLimit = 8

  public nonisolated let description: ModelDescription
  /// SHA-256 of the model.
  public nonisolated let hash: String
  /// SHA-256 of the text encoder's weights.
  public nonisolated let textEncoderHash: String
  public nonisolated let device: Device
  /// Bytes of the model on disk, without the text encoder.
  public nonisolated let byteCount: Int
  /// The networks' arithmetic: any choice but `automatic`.
  public nonisolated let precision: PrecisionChoice
  /// Processor threads that one operation may use.
  public nonisolated let threads: Int
  /// Milliseconds that loading took.
  public nonisolated let loadTime: Double
  /// The part of ``loadTime`` that LibTorch's own start took; next to nothing where it had started before.
  public nonisolated let libraryTime: Double

  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// Tensors that only the host's own thread touches: they are made, used and freed there.
  private struct Loaded: @unchecked Sendable {
    var model: LoadedModel
    var device: Device
    var precision: PrecisionChoice
    var threads: Int
    var libraryTime: Double
  }

  private struct DenoisingKey: Equatable {
    var prompt: String
    var negative: String?
    var sampling: SamplingSettings
  }

  /// What is made for a prompt before the first step.
  private struct Prepared {
    var denoising: Denoising
    /// Tokens of the prompt and of the negative prompt that were read.
    var tokens: Int
    var truncation: Truncation?
  }

  private init(
    _ loaded: Loaded, thread: TensorThread, hash: String, textEncoderHash: String, byteCount: Int, loadTime: Double
  ) {
    self.thread = thread
    self.hash = hash
    self.textEncoderHash = textEncoderHash
    self.byteCount = byteCount
    self.loadTime = loadTime
    libraryTime = loaded.libraryTime
    model = loaded
    description = loaded.model.description
    device = loaded.device
    precision = loaded.precision
    threads = loaded.threads
  }

  /// Loads a model by name or path.
  ///
  /// - Parameters:
  ///   - reference: A name in `catalog`, or the path of a model folder or of a checkpoint of the author's code.
  ///   - threads: Processor threads to compute with; nil leaves the choice to LibTorch, one for each core.
  /// - Throws: ``ModelError``, `TorchError`, `TensorFileError`, `FileAccessError`.
  public static func load(
    _ reference: String = ModelCatalog.defaultName, catalog: ModelCatalog = .standard(),
    device: DeviceChoice = .automatic, precision: PrecisionChoice = .automatic, threads: Int? = nil
  ) async throws -> ModelHost {
    try await load(
      ModelSource(path: catalog.path(for: reference)), device: device, precision: precision, threads: threads)
  }

  /// Loads a model.
  ///
  /// - Parameter textEncoder: The folder of the text encoder; nil looks it up by the name that the model gives.
  /// - Throws: `ModelError`, `TextEncoderError`, `TokenizationError`, `TensorFileError`, `FileAccessError` for files that
  ///   cannot be used; `TorchError` for a device that is not there.
  public static func load(
    _ source: ModelSource, textEncoder: URL? = nil, device: DeviceChoice = .automatic,
    precision: PrecisionChoice = .automatic, threads: Int? = nil
  ) async throws -> ModelHost {
    let clock = ContinuousClock()
    let start = clock.now
    let encoder = try textEncoder ?? TextEncoder.locate(name: source.description.textEncoder.name)
    async let hash = source.hash()
    async let encoderHash = source.description.textEncoder.verify(folder: encoder)
    let thread = TensorThread(name: "thorax.tensors")
    let loaded = try await thread.run { _ in
      let libraryTime = try clock.measure { try LibTorch.load() }.milliseconds
      if let threads { try LibTorch.setThreads(threads) }
      let device = try device.resolved()
      let precision = try precision.resolved(
        on: device, allowingInt8: source.description.allowsInt8 ?? false)
      return Loaded(
        model: try LoadedModel(
          source, textEncoder: encoder, device: device, dtype: precision.dtype, isQuantised: precision == .int8),
        device: device,
        precision: precision, threads: try LibTorch.threads(), libraryTime: libraryTime)
    }
    return try await ModelHost(
      loaded, thread: thread, hash: hash, textEncoderHash: encoderHash, byteCount: source.byteCount(),
      loadTime: (clock.now - start).milliseconds)
  }

  /// Loads a model folder.
  ///
  /// - Throws: As loading from a source.
  public static func load(
    _ folder: ModelFolder, textEncoder: URL? = nil, device: DeviceChoice = .automatic,
    precision: PrecisionChoice = .automatic, threads: Int? = nil
  ) async throws -> ModelHost {
    try await load(
      ModelSource(folder), textEncoder: textEncoder, device: device, precision: precision, threads: threads)
  }

  /// Draws what `request` asks for.
  ///
  /// - Parameter observe: Called on the host's thread as work goes on; throwing from it ends the work.
  /// - Throws: `CancellationError` between two steps once the task is cancelled; ``RequestError`` and
  ///   `DiffusionError` for a request that this model cannot do.
  public func generate(
    _ request: GenerationRequest, observe: @Sendable (GenerationEvent) throws -> Void = { _ in }
  ) throws -> GenerationResult {
    let result = try withoutGradients { try draw(request, observe: observe) }
    try observe(.finished(result))
    return result
  }

  /// What the autoencoder keeps of an image: encoded to the latent's mean, and decoded.
  ///
  /// - Throws: ``RequestError`` for an image of another size than the model's.
  public func reconstruct(_ image: GrayscaleImage) throws -> GrayscaleImage {
    try withoutGradients { try model.model.reconstruct(image) }
  }

  /// The mean of an image's latent, averaged over squares so that at most `side` x `side` places remain; channel by
  /// channel, row by row.
  ///
  /// - Throws: ``RequestError`` for an image of another size than the model's.
  public func latent(of image: GrayscaleImage, side: Int) throws -> [Float] {
    try withoutGradients {
      let latent_1CHW = try model.model.encode(image).to(.float32).contiguous()
      let square = max(1, latent_1CHW.shape[2] / max(1, side))
      return try latent_1CHW.avgPool2D(kernelSize: [square, square]).contiguous().floats()
    }
  }

  /// The same as a sequence of events, which ends with ``GenerationEvent/finished(_:)``. Leaving the loop early stops
  /// the work at the next step.
  public nonisolated func events(for request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
    AsyncThrowingStream { continuation in
      let work = Task {
        do {
          _ = try await generate(request) { _ = continuation.yield($0) }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in work.cancel() }
    }
  }

  /// The settings of a request with the model's own where it says nothing.
  ///
  /// - Throws: ``RequestError`` for numbers that mean nothing, or more steps than the model has timesteps.
  public nonisolated func sampling(for settings: SamplingOverrides) throws -> SamplingSettings {
    try description.sampling(for: settings)
  }

  // MARK: Work on the host's thread

  private func draw(_ request: GenerationRequest, observe: (GenerationEvent) throws -> Void) throws -> GenerationResult
  {
    let clock = ContinuousClock()
    let start = clock.now
    var timings = GenerationTimings()
    let sampling = try description.sampling(for: request.settings)
    try request.check(against: description.latentShape, guidance: sampling.guidance)
    let prepared = try prepare(request, sampling)
    let denoising = prepared.denoising
    timings.text = (clock.now - start).milliseconds

    var images: [GeneratedImage] = []
    for index in 0..<request.count {
      try Task.checkCancellation()
      let began = clock.now
      let provenance = provenance(request, sampling, index: index)
      let initial = try request.initialLatents.map { try $0[index].tensor().to(model.device) }
      let latents_1CHW = try denoising.sample(
        generator: Generator(seed: provenance.seed), initialLatents_1CHW: initial
      ) { state in
        try Task.checkCancellation()
        try observe(.step(image: index, step: state.stepsTaken, steps: denoising.plan.steps.count))
        if let interval = request.previewInterval, state.stepsTaken % interval == 0, !state.isFinished,
          let guess_1CHW = state.denoised
        {
          let preview = GeneratedImage(
            index: index,
            drawn: SyntheticImage(
              try model.model.decode(guess_1CHW), provenance: provenance, previewStep: state.stepsTaken))
          try observe(.preview(step: state.stepsTaken, preview))
        }
      }
      let denoised = clock.now
      let image = GeneratedImage(
        index: index, drawn: SyntheticImage(try model.model.decode(latents_1CHW), provenance: provenance),
        latents: request.keepsLatents
          ? Latents(shape: description.latentShape, values: try latents_1CHW.contiguous().floats()) : nil)
      timings.denoise += (denoised - began).milliseconds
      timings.decode += (clock.now - denoised).milliseconds
      images.append(image)
      try observe(.image(image))
    }
    timings.total = (clock.now - start).milliseconds
    return GenerationResult(
      images: images, timings: timings, peakMemoryBytes: peakMemoryBytes(), promptTokens: prepared.tokens,
      truncation: prepared.truncation)
  }

  private func prepare(
    _ request: GenerationRequest, _ sampling: SamplingSettings
  ) throws -> Prepared {
    let key = DenoisingKey(prompt: request.prompt, negative: request.settings.negative, sampling: sampling)
    if let place = recent.firstIndex(where: { $0.key == key }) {
      let known = recent.remove(at: place)
      recent.append(known)
      return known.prepared
    }
    if recent.count == Self.recentLimit { recent.removeFirst() }
    let positive = try model.model.condition(request.prompt)
    let negatives = try model.model.negatives(
      of: request.prompt, negative: request.settings.negative, sampling: sampling)
    let prepared = Prepared(
      denoising: try Denoising(
        model: model.model, sampling: sampling, positive: positive.condition, negatives: negatives.conditions),
      tokens: positive.tokens + negatives.tokens, truncation: positive.truncation)
    recent.append((key, prepared))
    return prepared
  }

  private func provenance(_ request: GenerationRequest, _ sampling: SamplingSettings, index: Int) -> Provenance {
    Provenance(
      prompt: request.prompt, negative: sampling.guidance == 1 ? nil : request.settings.negative,
      seed: request.seed + UInt64(index), steps: sampling.steps, guidance: sampling.guidance,
      guidanceRescale: sampling.guidanceRescale, guidanceInterval: sampling.guidanceInterval,
      guidanceFrom: sampling.guidanceFrom,
      sampler: sampling.sampler, eta: sampling.eta, modelName: description.name, modelHash: hash,
      textEncoderName: description.textEncoder.name, textEncoderHash: textEncoderHash,
      initialLatents: request.initialLatents?[index].hash, device: "\(device)",
      precision: precision.rawValue, threads: threads)
  }
}
