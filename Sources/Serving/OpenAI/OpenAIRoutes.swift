import Foundation
import HTTPTypes
import Hummingbird
import ImageOutput
import NIOCore
import Support

/// The image API of OpenAI (<https://platform.openai.com/docs/api-reference/images>), as far as a text-to-image model of one
/// size can follow it. `seed`, `steps`, `guidance`, `negative_prompt` and `sampler` are taken as well; `quality` high
/// means the model's slow settings.
struct OpenAIRoutes: RouteList {
  let service: DrawingService
  /// The most images of one request, and of partial images of one, in OpenAI's API.
  private static let imageLimit = 10
  private static let partialLimit = 3

  var routes: [Route] {
    [
      .post("/v1/images/generations", generate), .get("/v1/models", models), .get("/v1/models/{model}", model),
    ]
  }

  // MARK: Models

  private struct ModelAnswer: Encodable {
    var id: String
    let object = "model"
    let created = 0
    let owned_by = "thorax"
  }

  private func models(_ request: Request, _ context: ServingContext) async throws -> Response {
    struct Answer: Encodable {
      let object = "list"
      var data: [ModelAnswer]
    }
    return try .json(Answer(data: service.models.models.map { ModelAnswer(id: $0.name) }))
  }

  private func model(_ request: Request, _ context: ServingContext) async throws -> Response {
    let name = context.parameters.get("model") ?? ""
    return try .json(ModelAnswer(id: try service.models.model(named: name.removingPercentEncoding ?? name).name))
  }

  // MARK: Images

  /// What a request asks for, in this API's words.
  private struct Asked {
    var drawing: DrawingRequest
    var format: OutputFormat
    var isStream: Bool
    var partialImages: Int
    var size: String
    /// Fields that have no effect here.
    var notes: [String]

    /// In this API's words.
    var quality: String { drawing.settings.quality == .best ? "high" : "medium" }
  }

  private func generate(_ request: Request, _ context: ServingContext) async throws -> Response {
    var fields = try await request.fields(service.limits)
    let asked = try read(&fields)
    return asked.isStream ? try await stream(asked, context) : try await answer(asked, context)
  }

  private func read(_ fields: inout RequestFields) throws(APIError) -> Asked {
    guard let prompt = try fields.text("prompt", limit: service.limits.promptBytes) else {
      throw APIError(.invalidField, "prompt is missing: describe the radiograph", field: "prompt")
    }
    var drawing = DrawingRequest(prompt: prompt)
    drawing.model = try fields.text("model")
    drawing.count = try fields.whole("n") ?? 1
    guard (1...Self.imageLimit).contains(drawing.count) else {
      throw APIError(.outOfRange, "n is \(drawing.count): choose 1 to \(Self.imageLimit)", field: "n")
    }
    drawing.seed = try fields.whole("seed", as: UInt64.self)
    drawing.settings.steps = try fields.whole("steps")
    drawing.settings.guidance = try fields.number("guidance")
    drawing.settings.negative = try fields.text("negative_prompt", limit: service.limits.promptBytes)
    drawing.settings.sampler = try fields.text("sampler").map { (name) throws(APIError) in
      try DrawingRequest.sampler(name)
    }
    let model = try service.models.model(named: drawing.model)
    let side = model.description.architecture.imageSide
    let size = "\(side)x\(side)"
    let wanted = try fields.text("size") ?? "auto"
    guard wanted == "auto" || wanted == size else {
      throw APIError(
        .outOfRange, "size is '\(wanted.onOneLine(limit: 40))': \(model.name) draws \(size), choose it or auto",
        field: "size")
    }
    let kind = try fields.text("response_format") ?? "b64_json"
    guard kind == "b64_json" else {
      throw APIError(
        .outOfRange, "response_format is '\(kind.onOneLine(limit: 40))': images are returned as b64_json alone",
        field: "response_format")
    }
    let format = try fields.text("output_format").map { (name) throws(APIError) in
      try OutputFormat(named: name, field: "output_format", among: [.png, .jpeg])
    }
    let isStream = try fields.flag("stream") ?? false
    let partialImages = try fields.whole("partial_images") ?? 0
    guard (0...Self.partialLimit).contains(partialImages) else {
      throw APIError(
        .outOfRange, "partial_images is \(partialImages): choose 0 to \(Self.partialLimit)", field: "partial_images")
    }
    var notes: [String] = []
    if let background = try fields.text("background"), background != "auto", background != "opaque" {
      notes.append("background has no effect: a radiograph is opaque")
    }
    if let quality = try fields.text("quality") {
      if ["high", "hd"].contains(quality) {
        drawing.settings.quality = .best
      } else if !["auto", "standard", "low", "medium"].contains(quality) {
        notes.append("quality is not low, medium or high and has no effect")
      }
    }
    for name in ["style", "moderation", "output_compression"] where try isGiven(name, &fields) {
      notes.append("\(name) has no effect")
    }
    _ = try isGiven("user", &fields)
    // Clients may be newer than this program: what they add is named, and has no effect.
    notes += fields.unread.prefix(20).map { "\($0.onOneLine(limit: 60)) is not known and has no effect" }
    return Asked(
      drawing: drawing, format: format ?? .png, isStream: isStream, partialImages: partialImages, size: size,
      notes: notes)
  }

  private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
  }

  private func isGiven(_ name: String, _ fields: inout RequestFields) throws(APIError) -> Bool {
    try fields.value(Anything.self, name, "a value") != nil
  }

  /// What was read of the prompt, by the text encoder's own tokenizer. Nothing that is drawn here is made of tokens.
  private struct Usage: Encodable {
    struct Details: Encodable {
      var text_tokens: Int
      let image_tokens = 0
    }

    var total_tokens: Int
    var input_tokens: Int
    let output_tokens = 0
    var input_tokens_details: Details

    init(_ drawn: DrawnImage) {
      total_tokens = drawn.promptTokens
      input_tokens = drawn.promptTokens
      input_tokens_details = Details(text_tokens: drawn.promptTokens)
    }
  }

  private func answer(_ asked: Asked, _ context: ServingContext) async throws -> Response {
    struct Answer: Encodable {
      struct Image: Encodable {
        var b64_json: String
        var seed: UInt64
        var sha256: String
      }

      var created: Int
      var data: [Image]
      let background = "opaque"
      var output_format: String
      var quality: String
      var size: String
      var usage: Usage?
      var notes: [String]?
    }
    let done = try await service.draw(asked.drawing, as: asked.format, context, api: "openai")
    let cut = Set(done.files.compactMap(\.drawn.truncation)).map { "the prompt was \($0)" }
    let notes = asked.notes + cut
    return try .json(
      Answer(
        created: Int(Date().timeIntervalSince1970),
        data: done.files.map {
          .init(b64_json: Data($0.bytes).base64EncodedString(), seed: $0.seed, sha256: $0.hash)
        }, output_format: asked.format.rawValue, quality: asked.quality, size: asked.size,
        usage: done.files.first.map { Usage($0.drawn) }, notes: notes.isEmpty ? nil : notes))
  }

  // MARK: Streams

  private struct StreamEvent: Encodable {
    var type: String
    var b64_json: String
    var created_at: Int
    let background = "opaque"
    var output_format: String
    var quality: String
    var size: String
    var partial_image_index: Int?
    var seed: UInt64
    var usage: Usage?
  }

  /// Server-sent events: partial images as they come, then each image.
  private func stream(_ asked: Asked, _ context: ServingContext) async throws -> Response {
    var drawing = asked.drawing
    // What cannot be drawn is answered before the stream begins, with a status of its own.
    let order = try drawing.order(
      service.models, limits: service.limits, images: service.limits.images, account: context.caller.account)
    drawing.seed = order.images[0].seed
    if asked.partialImages > 0 {
      drawing.previewInterval = max(1, order.sampling.steps / (asked.partialImages + 1))
    }
    let (events, sink) = AsyncThrowingStream<String, any Error>.makeStream()
    let work = Task { [drawing] in
      do {
        let done = try await service.draw(drawing, as: asked.format, context, api: "openai") { _, event in
          guard case .preview(let image, let step, let preview) = event else { return }
          let interval = drawing.previewInterval ?? 1
          let index = step / interval - 1
          guard step % interval == 0, index < asked.partialImages else { return }
          sink.yield(
            try Self.text(
              "image_generation.partial_image", try preview.encoded(as: asked.format), asked,
              seed: order.images[image].seed, partial: index, usage: nil))
        }
        for file in done.files {
          sink.yield(
            try Self.text(
              "image_generation.completed", file.bytes, asked, seed: file.seed, partial: nil,
              usage: Usage(file.drawn)))
        }
      } catch {
        let answer = service.report(error)
        sink.yield("event: error\ndata: \((try? ServiceJSON.text(answer.body)) ?? "{}")\n\n")
      }
      sink.finish()
    }
    let ticker = Task {
      while !Task.isCancelled {
        try await Task.sleep(for: .seconds(15))
        sink.yield(": waiting\n\n")
      }
    }
    sink.onTermination = { _ in
      work.cancel()
      ticker.cancel()
    }
    let body = ResponseBody { writer in
      for try await text in events { try await writer.write(ByteBuffer(string: text)) }
      try await writer.finish(nil)
    }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
  }

  private static func text(
    _ type: String, _ bytes: [UInt8], _ asked: Asked, seed: UInt64, partial: Int?, usage: Usage?
  ) throws -> String {
    let event = StreamEvent(
      type: type, b64_json: Data(bytes).base64EncodedString(), created_at: Int(Date().timeIntervalSince1970),
      output_format: asked.format.rawValue, quality: asked.quality, size: asked.size, partial_image_index: partial,
      seed: seed,
      usage: usage)
    return "event: \(type)\ndata: \(try ServiceJSON.text(event))\n\n"
  }
}
