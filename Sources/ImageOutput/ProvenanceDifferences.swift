import Diffusion

/// One setting that is not what an image's file says.
public struct ProvenanceDifference: Equatable, Sendable, Encodable {
  /// What is another, such as `model-hash`, by the key that the file has it under.
  public var key: String
  /// What the file says; nil if it says nothing.
  public var recorded: String?
  /// What is now; nil if there is nothing.
  public var now: String?

  enum CodingKeys: String, CodingKey {
    case key, now
    case recorded = "image"
  }
}

extension RecordedProvenance {
  /// What is not as the file says in an image that was drawn after it. Settings that the file does not know, being older
  /// than they are, are not compared.
  public func differences(from drawn: Provenance, version: String) -> [ProvenanceDifference] {
    let pairs: [(String, String?, String?)] = [
      ("prompt", prompt, drawn.prompt),
      ("negative", negative, drawn.negative),
      ("seed", "\(seed)", "\(drawn.seed)"),
      ("steps", "\(steps)", "\(drawn.steps)"),
      ("guidance", "\(guidance)", "\(drawn.guidance)"),
      ("guidance-rescale", guidanceRescale.map { "\($0)" }, guidanceRescale.map { _ in "\(drawn.guidanceRescale)" }),
      (
        "guidance-interval", guidanceInterval.map { "\($0)" },
        guidanceInterval.map { _ in "\(GuidanceInterval(drawn.guidanceInterval))" }
      ),
      ("sampler", sampler.rawValue, drawn.sampler.rawValue),
      ("eta", "\(eta)", "\(drawn.eta)"),
      ("initial-latents", initialLatents, drawn.initialLatents),
      ("model", modelName, drawn.modelName),
      ("model-hash", modelHash, drawn.modelHash),
      ("text-encoder-hash", textEncoderHash, textEncoderHash.map { _ in drawn.textEncoderHash }),
      ("version", self.version, version),
      ("device", device, drawn.device),
      ("precision", precision, drawn.precision),
      ("threads", "\(threads)", "\(drawn.threads)"),
      ("preview-step", previewStep.map { "\($0)" }, nil),
    ]
    return pairs.filter { $0.1 != $0.2 }.map { ProvenanceDifference(key: $0.0, recorded: $0.1, now: $0.2) }
  }
}
