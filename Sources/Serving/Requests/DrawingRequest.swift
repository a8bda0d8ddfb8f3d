import Diffusion
import Foundation
import Generation
import Models
import Support
import Torch

/// What a client asks for, by whatever API: nothing is decided or checked yet that needs a model.
struct DrawingRequest: Sendable, Equatable {
  /// One prompt; a table has several, each with a seed of its own if the table says so.
  struct Entry: Sendable, Equatable {
    var prompt: String
    var seed: UInt64?
  }

  var entries: [Entry]
  var model: String?
  /// Seed of the first image; nil draws one.
  var seed: UInt64?
  /// Images of each prompt.
  var count = 1
  var settings = SamplingOverrides()
  var previewInterval: Int?
  var isStamped = false

  /// Takes the fields of the service's own API.
  ///
  /// - Throws: ``APIError`` for fields of another type.
  init(_ fields: inout RequestFields, limits: ServiceLimits) throws(APIError) {
    guard let prompt = try fields.text("prompt", limit: limits.promptBytes) else {
      throw APIError(.invalidField, "prompt is missing: describe the radiograph", field: "prompt")
    }
    let entries = [Entry(prompt: prompt)]
    try self.init(settings: &fields, limits: limits, entries: entries)
  }

  /// Takes the fields that say how to draw, for prompts that come from elsewhere.
  ///
  /// - Throws: ``APIError`` for fields of another type.
  init(settings fields: inout RequestFields, limits: ServiceLimits, entries: [Entry]) throws(APIError) {
    self.entries = entries
    model = try fields.text("model")
    seed = try fields.whole("seed", as: UInt64.self)
    count = try fields.whole("count") ?? 1
    previewInterval = try fields.whole("preview_every")
    isStamped = try fields.flag("stamp") ?? false
    settings.quality = try fields.text("quality").map { (name) throws(APIError) in try Self.quality(name) }
    settings.steps = try fields.whole("steps")
    settings.guidance = try fields.number("guidance")
    settings.guidanceRescale = try fields.number("guidance_rescale")
    settings.guidanceInterval = try fields.text("guidance_interval").map(Self.interval)
    settings.guidanceFrom = try fields.text("guidance_from").map { (name) throws(APIError) in try Self.reference(name) }
    settings.negative = try fields.text("negative_prompt", limit: limits.promptBytes)
    settings.sampler = try fields.text("sampler").map { (name) throws(APIError) in try Self.sampler(name) }
    settings.eta = try fields.number("eta")
  }

  init(prompt: String) { entries = [Entry(prompt: prompt)] }

  /// A sampler by the name that it has on the command line.
  ///
  /// - Throws: ``APIError`` with `out_of_range`.
  static func sampler(_ name: String, field: String = "sampler") throws(APIError) -> SamplerKind {
    guard let sampler = SamplerKind(rawValue: name.lowercased()) else {
      throw APIError(
        .outOfRange,
        "the sampler '\(name.onOneLine(limit: 40))' is not known: choose one of "
          + SamplerKind.allCases.map(\.rawValue).joined(separator: ", "), field: field)
    }
    return sampler
  }

  private static func quality(_ name: String) throws(APIError) -> SamplingQuality {
    guard let quality = SamplingQuality(rawValue: name) else {
      throw APIError(
        .outOfRange, "quality is '\(name.onOneLine(limit: 40))': choose fast or best", field: "quality")
    }
    return quality
  }

  private static func reference(_ name: String) throws(APIError) -> GuidanceReference {
    guard let reference = GuidanceReference(rawValue: name) else {
      throw APIError(
        .outOfRange, "guidance_from is '\(name.onOneLine(limit: 40))': choose nothing or opposites",
        field: "guidance_from")
    }
    return reference
  }

  private static func interval(_ text: String) throws(APIError) -> GuidanceInterval {
    guard let interval = GuidanceInterval(text: text) else {
      throw APIError(
        .outOfRange,
        "guidance_interval is '\(text.onOneLine(limit: 40))': choose two times from 0 to 1, such as 0.3-0.9, or none",
        field: "guidance_interval")
    }
    return interval
  }

  /// Decides models, seeds and settings, and what the images cost.
  ///
  /// Image k over all prompts has the seed `seed + k`, as with `thorax generate`; a prompt that has a seed starts there.
  ///
  /// - Parameter images: The most images.
  /// - Throws: ``APIError`` for what the model or the service cannot do.
  func order(
    _ models: ServedModels, limits: ServiceLimits, images limit: Int, account: String
  ) throws(APIError) -> DrawingOrder {
    guard count >= 1, count <= limit, entries.count <= limit, count * entries.count <= limit else {
      let asked = entries.count == 1 ? "\(count)" : "\(entries.count) x \(count)"
      throw APIError(.outOfRange, "count is \(asked): choose 1 to \(limit) images in all", field: "count")
    }
    if let steps = settings.steps, !(1...limits.steps).contains(steps) {
      throw APIError(.outOfRange, "steps is \(steps): choose 1 to \(limits.steps)", field: "steps")
    }
    if let previewInterval, previewInterval < 1 {
      throw APIError(
        .outOfRange, "preview_every is \(previewInterval): choose at least 1", field: "preview_every")
    }
    let model = try models.model(named: model)
    do {
      let sampling = try model.description.sampling(for: settings)
      if sampling.steps > limits.steps {
        throw APIError(
          .outOfRange,
          "\(model.name) takes \(sampling.steps) steps of itself: give steps of 1 to \(limits.steps)", field: "steps")
      }
      let first = seed ?? UInt64(UInt32.random(in: .min ... .max))
      var images: [DrawingOrder.Image] = []
      for (index, entry) in entries.enumerated() {
        guard entry.prompt.utf8.count <= limits.promptBytes else {
          throw APIError(
            .outOfRange, "prompt \(index + 1) has \(entry.prompt.utf8.count) bytes: give at most \(limits.promptBytes)",
            field: "prompt")
        }
        _ = try PromptEntry(given: entry.prompt, index: index)
        try SamplingOverrides.check(prompt: entry.prompt, index: index, guidance: sampling.guidance)
        for copy in 0..<count {
          let start = entry.seed.map { ($0, copy) } ?? (first, images.count)
          let (seed, overflow) = start.0.addingReportingOverflow(UInt64(start.1))
          if overflow {
            throw APIError(
              .outOfRange, "seed is \(start.0): choose one that leaves room for all images", field: "seed")
          }
          images.append(DrawingOrder.Image(prompt: entry.prompt, seed: seed))
        }
      }
      return DrawingOrder(
        account: account, model: model.name, images: images, settings: settings, sampling: sampling,
        isStamped: isStamped, previewInterval: previewInterval,
        cost: try models.cost(of: model, sampling: sampling, images: images.count))
    } catch {
      throw APIError(drawing: error)
    }
  }
}

extension APIError {
  /// An error of drawing as a client may see it: what is wrong with the request in full, what is wrong with the service
  /// in short.
  init(drawing error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as RequestError: self = APIError(request: error)
    case let error as DiffusionError:
      switch error {
      case .invalidSetting, .stepsOutOfRange, .unknownSampler, .undeterminedPrediction:
        self = APIError(.outOfRange, "\(error)".onOneLine(limit: 300))
      default: self = Self.unexpected
      }
    case TorchError.outOfMemory:
      self = APIError(.outOfMemory, "there is not enough memory for the image: try again later", retryAfter: 30)
    default: self = Self.unexpected
    }
  }

  static let unexpected = APIError(.internal, "the service failed: see its log")

  private init(request error: RequestError) {
    let text = "\(error)".onOneLine(limit: 300)
    switch error {
    case .outOfRange(let what, _, _): self = APIError(.outOfRange, text, field: what.replacing("-", with: "_"))
    case .unknown(let what, _, _): self = APIError(.outOfRange, text, field: what)
    case .emptyPrompt, .noPrompt: self = APIError(.emptyPrompt, text, field: "prompt")
    case .controlCharacter: self = APIError(.invalidField, text, field: "prompt")
    case .imageExtension, .conflict: self = APIError(.conflict, text)
    }
  }
}
