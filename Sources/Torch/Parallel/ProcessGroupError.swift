/// Why processes that compute together cannot go on, or did not come together.
public enum ProcessGroupError: Error, Equatable {
  /// A process of the group: its number from 0, and its machine and number there if they are known.
  public struct Process: Equatable, Sendable, CustomStringConvertible {
    public var rank: Int
    public var place: String

    public init(rank: Int, place: String = "") { (self.rank, self.place) = (rank, place) }

    public var description: String { "rank \(rank)" + (place.isEmpty ? "" : " (\(place))") }
  }

  /// A process did not answer, or did not start the collective that the others wait for, within this many seconds.
  case silent(Process?, seconds: Double)
  /// A process is gone and gave no reason, or cannot be reached any more.
  case gone(Process?, reason: String)
  /// A process has ended with an error of its own.
  case failed(Process, reason: String)
  /// A process did not join within this many seconds.
  case notJoined(rank: Int, count: Int, seconds: Double)
  /// Something else listens on the port of rank 0, or nothing may.
  case portTaken(port: Int)
  /// Nothing answers at the address of rank 0, or its machine and this one cannot reach each other.
  case unreachable(host: String, port: Int, seconds: Double, reason: String)
}

extension ProcessGroupError: CustomStringConvertible {
  public var description: String {
    let remedy = "resume the run, with this or another number of processes"
    return switch self {
    case .silent(let process, let seconds):
      "\(Self.name(process)) has not answered for \(Self.text(seconds)) s and hangs or is cut off: end it, then \(remedy)"
    case .gone(let process, let reason):
      "\(Self.name(process)) has gone (killed, or its machine is cut off\(reason.isEmpty ? "" : "; \(reason)")): \(remedy)"
    case .failed(let process, let reason):
      "\(process) has failed (\(reason)): mend that, then \(remedy)"
    case .notJoined(let rank, let count, let seconds):
      "rank \(rank) of \(count) has not joined within \(Self.text(seconds)) s: start \(count) processes with ranks from 0 to "
        + "\(count - 1), all with the same MASTER_ADDR and MASTER_PORT"
    case .portTaken(let port):
      "port \(port) of this machine cannot be listened on: set MASTER_PORT to a free one, the same for all processes"
    case .unreachable(let host, let port, let seconds, let reason):
      "\(host):\(port) has not answered within \(Self.text(seconds)) s\(reason.isEmpty ? "" : " (\(reason))"): check MASTER_ADDR "
        + "and MASTER_PORT, and that rank 0 runs there"
    }
  }

  private static func name(_ process: Process?) -> String { process.map { "\($0)" } ?? "one of the processes" }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
  }
}
