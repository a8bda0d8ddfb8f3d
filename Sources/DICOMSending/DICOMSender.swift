import AsyncHTTPClient
import CDICOM
import DICOMFiles
import Foundation
import ImageFiles
import NIOCore
import NIOHTTP1
import Support

/// What can go wrong on the way to an archive.
public enum DICOMSendingError: Error, Equatable, Sendable, CustomStringConvertible {
  case target(String)
  case notOurs(path: String, reason: String)
  case unreachable(target: String, reason: String)
  /// The archive answered, and did not take the file.
  case refused(target: String, reason: String)

  public var description: String {
    switch self {
    case .target(let text):
      "'\(text.onOneLine(limit: 120))' is no archive: give a DICOMweb address such as https://pacs/dicom-web, or "
        + "TITLE@HOST:PORT"
    case .notOurs(let path, let reason):
      "'\(path.onOneLine(limit: 160))' is not sent (\(reason.onOneLine(limit: 160))): give DICOM files that Thorax has drawn"
    case .unreachable(let target, let reason):
      "\(target.onOneLine(limit: 120)) cannot be reached (\(reason.onOneLine(limit: 200))): check address, port and title"
    case .refused(let target, let reason):
      "\(target.onOneLine(limit: 120)) does not take it (\(reason.onOneLine(limit: 200))): see the archive's log"
    }
  }
}

/// Sends drawn images to archives. Nothing else is sent: a file must say that its data are synthetic.
public struct DICOMSender: Sendable {
  public let target: DICOMTarget
  /// Our application entity title.
  public var title = "THORAX"
  /// Of HTTP's Authorization, such as `Bearer ...`.
  public var authorization: String?
  /// How long an answer may take.
  public var timeout: Int = 30

  private let name: String

  /// - Throws: ``DICOMSendingError/target(_:)``.
  public init(to text: String) throws(DICOMSendingError) {
    guard let target = DICOMTarget(text) else { throw .target(text) }
    self.target = target
    guard case .web = target, var shown = URLComponents(string: text) else {
      name = text
      return
    }
    // Neither a password nor a query belongs into messages.
    shown.user = nil
    shown.password = nil
    shown.query = nil
    name = shown.string ?? text
  }

  /// A file's bytes, once they are known to be a drawn image.
  ///
  /// - Throws: ``DICOMSendingError/notOurs(path:reason:)``; `FileAccessError`.
  public static func contents(of path: String) throws -> [UInt8] {
    let bytes = try BoundedFile.contents(of: path, limit: 1 << 30)
    do {
      guard try DICOMFile(bytes).attributes.isSynthetic else {
        throw DICOMSendingError.notOurs(path: path, reason: "it does not say that its data are synthetic")
      }
    } catch let error as DICOMError {
      throw DICOMSendingError.notOurs(path: path, reason: "\(error)")
    }
    return [UInt8](bytes)
  }

  /// Sends a file.
  ///
  /// - Throws: ``DICOMSendingError``.
  public func send(_ bytes: [UInt8]) async throws {
    switch target {
    case .web(let address): try await store(bytes, at: address + "/studies")
    case .entity(let called, let host, let port): try store(bytes, at: host, port: port, title: called)
    }
  }

  /// STOW-RS (PS3.18, 10.5).
  private func store(_ bytes: [UInt8], at address: String) async throws {
    let boundary = "thorax-\(UUID().uuidString)"
    var body = Array("--\(boundary)\r\nContent-Type: application/dicom\r\n\r\n".utf8)
    body += bytes
    body += Array("\r\n--\(boundary)--\r\n".utf8)
    var request = HTTPClientRequest(url: address)
    request.method = .POST
    request.headers.add(
      name: "Content-Type", value: "multipart/related; type=\"application/dicom\"; boundary=\(boundary)")
    request.headers.add(name: "Accept", value: "application/dicom+json")
    if let authorization { request.headers.add(name: "Authorization", value: authorization) }
    request.body = .bytes(ByteBuffer(bytes: body))
    let (answer, text) = try await self.answer(to: request)
    // 202: some instances were taken and others not; of one instance it was taken with a warning.
    guard answer.status == .ok || answer.status == .accepted else {
      throw DICOMSendingError.refused(
        target: name, reason: "\(answer.status)\(text.isEmpty ? "" : ", \(text.onOneLine(limit: 120))")")
    }
    let type = answer.headers.first(name: "Content-Type")?.lowercased() ?? ""
    guard !type.hasPrefix("text/") else {
      throw DICOMSendingError.refused(
        target: name, reason: "its answer is \(type.onOneLine(limit: 40)): is this the address of DICOMweb?")
    }
    if let failure = Self.failure(in: text) {
      throw DICOMSendingError.refused(target: name, reason: "the file was not taken, failure reason \(failure)")
    }
  }

  /// Follows no redirection: the file goes to the archive that was named, and nowhere else.
  private static let client: HTTPClient = {
    var configuration = HTTPClient.Configuration.singletonConfiguration
    configuration.redirectConfiguration = .disallow
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  /// The most bytes that are read of an answer.
  private static let answerLimit = 1 << 20

  /// An answer with its text, which is empty if it is too long, within ``timeout``.
  private func answer(to request: HTTPClientRequest) async throws -> (HTTPClientResponse, text: String) {
    do {
      return try await withThrowingTaskGroup { group in
        group.addTask { [timeout] in
          let answer = try await Self.client.execute(request, timeout: .seconds(Int64(timeout)))
          let text = try? await answer.body.collect(upTo: Self.answerLimit)
          return (answer, text.map { String(buffer: $0) } ?? "")
        }
        group.addTask { [timeout] in
          try await Task.sleep(for: .seconds(timeout))
          throw HTTPClientError.deadlineExceeded
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw HTTPClientError.cancelled }
        return first
      }
    } catch {
      throw DICOMSendingError.unreachable(target: name, reason: "\(error)")
    }
  }

  /// The reason of the first entry of the Failed SOP Sequence (PS3.18, 10.5.3); nil without one.
  private static func failure(in text: String) -> String? {
    let document = try? JSONSerialization.jsonObject(with: Data(text.utf8))
    let sets = (document as? [[String: Any]]) ?? (document as? [String: Any]).map { [$0] } ?? []
    for set in sets {
      guard let failed = (set["00081198"] as? [String: Any])?["Value"] as? [[String: Any]], let first = failed.first
      else { continue }
      let reason = ((first["00081197"] as? [String: Any])?["Value"] as? [Any])?.first
      return reason.map { "\($0)" } ?? "unknown"
    }
    return nil
  }

  private func store(_ bytes: [UInt8], at host: String, port: UInt16, title called: String) throws {
    let library = try DICOMLibrary.functions()
    var failure = cdicom_failure()
    let status = host.withCString { host in
      called.withCString { called in
        title.withCString { calling in
          var peer = cdicom_peer(
            host: host, port: port, called_title: called, calling_title: calling, seconds: UInt32(timeout))
          return bytes.withUnsafeBufferPointer { bytes in
            library.send(&peer, bytes.baseAddress!, bytes.count, &failure)
          }
        }
      }
    }
    guard Int(status) != CDICOM_OK else { return }
    let reason = failure.text
    throw reason.hasPrefix("not stored")
      ? DICOMSendingError.refused(target: name, reason: reason)
      : DICOMSendingError.unreachable(target: name, reason: reason)
  }
}
