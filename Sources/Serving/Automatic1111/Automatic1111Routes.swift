import Diffusion
import Foundation
import HTTPTypes
import Hummingbird
import ImageFiles
import Support

/// The text-to-image API of AUTOMATIC1111's web interface, as far as its clients need it to draw: what has no effect here is
/// named in the answer's `info`.
struct Automatic1111Routes: RouteList {
  let service: DrawingService
  let progress = ProgressBoard()

  var routes: [Route] {
    [
      .post("/sdapi/v1/txt2img", draw), .get("/sdapi/v1/progress", showProgress), .get("/sdapi/v1/samplers", samplers),
      .get("/sdapi/v1/sd-models", models), .get("/sdapi/v1/options", options),
    ]
  }

  /// That program's names of our samplers.
  static let samplerNames: [(name: String, kind: SamplerKind)] = [
    ("Euler", .euler), ("Euler a", .eulerAncestral), ("Heun", .heun), ("DPM++ 2M", .dpmSolver),
    ("DPM++ 2M SDE", .dpmSolverSDE), ("DDIM", .ddim), ("DDPM", .ddpm),
  ]

  // MARK: Drawing

  private struct Overrides: Decodable {
    var sd_model_checkpoint: String?
  }

  private func draw(_ request: Request, _ context: ServingContext) async throws -> Response {
    var fields = try await request.fields(service.limits)
    let (drawing, notes, sendsImages) = try read(&fields)
    let account = context.caller.account
    let order = try drawing.order(
      service.models, limits: service.limits, images: service.limits.images, account: account)
    var decided = drawing
    decided.seed = order.images[0].seed
    let board = progress
    if board.wantsPreviews(account: account) { decided.previewInterval = max(1, order.sampling.steps / 4) }
    let ticket = board.begin(account: account, images: order.images.count, steps: order.sampling.steps)
    defer { board.end(account: account, ticket) }
    let done = try await service.draw(decided, as: .png, context, api: "automatic1111") { _, event in
      board.record(account: account, ticket, event)
    }
    return try .json(Answer(done, notes: notes, sendsImages: sendsImages))
  }

  private func read(_ fields: inout RequestFields) throws(APIError) -> (DrawingRequest, [String], Bool) {
    let limit = service.limits.promptBytes
    var drawing = DrawingRequest(prompt: try fields.text("prompt", limit: limit) ?? "")
    var notes: [String] = []
    let negative = try fields.text("negative_prompt", limit: limit) ?? ""
    // That API's default is an empty text.
    if !negative.allSatisfy(\.isWhitespace) { drawing.settings.negative = negative }
    drawing.settings.steps = try fields.whole("steps")
    drawing.settings.guidance = try fields.number("cfg_scale")
    if let seed = try fields.whole("seed", as: Int64.self), seed >= 0 { drawing.seed = UInt64(seed) }
    let batch = try fields.whole("batch_size") ?? 1
    let rounds = try fields.whole("n_iter") ?? 1
    let range = 1...service.limits.images
    guard range.contains(batch), range.contains(rounds), range.contains(batch * rounds) else {
      throw APIError(
        .outOfRange, "batch_size x n_iter is \(batch) x \(rounds): choose 1 to \(range.upperBound) images in all",
        field: "batch_size")
    }
    drawing.count = batch * rounds
    let overrides = try fields.value(Overrides.self, "override_settings", "an object")
    // Clients send the title that `sd-models` gives, which ends in a hash.
    drawing.model = overrides?.sd_model_checkpoint.map { String($0.split(separator: " [").first ?? "") }
    let model = try service.models.model(named: drawing.model)
    let side = model.description.architecture.imageSide
    for name in ["width", "height"] {
      if let size = try fields.whole(name), size != side {
        notes.append("\(name) \(size) has no effect: \(model.name) draws \(side) pixels")
      }
    }
    let (byName, byIndex) = (try fields.text("sampler_name"), try fields.text("sampler_index"))
    let name = byName ?? byIndex ?? ""
    if !name.isEmpty, name.lowercased() != "automatic" {
      let known = Self.samplerNames.first { $0.name.lowercased() == name.lowercased() }?.kind
      drawing.settings.sampler = known
      if known == nil { drawing.settings.sampler = try DrawingRequest.sampler(name, field: "sampler_name") }
    }
    if let eta = try fields.number("eta") { drawing.settings.eta = eta }
    let sendsImages = try fields.flag("send_images") ?? true
    notes += fields.unread.prefix(100).map { "\($0.onOneLine(limit: 60)) has no effect" }
    return (drawing, notes, sendsImages)
  }

  private struct Answer: Encodable {
    struct Parameters: Encodable {
      var prompt: String
      var negative_prompt: String
      var steps: Int
      var cfg_scale: Double
      var seed: UInt64
      var sampler_name: String
      var batch_size: Int
      var width: Int
      var height: Int
    }

    struct Information: Encodable {
      var prompt: String
      var all_prompts: [String]
      var negative_prompt: String
      var seed: UInt64
      var all_seeds: [UInt64]
      var width: Int
      var height: Int
      var sampler_name: String
      var cfg_scale: Double
      var steps: Int
      var batch_size: Int
      var sd_model_name: String
      var sd_model_hash: String
      var infotexts: [String]
      var job_timestamp: String
      var notes: [String]
    }

    var images: [String]
    var parameters: Parameters
    /// JSON in a text, as that API has it.
    var info: String

    init(_ done: DrawingService.Drawing, notes: [String], sendsImages: Bool) throws {
      let order = done.order
      let first = done.files[0]
      let image = first.drawn.image
      let (width, height) = (image.image.width, image.image.height)
      let sampler =
        Automatic1111Routes.samplerNames.first { $0.kind == order.sampling.sampler }?.name
        ?? order.sampling.sampler.rawValue
      let prompt = order.images[0].prompt
      let negative = order.settings.negative ?? ""
      images = sendsImages ? done.files.map { Data($0.bytes).base64EncodedString() } : []
      parameters = Parameters(
        prompt: prompt, negative_prompt: negative, steps: order.sampling.steps, cfg_scale: order.sampling.guidance,
        seed: first.seed, sampler_name: sampler, batch_size: done.files.count, width: width, height: height)
      let cut = Set(done.files.compactMap(\.drawn.truncation)).map { "the prompt was \($0)" }
      info = try ServiceJSON.text(
        Information(
          prompt: prompt, all_prompts: order.images.map(\.prompt), negative_prompt: negative, seed: first.seed,
          all_seeds: done.files.map(\.seed), width: width, height: height, sampler_name: sampler,
          cfg_scale: order.sampling.guidance, steps: order.sampling.steps, batch_size: done.files.count,
          sd_model_name: order.model, sd_model_hash: String(image.provenance.modelHash.prefix(10)),
          infotexts: done.files.map {
            "\(prompt)\nSteps: \(order.sampling.steps), Sampler: \(sampler), CFG scale: \(order.sampling.guidance), "
              + "Seed: \($0.seed), Size: \(width)x\(height), Model: \(order.model)"
          }, job_timestamp: AuditLog.text(Date()), notes: notes + cut))
    }
  }

  // MARK: Lists

  private func samplers(_ request: Request, _ context: ServingContext) async throws -> Response {
    struct Sampler: Encodable {
      var name: String
      var aliases: [String]
      let options: [String: String] = [:]
    }
    return try .json(Self.samplerNames.map { Sampler(name: $0.name, aliases: [$0.kind.rawValue]) })
  }

  private func models(_ request: Request, _ context: ServingContext) async throws -> Response {
    struct Model: Encodable {
      var title: String
      var model_name: String
      var hash: String?
      var sha256: String?
      var filename: String
      let config: String? = nil
    }
    return try .json(
      service.models.models.map { model in
        let hash = service.models.host(of: model.name, worker: 0)?.hash
        return Model(
          title: hash.map { "\(model.name) [\($0.prefix(10))]" } ?? model.name, model_name: model.name,
          hash: hash.map { String($0.prefix(10)) }, sha256: hash, filename: model.name)
      })
  }

  private func options(_ request: Request, _ context: ServingContext) async throws -> Response {
    struct Options: Encodable {
      var sd_model_checkpoint: String
      let samples_format = "png"
      let samples_save = false
      let grid_save = false
    }
    return try .json(Options(sd_model_checkpoint: service.models.models[0].name))
  }

  private func showProgress(_ request: Request, _ context: ServingContext) async throws -> Response {
    let given = request.uri.queryParameters["skip_current_image"]?.lowercased()
    guard [nil, "true", "false", "1", "0"].contains(given) else {
      throw APIError(.invalidField, "skip_current_image is not true or false", field: "skip_current_image")
    }
    let skipsImage = given == "true" || given == "1"
    return try .json(progress.state(account: context.caller.account, withImage: !skipsImage))
  }
}
