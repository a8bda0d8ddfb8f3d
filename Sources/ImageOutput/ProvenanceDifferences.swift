import Diffusion

/// A setting that differs from what an image's file says.
public struct ProvenanceDifference: Equatable, Sendable, Encodable {
  /// The setting's key in the file, such as `model-hash`.
  public var key: String
  /// What the file says; nil if it says nothing.
  public var recorded: String?
  /// The value that the drawn image has; nil if it has none.
  public var now: String?

  enum CodingKeys: String, CodingKey {
    case key, now
    case recorded = "image"
  }
}

extension RecordedProvenance {
  /// The settings in which an image that was drawn again differs from its file. Settings that are newer than the file
  /// are not compared.
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
      ("guidance-from", guidanceFrom.rawValue, drawn.guidanceFrom.rawValue),
      ("sampler", sampler.rawValue, drawn.sampler.rawValue),
      ("eta", "\(eta)", "\(drawn.eta)"),
      ("initial-latents", initialLatents, drawn.initialLatents),
      ("best-of", choice.map { "\($0)" }, drawn.choice.map { "\($0)" }),
      ("model", modelName, drawn.modelName),
      ("model-hash", modelHash, drawn.modelHash),
      ("text-encoder-hash", textEncoderHash, textEncoderHash.map { _ in drawn.textEncoderHash }),
      ("version", self.version, version),
      ("device", device, drawn.device),
      ("precision", precision, drawn.precision),
      ("threads", "\(threads)", "\(drawn.threads)"),
      ("watermark", isWatermarked ? Watermark.version : nil, drawn.isWatermarked ? Watermark.version : nil),
      ("stamp", isStamped ? "true" : nil, drawn.isStamped ? "true" : nil),
      ("preview-step", previewStep.map { "\($0)" }, nil),
    ]
    return pairs.filter { $0.1 != $0.2 }.map { ProvenanceDifference(key: $0.0, recorded: $0.1, now: $0.2) }
  }
}
