import Foundation
import Generation
import ImageOutput
import NIOCore
import NIOHTTP1
import Support

/// Draws through the socket of a service on the same machine.
public struct ServiceClient: Sendable {
  /// An image as a service returned it.
  public struct Picture: Sendable {
    /// The file, which says itself how it was drawn.
    public var bytes: [UInt8]
    public var timings: GenerationTimings
    /// A remark of the service, such as where the prompt was cut.
    public var note: String?
  }

  /// Larger answers are not images of ours.
  private static let answerLimit = 64 << 20

  private let path: String

  /// - Parameter path: The socket that `thorax serve --unix` made.
  public init(path: String) {
    self.path = path
  }

  /// The fields of `POST /api/images`.
  private struct Fields: Encodable {
    var prompt: String
    var model: String?
    var seed: UInt64
    var format: String
    var quality: String?
    var steps: Int?
    var guidance: Double?
    var guidance_rescale: Double?
    var guidance_interval: String?
    var guidance_from: String?
    var negative_prompt: String?
    var sampler: String?
    var eta: Double?
  }

  private struct Fault: Decodable {
    struct Content: Decodable {
      var code: String
      var message: String
    }

    var error: Content
  }

  /// Draws one image.
  ///
  /// - Parameters:
  ///   - request: Of one image; latents and previews stay with the service.
  ///   - model: The name of a model that the service has; nil for its first.
  /// - Throws: ``ServingError/unreachable(path:reason:)`` if no service answers, ``ServingError/refused(code:message:)`` if it
  ///   does not draw, ``ServingError/unexpectedAnswer(path:reason:)``; `CancellationError`.
  public func draw(_ request: GenerationRequest, model: String?, as format: OutputFormat) async throws -> Picture {
    guard path.utf8.count <= ListeningSocket.pathLimit else {
      throw ServingError.socketTooLong(path: path, limit: ListeningSocket.pathLimit)
    }
    let settings = request.settings
    let fields = Fields(
      prompt: request.prompt, model: model, seed: request.seed, format: format.rawValue,
      quality: settings.quality?.rawValue, steps: settings.steps, guidance: settings.guidance,
      guidance_rescale: settings.guidanceRescale,
      guidance_interval: settings.guidanceInterval.map { "\($0)" },
      guidance_from: settings.guidanceFrom?.rawValue, negative_prompt: settings.negative,
      sampler: settings.sampler?.rawValue, eta: settings.eta)
    let answer: NIOHTTPClientResponseFull
    do {
      answer = try await SocketExchange.post(
        json: ByteBuffer(data: try ServiceJSON.data(fields)), to: "/api/images", socket: path, limit: Self.answerLimit)
    } catch let error as CancellationError {
      throw error
    } catch let error as IOError {
      throw ServingError.unreachable(path: path, reason: String(cString: strerror(error.errnoCode)))
    } catch let error as NIOHTTPObjectAggregatorError where error == .frameTooLong {
      throw ServingError.unexpectedAnswer(path: path, reason: "more than \(Self.answerLimit >> 20) MiB")
    } catch {
      throw ServingError.unexpectedAnswer(path: path, reason: "the connection broke")
    }
    let bytes = answer.body.map { Array(buffer: $0) } ?? []
    guard answer.head.status == .ok else {
      if let fault = try? JSONDecoder().decode(Fault.self, from: Data(bytes)) {
        throw ServingError.refused(code: fault.error.code, message: fault.error.message)
      }
      throw ServingError.unexpectedAnswer(path: path, reason: "status \(answer.head.status.code)")
    }
    guard OutputFormat(detecting: bytes) == format else {
      throw ServingError.unexpectedAnswer(path: path, reason: "its answer is no image")
    }
    return Picture(
      bytes: bytes, timings: Self.timings(answer.head.headers["Server-Timing"]),
      note: answer.head.headers.first(name: "Thorax-Note"))
  }

  /// Reads `name;dur=milliseconds` (W3C Server Timing).
  private static func timings(_ values: [String]) -> GenerationTimings {
    var timings = GenerationTimings()
    for value in values.flatMap({ $0.split(separator: ",") }) {
      let parts = value.split(separator: ";dur=")
      guard parts.count == 2, let time = Double(parts[1].trimmingCharacters(in: .whitespaces)) else { continue }
      switch parts[0].trimmingCharacters(in: .whitespaces) {
      case "text": timings.text = time
      case "denoise": timings.denoise = time
      case "decode": timings.decode = time
      case "total": timings.total = time
      default: break
      }
    }
    return timings
  }
}
