import ImageOutput

/// Draws several images of a prompt and keeps the one that a judge finds nearest to it.
///
/// The candidates for an image have consecutive seeds, so that the kept one is the image that its seed gives alone. Of
/// equal scores the first is kept.
public struct BestOf {
  /// An image that was drawn, and what the judge says of it.
  public struct Candidate: Equatable, Sendable {
    public var seed: UInt64
    /// The logarithm of a probability, so at most 0.
    public var score: Double
  }

  /// What is left of a request.
  public struct Result: Sendable {
    /// The kept images; their provenance says how they were chosen. The timings are those of all candidates.
    public var generation: GenerationResult
    /// For each kept image all that it was chosen from, itself among them, in the order of their seeds.
    public var candidates: [[Candidate]]
  }

  private let host: ModelHost
  private let judge: any ImageJudge
  private let candidates: Int

  /// - Parameter candidates: The number of images that each one is chosen from.
  /// - Throws: ``RequestError/outOfRange(what:value:allowed:)`` unless it is in `ImageChoice.candidateRange`.
  public init(_ candidates: Int, host: ModelHost, judge: any ImageJudge) throws(RequestError) {
    try Self.check(candidates: candidates)
    (self.candidates, self.host, self.judge) = (candidates, host, judge)
  }

  /// - Throws: ``RequestError/outOfRange(what:value:allowed:)`` for a number that no image is chosen from.
  public static func check(candidates: Int) throws(RequestError) {
    let range = ImageChoice.candidateRange
    guard range.contains(candidates) else {
      throw .outOfRange(
        what: "best-of", value: "\(candidates)", allowed: "\(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// Draws what `request` asks for: image k is chosen from the seeds `seed + k * N` to `seed + k * N + N - 1`.
  ///
  /// - Parameter observe: Called on the host's thread with the number of the candidate, from 0 over all images; throwing
  ///   from it ends the work.
  /// - Throws: ``RequestError/conflict(_:remedy:)`` for a request with latents in place of noise, which would make all
  ///   candidates alike, or with previews; as `ModelHost.generate(_:observe:)`; what the judge throws.
  public func generate(
    _ request: GenerationRequest, observe: @Sendable (Int, GenerationEvent) throws -> Void = { _, _ in }
  ) async throws -> Result {
    try check(request)
    var images: [GeneratedImage] = []
    var all: [[Candidate]] = []
    var timings = GenerationTimings()
    var last: GenerationResult?
    for image in 0..<request.count {
      var tried: [Candidate] = []
      var best: (image: GeneratedImage, score: Double)?
      var one = request
      one.count = 1
      let firstSeed = request.seed + UInt64(image * candidates)
      for candidate in 0..<candidates {
        one.seed = firstSeed + UInt64(candidate)
        let number = image * candidates + candidate
        let result = try await host.generate(one) { try observe(number, $0) }
        timings += result.timings
        let scores = try judge.scores(of: result.images.map(\.image), prompt: request.prompt)
        for (drawn, score) in zip(result.images, scores) {
          tried.append(Candidate(seed: one.seed, score: score))
          if best.map({ score > $0.score }) ?? true { best = (drawn, score) }
        }
        last = result
      }
      guard let best else { continue }
      var kept = best.image
      kept.index = image
      kept.drawn.provenance.choice = ImageChoice(
        candidates: candidates, firstSeed: firstSeed, judgeHash: judge.hash, score: best.score)
      images.append(kept)
      all.append(tried)
    }
    return Result(
      generation: GenerationResult(
        images: images, timings: timings, peakMemoryBytes: last?.peakMemoryBytes ?? 0,
        promptTokens: last?.promptTokens ?? 0, truncation: last?.truncation),
      candidates: all)
  }

  private func check(_ request: GenerationRequest) throws(RequestError) {
    guard request.count >= 1, request.count <= OutputPlan.imageLimit / candidates else {
      throw .outOfRange(
        what: "count", value: "\(request.count)", allowed: "1 to \(OutputPlan.imageLimit / candidates)")
    }
    guard !request.seed.addingReportingOverflow(UInt64(request.count * candidates - 1)).overflow else {
      throw .outOfRange(
        what: "seed", value: "\(request.seed)",
        allowed: "one that leaves room for \(request.count * candidates) images")
    }
    if request.initialLatents != nil {
      throw .conflict("initial latents and best-of are both given", remedy: "leave one out, latents take noise's place")
    }
    if request.previewInterval != nil {
      throw .conflict("preview-every and best-of are both given", remedy: "leave one out, or draw the kept seed again")
    }
  }
}
