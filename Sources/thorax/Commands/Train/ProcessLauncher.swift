import Dispatch
import Foundation
import Generation
import Terminal
import Torch
import Training

/// Starts this program several times on this machine, as processes that train together, and ends as the first of them
/// does.
struct ProcessLauncher {
  let count: Int
  /// Processor threads of each process.
  let threads: Int
  let console: Console

  /// An environment variable of the processes that a launcher starts: it means that standard input ends when the
  /// launcher does.
  static let mark = "THORAX_LAUNCHED"

  /// Seconds within which all processes have to end, once one of them has found the reason to.
  private static let grace = 10.0

  /// Runs the processes with the arguments of this one.
  ///
  /// - Throws: `ProcessesEnded` with the first process's exit code if that is not 0; `ProcessGroupError` if a signal has
  ///   ended it.
  func run() async throws {
    var reader: [Int32] = [-1, -1]
    let socket = try ListeningSocket()
    guard pipe(&reader) == 0 else { throw Self.systemError() }
    // The children hold the end that is read; what is written to is closed with this process, however that ends.
    _ = fcntl(reader[1], F_SETFD, FD_CLOEXEC)
    defer { reader.forEach { close($0) } }
    let checkpoint = CheckpointFlag()
    let userSignal = Interruption.raise(checkpoint)
    defer { userSignal.cancel() }
    var children: [ChildProcess] = []
    do {
      for rank in 0..<count { children.append(try start(rank, socket: socket, input: reader[0])) }
    } catch {
      children.forEach { $0.send(SIGKILL) }
      throw error
    }
    socket.close()
    try await wait(for: &children, passingOn: checkpoint)
  }

  private func start(_ rank: Int, socket: ListeningSocket, input: Int32) throws -> ChildProcess {
    var environment = ProcessInfo.processInfo.environment
    environment["RANK"] = "\(rank)"
    environment["LOCAL_RANK"] = "\(rank)"
    environment["WORLD_SIZE"] = "\(count)"
    environment["MASTER_ADDR"] = "127.0.0.1"
    environment["MASTER_PORT"] = "\(socket.port)"
    environment[Self.mark] = "1"
    if rank == 0 { environment[ProcessPlace.Variable.listening] = "\(ChildProcess.inherited)" }
    // Only the first one's output is shown, unless `--verbose` asks for all.
    let isSilent = rank > 0 && console.level != .verbose
    return try ChildProcess(
      arguments: Self.arguments(threads: threads), environment: environment, input: input, isSilent: isSilent,
      inheriting: rank == 0 ? socket.descriptor : nil)
  }

  /// The arguments of this process, for one of several.
  static func arguments(_ own: [String] = Array(CommandLine.arguments.dropFirst()), threads: Int) -> [String] {
    var kept: [String] = []
    var skipsValue = false
    for argument in own {
      if skipsValue {
        skipsValue = false
      } else if argument == "--processes" || argument == "--threads" {
        skipsValue = true
      } else if !argument.hasPrefix("--processes="), !argument.hasPrefix("--threads=") {
        kept.append(argument)
      }
    }
    return kept + ["--threads", "\(threads)"]
  }

  private func wait(for children: inout [ChildProcess], passingOn checkpoint: CheckpointFlag) async throws {
    var wasInterrupted = false
    var firstEnd: ContinuousClock.Instant?
    var hangs = false
    let patience = try ProcessPlace(environment: environmentOfFirst)?.stepSeconds ?? 60
    while children.contains(where: { $0.end == nil }) {
      for index in children.indices { children[index].look() }
      if Task.isCancelled, !wasInterrupted {
        wasInterrupted = true
        children.forEach { $0.send(SIGTERM) }
      }
      // The first process's request is enough: all agree before every step.
      if checkpoint.lower() { children[0].send(SIGUSR1) }
      if firstEnd == nil, children.contains(where: { $0.end != nil }) { firstEnd = .now }
      let isKnown = children[0].end != nil || children.contains { $0.end == .exit(ExitStatus.unavailable.rawValue) }
      let limit = isKnown ? min(patience, Self.grace) : patience
      if let firstEnd, firstEnd.duration(to: .now) > .seconds(limit) {
        hangs = hangs || children[0].end == nil
        children.forEach { $0.send(SIGKILL) }
      }
      // Not `Task.sleep`, which a cancelled task does not wait in.
      await withCheckedContinuation { done in
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { done.resume() }
      }
    }
    let first = ProcessGroupError.Process(rank: 0, place: "process \(children[0].identifier)")
    switch children[0].end {
    case .signal where hangs: throw ProcessGroupError.silent(first, seconds: patience)
    case .signal(let number):
      throw ProcessGroupError.gone(first, reason: "signal \(number)")
    case .exit(let status) where status != 0: throw ProcessesEnded(status: status)
    case .exit, nil: break
    }
    for (rank, child) in children.enumerated() {
      if case .signal(let number) = child.end {
        console.note("rank \(rank) was ended by signal \(number) after the last step")
      }
    }
  }

  private var environmentOfFirst: [String: String] {
    ProcessInfo.processInfo.environment.merging(
      ["RANK": "0", "WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"]) { $1 }
  }

  fileprivate static func systemError() -> any Error {
    NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
  }
}

/// The processes of a launcher have ended, and the first has said why.
struct ProcessesEnded: Error {
  /// The first process's exit code.
  var status: Int32
}

/// A socket of the loopback that listens on a free port.
private struct ListeningSocket {
  let descriptor: Int32
  let port: UInt16

  init() throws {
    #if os(Linux)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    descriptor = socket(AF_INET, stream, 0)
    guard descriptor >= 0 else { throw ProcessLauncher.systemError() }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && listen(descriptor, 128) == 0
          && getsockname(descriptor, address, &length) == 0
      }
    }
    guard status else { throw ProcessLauncher.systemError() }
    port = UInt16(bigEndian: address.sin_port)
  }

  func close() { _ = Foundation.close(descriptor) }
}
