import Foundation
import Generation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import Models
import NIOCore
import NIOPosix
import ServiceLifecycle
import Support

/// An HTTP service that draws.
///
///     let service = try ThoraxService(ServiceSettings(), logger: logger)
///     try await service.run { print($0.url) }
public final class ThoraxService: Sendable {
  /// Where a service can be reached.
  public struct Address: Sendable, Equatable {
    /// Such as `http://127.0.0.1:8080`.
    public var url: String
    public var port: Int
    /// The socket in the file system, if there is one.
    public var socket: String?
  }

  private let settings: ServiceSettings
  private let service: DrawingService
  private let group: ServiceGroup
  private let addresses: AsyncStream<Int>

  /// Checks the settings, opens the folder of state and finds the models.
  ///
  /// - Parameter log: Takes each line of the log.
  /// - Throws: ``ServingError`` for settings that cannot be meant and a folder that cannot be used; `ModelError` for a model
  ///   that is not there; `FileAccessError` for a certificate or a file of cases that cannot be read.
  public convenience init(
    _ settings: ServiceSettings, catalog: ModelCatalog = .standard(), level: Logger.Level = .info,
    log: @escaping @Sendable (String) -> Void
  ) throws {
    try self.init(settings, catalog: catalog, clock: ServiceClock(), level: level, log: log)
  }

  /// - Parameter clock: The time of everything that is recorded.
  init(
    _ settings: ServiceSettings, catalog: ModelCatalog, clock: ServiceClock, level: Logger.Level,
    log: @escaping @Sendable (String) -> Void
  ) throws {
    let logger = Logger(label: "thorax", factory: { _ in ServiceLog(level: level, write: log) })
    // The library's own lines are for its developers.
    let libraryLogger = Logger(
      label: "http", factory: { _ in ServiceLog(level: level == .debug ? .info : .critical, write: log) })
    if let socket = settings.socket { try ListeningSocket.prepare(socket) }
    let service = try DrawingService(settings, catalog: catalog, clock: clock, logger: logger)
    let tls = try settings.certificate.map { certificate in
      try TLSFiles.configuration(certificate: certificate, key: settings.key ?? "")
    }
    let (ports, sink) = AsyncStream<Int>.makeStream()
    let limits = settings.limits
    let channel = HTTP1Channel.Configuration(
      additionalChannelHandlers: [
        ConnectionGuard(
          limits: .init(
            headTime: .milliseconds(Int64(limits.headTime.milliseconds)), bodyBytes: limits.bodyBytes * 2,
            bodyTime: .milliseconds(Int64(limits.bodyTime.milliseconds)),
            answerTime: .seconds(Int64(limits.time.seconds) + 60)))
      ], idleTimeout: .seconds(60),
      httpDecoderConfiguration: .init(maxHeaderFieldSize: 16_384, maxHeaderListSize: 32_768, maxHeaderFieldCount: 100))
    func application(_ address: BindAddress, isTLS: Bool) throws -> some Service {
      let plain = HTTPServerBuilder.http1(configuration: channel)
      return Application(
        router: ServiceRouter(service: service, isTLS: isTLS).router(),
        server: try isTLS ? tls.map { try .tls(plain, tlsConfiguration: $0) } ?? plain : plain,
        configuration: ApplicationConfiguration(
          address: address, backlog: 1_024,
          availableConnectionsDelegate: .maximum(limits.connections, logger: libraryLogger)),
        onServerRunning: { sink.yield($0.localAddress?.port ?? 0) }, logger: libraryLogger)
    }
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
      .init(
        service: Listener(
          address: "\(settings.host):\(settings.port)",
          application: try application(.hostname(settings.host, port: settings.port), isTLS: tls != nil)))
    ]
    if let socket = settings.socket {
      let application = try application(.unixDomainSocket(path: socket), isTLS: false)
      services.append(.init(service: Listener(address: socket, application: application)))
    }
    // Services end in the opposite order: what is drawn is finished while answers are still sent.
    services.append(
      .init(service: Worker(service: service), failureTerminationBehavior: .gracefullyShutdownGroup))
    var configuration = ServiceGroupConfiguration(services: services, logger: libraryLogger)
    configuration.maximumGracefulShutdownDuration = settings.grace + .seconds(10)
    group = ServiceGroup(configuration: configuration)
    addresses = ports
    self.settings = settings
    self.service = service
  }

  /// Listens, loads the models, and answers until ``stop()`` or a failure.
  ///
  /// - Parameter listening: Called once, as soon as requests are answered.
  /// - Throws: ``ServingError`` for an address that cannot be listened on; the error of the first model if none can be
  ///   loaded.
  public func run(listening: @escaping @Sendable (Address) -> Void = { _ in }) async throws {
    raiseOpenFileLimit()
    // A socket that others could open for a moment would be open to them for good.
    let mask = settings.socket.map { _ in umask(0o077) }
    let announcing = Task { [settings, addresses] in
      var port = 0
      var left = settings.socket == nil ? 1 : 2
      for await number in addresses {
        port = max(port, number)
        left -= 1
        if left == 0 { break }
      }
      if let mask { umask(mask) }
      guard left == 0 else { return }
      let scheme = settings.certificate == nil ? "http" : "https"
      let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
      listening(Address(url: "\(scheme)://\(host):\(port)", port: port, socket: settings.socket))
    }
    defer { announcing.cancel() }
    // A task of its own: cancelling the caller stops the service in good order, and not in the middle.
    let work = Task { [group] in try await group.run() }
    try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      stop()
    }
    if let socket = settings.socket { unlink(socket) }
  }

  /// Many systems let a process open 1,024 files at first, and more if it asks.
  private func raiseOpenFileLimit() {
    var limit = rlimit()
    #if canImport(Glibc)
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let resource = RLIMIT_NOFILE
    #endif
    guard getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(settings.limits.connections + 1_024)))
    setrlimit(resource, &limit)
  }

  /// All routes, for tests that compare them with the description.
  var routes: [Route] { ServiceRouter(service: service, isTLS: false).routes }

  /// Tells the service to end: what is drawn is finished within the settings' grace, the rest is refused.
  public func stop() { Task { [group] in await group.triggerGracefulShutdown() } }
}

/// A server at one address.
private struct Listener: Service {
  var address: String
  var application: any Service

  func run() async throws {
    do {
      try await application.run()
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw ServingError.addressInUse(address: address)
    } catch let error as IOError {
      throw ServingError.cannotListen(address: address, reason: String(cString: strerror(error.errnoCode)))
    } catch is SocketAddressError {
      throw ServingError.cannotListen(address: address, reason: "there is no such host")
    } catch let error as NIOConnectionError {
      throw ServingError.cannotListen(address: address, reason: "\(error.host) cannot be found")
    }
  }
}

/// Loads the models and sweeps old jobs; at the end of the service, sees that what is drawn is finished.
private struct Worker: Service {
  var service: DrawingService

  func run() async throws {
    let settings = service.settings
    let (failures, sink) = AsyncStream<any Error>.makeStream()
    let loading = Task { [service] in
      do {
        try await service.models.load(
          workers: settings.workers, textEncoder: settings.textEncoder, device: settings.device,
          precision: settings.precision, threads: settings.threads,
          logger: service.logger
        ) { await service.queue.dispatch() }
      } catch is CancellationError {
      } catch {
        sink.yield(error)
      }
    }
    do {
      try await service.jobs.recordInterrupted()
    } catch {
      service.logger.error("jobs that were interrupted cannot be recorded: \(error)")
    }
    let sweeping = Task { [service] in
      while !Task.isCancelled {
        await service.jobs.sweep()
        try await Task.sleep(for: .seconds(60))
      }
    }
    let failure: (any Error)? = await withGracefulShutdownHandler {
      await failures.first { _ in true }
    } onGracefulShutdown: {
      sink.finish()
    }
    loading.cancel()
    sweeping.cancel()
    await service.queue.stop(grace: settings.grace)
    await service.jobs.finish()
    if let failure { throw failure }
  }
}
