import CTorch

/// Processes that compute together, on one machine or several: LibTorch's `ProcessGroupGloo`, which find each other
/// through a `TCPStore`.
///
/// All processes call the same functions in the same order. Tensors of a GPU are copied to the CPU and back. NCCL, which
/// would spare that, has not been tried.
///
/// A second thread watches the other processes. A call that waits for one that was killed, stopped or cut off throws a
/// ``ProcessGroupError`` that names it, and so do those of all others. Once that has happened nothing works any more.
public final class ProcessGroupGloo {
  /// A process's place in the group that it is to join.
  public struct Options: Sendable, Equatable {
    /// Where rank 0 is, or who else serves the store.
    public var host: String
    public var port: UInt16
    /// This process, from 0.
    public var rank: Int
    public var count: Int
    /// Whether rank 0 serves the store; a launcher does otherwise.
    public var rankZeroServes = true
    /// A socket that listens on the port already, which rank 0 takes over.
    public var listening: Int32?
    /// What the keys in the store begin with, if others use it too.
    public var prefix = "thorax"
    /// The network interface to compute over; nil for the one by which `host` is reached.
    public var networkInterface: String?
    /// What others call this process in errors.
    public var place = ""
    /// How long to wait for the others to join.
    public var joinSeconds = 300.0
    /// How long after the loss of a process, or its standstill, all others have ended.
    public var stepSeconds = 60.0

    public init(host: String, port: UInt16, rank: Int, count: Int) {
      (self.host, self.port, self.rank, self.count) = (host, port, rank, count)
    }
  }

  public let options: Options
  private let handle: OpaquePointer

  /// Joins the group; returns when all have.
  ///
  /// - Throws: ``ProcessGroupError``, ``TorchError/libraryUnavailable(_:)``.
  public init(_ options: Options) throws {
    let functions = try LibTorch.api().pointee.functions
    var out: OpaquePointer?
    try options.withCode { code in
      try withUnsafePointer(to: code) { code in
        try check(options) { functions.group_make(code, &out, $0) }
      }
    }
    guard let out else { throw TorchError.operationFailed("no group was made") }
    self.options = options
    handle = out
  }

  /// Leaves, as ``leave()`` does.
  deinit {
    if let api = try? LibTorch.api() { api.pointee.functions.group_release(handle) }
  }

  /// Adds up a tensor over all processes, in place.
  ///
  /// - Parameter limited: Whether all processes have to call this within the time limit of a step. If not, only the
  ///   loss of a process ends the wait.
  /// - Throws: ``ProcessGroupError``, `TorchError`.
  public func sum(_ tensor: Tensor, limited: Bool = true) throws {
    try onProcessor(tensor) { tensor in try call { $0.group_sum(handle, tensor.handle, limited, $1) } }
  }

  /// Overwrites a tensor with that of one process.
  ///
  /// - Throws: As ``sum(_:limited:)``.
  public func broadcast(_ tensor: Tensor, from root: Int = 0, limited: Bool = true) throws {
    try onProcessor(tensor) { tensor in
      try call { $0.group_broadcast(handle, tensor.handle, Int32(root), limited, $1) }
    }
  }

  /// Waits until all processes have called this.
  ///
  /// - Throws: As ``sum(_:limited:)``.
  public func barrier(limited: Bool = true) throws { try call { $0.group_barrier(handle, limited, $1) } }

  /// - Throws: ``ProcessGroupError`` if a process is known to be lost.
  public func requireWhole() throws { try call { $0.group_require_whole(handle, $1) } }

  /// Whether a process is known to be lost.
  public var hasFailed: Bool { (try? LibTorch.api().pointee.functions.group_has_failed(handle)) ?? false }

  /// Sends the others the reason why this process ends. Their calls throw ``ProcessGroupError/failed(_:reason:)``.
  public func report(_ reason: String) {
    guard let functions = try? LibTorch.api().pointee.functions else { return }
    functions.group_report(handle, reason)
  }

  /// Leaves the group once all processes do.
  ///
  /// - Throws: ``ProcessGroupError``.
  public func leave() throws { try call { $0.group_leave(handle, $1) } }

  /// Makes a reducer of the group's.
  func makeReducer(_ parameters: [Tensor], bucketBytes: Int) throws -> OpaquePointer? {
    var out: OpaquePointer?
    try call { $0.reducer_make(handle, parameters.map(\.handle), parameters.count, bucketBytes, &out, $1) }
    return out
  }

  func call(_ body: (ct_functions, UnsafeMutablePointer<ct_error>) -> Int32) throws {
    let functions = try LibTorch.api().pointee.functions
    try check(options) { body(functions, $0) }
  }

  private func onProcessor(_ tensor: Tensor, _ body: (Tensor) throws -> Void) throws {
    try withoutGradients {
      if tensor.device == .cpu, tensor.isContiguous() { return try body(tensor) }
      let copy = try tensor.to(.cpu).contiguous()
      try body(copy)
      try tensor.copyInPlace(copy.to(tensor.device))
    }
  }
}

extension ProcessGroupGloo.Options {
  fileprivate func withCode(_ body: (ct_group_options) throws -> Void) throws {
    func withOptional(_ text: String?, _ body: (UnsafePointer<CChar>?) throws -> Void) throws {
      if let text { try text.withCString(body) } else { try body(nil) }
    }
    try host.withCString { host in
      try prefix.withCString { prefix in
        try place.withCString { place in
          try withOptional(networkInterface) { interface in
            try body(
              ct_group_options(
                host: host, port: port, rank: Int32(rank), count: Int32(count), serves: rank == 0 && rankZeroServes,
                rank_0_serves: rankZeroServes, listening: listening ?? -1, prefix: prefix,
                network_interface: interface, place: place, join_milliseconds: Int64(joinSeconds * 1000),
                step_milliseconds: Int64(stepSeconds * 1000)))
          }
        }
      }
    }
  }

  /// The error of a status that only groups have; nil for others.
  fileprivate func error(_ status: Int32, rank: Int, text: String) -> ProcessGroupError? {
    let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let reason = lines.count > 1 ? lines[1] : ""
    let process = rank >= 0 ? ProcessGroupError.Process(rank: rank, place: lines.first ?? "") : nil
    return switch UInt32(status) {
    case CT_TIMED_OUT.rawValue: .silent(process, seconds: stepSeconds * 0.75)
    case CT_DISCONNECTED.rawValue: .gone(process, reason: reason)
    case CT_PROCESS_FAILED.rawValue: .failed(process ?? .init(rank: 0), reason: reason)
    case CT_NOT_JOINED.rawValue: .notJoined(rank: rank, count: count, seconds: joinSeconds)
    case CT_PORT_TAKEN.rawValue: .portTaken(port: Int(port))
    case CT_UNREACHABLE.rawValue: .unreachable(host: host, port: Int(port), seconds: joinSeconds, reason: "")
    default: nil
    }
  }
}

/// Runs one function of the table that may find a process lost.
private func check(
  _ options: ProcessGroupGloo.Options, _ body: (UnsafeMutablePointer<ct_error>) -> Int32
) throws {
  var failure: ProcessGroupError?
  do {
    try check { error in
      let status = body(error)
      if status != Int32(CT_OK.rawValue) {
        let text = error.pointee.message.map { String(cString: $0) } ?? ""
        failure = options.error(status, rank: Int(error.pointee.process), text: text)
      }
      return status
    }
  } catch {
    throw failure ?? error
  }
}
