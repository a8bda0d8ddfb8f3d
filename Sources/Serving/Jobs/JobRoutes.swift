import Dispatch
import Foundation
import Generation
import HTTPTypes
import Hummingbird
import ImageOutput
import Support

/// The service's own API: jobs that go on while no one waits, batches, and images that are drawn at once.
struct JobRoutes: RouteList {
  let service: DrawingService

  var routes: [Route] {
    [
      .post("/api/images", drawNow), .post("/api/jobs", create), .get("/api/jobs", list), .get("/api/jobs/{id}", show),
      .delete("/api/jobs/{id}", remove), .get("/api/jobs/{id}/preview.png", preview),
      .get("/api/jobs/{id}/archive.zip", archive), .get("/api/jobs/{id}/labels.csv", labels),
      .get("/api/jobs/{id}/images.dcm", frames),
      .get("/api/jobs/{id}/images/{file}", image),
    ]
  }

  /// Draws one image and returns its file.
  private func drawNow(_ request: Request, _ context: ServingContext) async throws -> Response {
    var fields = try await request.fields(service.limits)
    var drawing = try DrawingRequest(&fields, limits: service.limits)
    let format = try fields.text("format").map { (name) throws(APIError) in
      try OutputFormat(named: name, field: "format")
    }
    try fields.refuseUnread()
    guard drawing.count == 1 else {
      throw APIError(.outOfRange, "count is \(drawing.count): choose 1, or make a job", field: "count")
    }
    drawing.previewInterval = nil
    let done = try await service.draw(drawing, as: format ?? .png, context, api: "image")
    guard let file = done.files.first else { throw APIError.unexpected }
    var response = Response(bytes: file.bytes, type: (format ?? .png).mediaType)
    let timings = file.drawn.timings
    response.headers[values: .serverTiming] = [
      "text;dur=\(timings.text)", "denoise;dur=\(timings.denoise)", "decode;dur=\(timings.decode)",
      "total;dur=\(timings.total)",
    ]
    response.headers[.seed] = "\(file.seed)"
    response.headers[.imageHash] = file.hash
    if let truncation = file.drawn.truncation { response.headers[.note] = "the prompt was \(truncation)" }
    return response
  }

  /// Makes a job of JSON, or a batch of CSV whose settings are in the query.
  private func create(_ request: Request, _ context: ServingContext) async throws -> Response {
    var table: BatchTable?
    let drawing: DrawingRequest
    switch request.mediaType {
    case "text/csv":
      let data = try await request.bytes(limit: service.limits.bodyBytes)
      let read = try BatchTable.read(data)
      table = read.table
      var fields = try RequestFields(query: request.uri)
      drawing = try DrawingRequest(settings: &fields, limits: service.limits, entries: read.entries)
      try fields.refuseUnread()
    case nil, "application/json":
      guard request.uri.query == nil else {
        throw APIError(.conflict, "the body is JSON and the query is not empty: put every setting into the body")
      }
      var fields = try await request.fields(service.limits)
      drawing = try DrawingRequest(&fields, limits: service.limits)
      try fields.refuseUnread()
    default:
      throw APIError(
        .unsupportedMediaType, "the body is neither JSON nor CSV: send application/json or text/csv")
    }
    let order = try drawing.order(
      service.models, limits: service.limits, images: service.limits.jobImages, account: context.caller.account)
    let job = try await service.jobs.start(
      order, context.caller, table: try table.map { try ServiceJSON.text($0) })
    var response = try Response.json(JobAnswer(job, cost: order.cost), status: .accepted)
    response.headers[.location] = "/api/jobs/\(job.id)"
    return response
  }

  private func list(_ request: Request, _ context: ServingContext) async throws -> Response {
    struct Answer: Encodable {
      var jobs: [JobAnswer]
    }
    let all = context.caller.role >= .teach
    let jobs = try await stored {
      try await service.jobs.store.jobs(of: all ? nil : context.caller.account, limit: 100)
    }
    return try .json(Answer(jobs: jobs.map { JobAnswer($0) }))
  }

  private func show(_ request: Request, _ context: ServingContext) async throws -> Response {
    let job = try await job(context)
    let images = try await stored { try await service.jobs.store.images(of: job.id) }
    return try .json(JobAnswer(job, images: images, progress: await service.jobs.progress(of: job.id)))
  }

  private func remove(_ request: Request, _ context: ServingContext) async throws -> Response {
    let job = try await job(context, changing: true)
    try await stored { try await service.jobs.remove(job.id, context.caller) }
    return Response(status: .noContent)
  }

  /// The last preview; of a job that is over, its last image, so that a client which asks a moment late gets a picture.
  private func preview(_ request: Request, _ context: ServingContext) async throws -> Response {
    let job = try await job(context)
    if let preview = await service.jobs.progress(of: job.id)?.preview {
      return Response(bytes: preview.png, type: OutputFormat.png.mediaType)
    }
    guard job.state.isOver else {
      throw APIError(.notFinished, "there is no preview yet: ask for some with preview_every", retryAfter: 1)
    }
    let last = try await stored { try await service.jobs.store.images(of: job.id).last }
    guard let last,
      let bytes = try? BoundedFile.contents(of: service.jobs.store.path(of: last.index, .png, job: job.id))
    else { throw APIError(.notFound, "nothing was drawn: the job is \(job.state.rawValue)") }
    return Response(bytes: bytes, type: OutputFormat.png.mediaType)
  }

  private func image(_ request: Request, _ context: ServingContext) async throws -> Response {
    let job = try await job(context)
    let name = context.parameters.get("file") ?? ""
    let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(parts[0]), "\(index)" == parts[0], (0..<job.images).contains(index),
      let format = OutputFormat(pathExtension: String(parts[1]))
    else {
      let formats = OutputFormat.allCases.map(\.pathExtension).joined(separator: ", ")
      throw APIError(.notFound, "there is no such image: name it K.\(formats), with K from 0 to \(job.images - 1)")
    }
    guard let bytes = try? BoundedFile.contents(of: service.jobs.store.path(of: index, format, job: job.id)) else {
      throw job.state.isOver
        ? APIError(.notFound, "image \(index) was not drawn: the job is \(job.state.rawValue)")
        : APIError(.notFinished, "image \(index) is not drawn yet: try again", retryAfter: 1)
    }
    return Response(bytes: bytes, type: format.mediaType)
  }

  private func labels(_ request: Request, _ context: ServingContext) async throws -> Response {
    let job = try await job(context)
    return Response(bytes: Array(try await csv(job).utf8), type: "text/csv; charset=utf-8")
  }

  /// The images that are there, and the table of labels.
  private func archive(_ request: Request, _ context: ServingContext) async throws -> Response {
    let job = try await job(context)
    guard job.state.isOver else { throw APIError(.notFinished, "the job is not finished: try again", retryAfter: 2) }
    let images = try await stored { try await service.jobs.store.images(of: job.id) }
    let labels = try await csv(job)
    let bytes = try await Self.offloaded { [store = service.jobs.store] in
      var archive = ZipArchive(date: job.created)
      var isWhole = archive.add(Array(labels.utf8), as: "labels.csv")
      for image in images {
        let path = store.path(of: image.index, .png, job: job.id)
        guard let bytes = try? BoundedFile.contents(of: path) else { continue }
        isWhole = archive.add(Array(bytes), as: LabelTable.fileName(image.index)) && isWhole
      }
      guard isWhole else {
        throw APIError(.outOfRange, "the job is too large for one archive: fetch its images one by one")
      }
      return archive.finished()
    }
    var response = Response(bytes: bytes, type: "application/zip")
    response.headers[.contentDisposition] = "attachment; filename=\"\(job.id).zip\""
    return response
  }

  /// All images of one prompt as the frames of one DICOM file.
  private func frames(_ request: Request, _ context: ServingContext) async throws -> Response {
    let job = try await job(context)
    guard job.state.isOver else { throw APIError(.notFinished, "the job is not finished: try again", retryAfter: 2) }
    let images = try await stored { try await service.jobs.store.images(of: job.id) }
    guard let first = images.first else {
      throw APIError(.notFound, "nothing was drawn: the job is \(job.state.rawValue)")
    }
    guard images.count <= OutputPlan.frameLimit, images.allSatisfy({ $0.prompt == first.prompt }) else {
      throw APIError(
        .outOfRange, "one file holds up to \(OutputPlan.frameLimit) images of one prompt: fetch them one by one")
    }
    let bytes = try await Self.offloaded { [store = service.jobs.store] in
      let files = images.compactMap { image in
        try? BoundedFile.contents(of: store.path(of: image.index, .png, job: job.id))
      }
      guard files.count == images.count else {
        throw APIError(.notFound, "images of the job are no longer there: draw them again")
      }
      return try SyntheticImage.encodedFrames(ofFiles: files.map { Array($0) })
    }
    var response = Response(bytes: bytes, type: OutputFormat.dicom.mediaType)
    response.headers[.contentDisposition] = "attachment; filename=\"\(job.id).dcm\""
    return response
  }

  private func csv(_ job: Job) async throws -> String {
    let images = try await stored { try await service.jobs.store.images(of: job.id) }
    let table = job.table.flatMap { try? JSONDecoder().decode(BatchTable.self, from: Data($0.utf8)) }
    return try await Self.offloaded { try LabelTable.csv(job, images: images, table: table) }
  }

  /// The job that the path names, if the caller may see it.
  ///
  /// - Throws: ``APIError`` with `not_found`, for jobs of others too.
  private func job(_ context: ServingContext, changing: Bool = false) async throws -> Job {
    let id = context.parameters.get("id") ?? ""
    let needed: Role = changing ? .admin : .teach
    guard let job = try await stored({ try await service.jobs.store.job(id) }),
      job.account == context.caller.account || context.caller.role >= needed
    else { throw APIError(.notFound, "there is no such job: it may have been removed") }
    return await service.jobs.current(job)
  }

  /// Does what blocks a thread for long, encoding and hashing many files, on one of its own: none of the service's may.
  private static func offloaded<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      files.async { continuation.resume(with: Result(catching: body)) }
    }
  }

  private static let files = DispatchQueue(label: "thorax.files", qos: .utility)

  private func stored<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as APIError {
      throw error
    } catch {
      service.logger.error("the store of jobs fails: \(StateFolder.reason(error))")
      throw APIError(storage: error)
    }
  }
}

/// A job as the API shows it.
private struct JobAnswer: Encodable {
  struct Image: Encodable {
    var index: Int
    var prompt: String
    var seed: UInt64
    var sha256: [String: String]
    var files: [String: String]
    var note: String?
    var nearness: TrainingNearness?
  }

  struct Fault: Encodable {
    var code: String
    var message: String
  }

  var id: String
  var state: JobState
  var account: String
  var model: String
  var created: String
  var started: String?
  var finished: String?
  var count: Int
  var cost: Double?
  /// Requests before this one.
  var position: Int?
  /// The image that is being drawn, and its step.
  var image: Int?
  var step: Int?
  var steps: Int?
  var preview: String?
  var images: [Image]?
  /// Where all images are as the frames of one DICOM file, if that can be.
  var frames: String?
  var error: Fault?

  init(_ job: Job, cost: Double? = nil, images: [JobImage]? = nil, progress: JobProgress? = nil) {
    id = job.id
    state = job.state
    account = job.account
    model = job.model
    created = AuditLog.text(job.created)
    started = job.started.map(AuditLog.text)
    finished = job.finished.map(AuditLog.text)
    count = job.images
    self.cost = cost
    position = progress?.position
    if job.state == .running || job.state == .waiting, let progress {
      (image, step, steps) = (progress.image, progress.step, progress.steps)
      preview = progress.preview.map { "/api/jobs/\(job.id)/preview.png?step=\($0.step)" }
    }
    self.images = images?.map { image in
      Image(
        index: image.index, prompt: image.prompt, seed: image.seed, sha256: image.hashes,
        files: Dictionary(
          uniqueKeysWithValues: OutputFormat.allCases.map {
            ($0.rawValue, "/api/jobs/\(job.id)/images/\(image.index).\($0.pathExtension)")
          }), note: image.truncation.map { "the prompt was \($0)" }, nearness: image.nearness)
    }
    if job.state.isOver, let images, let first = images.first, images.count <= OutputPlan.frameLimit,
      images.allSatisfy({ $0.prompt == first.prompt })
    {
      frames = "/api/jobs/\(job.id)/images.dcm"
    }
    error = job.errorCode.map { Fault(code: $0, message: job.errorMessage ?? "") }
  }
}
