import Foundation
import Torch

/// The place of this process among those that train together, as launchers say it: `torchrun`, Kubernetes' training
/// operators, and `thorax train --processes`.
public struct ProcessPlace: Sendable, Equatable {
  /// This process, from 0, of ``count``.
  public var rank: Int
  public var count: Int
  /// This process among those of its machine, from 0.
  public var localRank: Int
  /// Where rank 0 listens.
  public var host: String
  public var port: UInt16
  /// How long to wait for the others to join.
  public var joinSeconds = 300.0
  /// How long after the loss of a process, or its standstill, all others have ended.
  public var stepSeconds = 60.0
  /// A socket that listens on the port already.
  var listening: Int32?
  /// Whether `torchrun` itself serves what the processes find each other by, and after how many restarts.
  var launcherServes: String?
  var networkInterface: String?

  /// The variables of ours, beside those of `torchrun` and `GLOO_SOCKET_IFNAME`.
  public enum Variable {
    /// Seconds for ``ProcessPlace/joinSeconds``.
    public static let joinTimeout = "THORAX_JOIN_TIMEOUT"
    /// Seconds for ``ProcessPlace/stepSeconds``.
    public static let stepTimeout = "THORAX_STEP_TIMEOUT"
    /// The descriptor of a socket that listens on `MASTER_PORT`, which rank 0 inherits.
    public static let listening = "THORAX_LISTENING"
  }

  public init(rank: Int, count: Int, localRank: Int? = nil, host: String, port: UInt16) {
    (self.rank, self.count, self.localRank, self.host, self.port) = (rank, count, localRank ?? rank, host, port)
  }

  /// Reads `RANK`, `WORLD_SIZE`, `LOCAL_RANK`, `MASTER_ADDR` and `MASTER_PORT`; nil if neither of the first two is set, or
  /// the process is alone.
  ///
  /// - Throws: ``LaunchError``.
  public init?(environment: [String: String]) throws {
    func text(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    guard text("RANK") != nil || text("WORLD_SIZE") != nil else { return nil }
    func required(_ name: String) throws -> String {
      guard let value = text(name) else { throw LaunchError.missing(variable: name) }
      return value
    }
    func number(_ name: String, in range: ClosedRange<Int>, _ value: String) throws -> Int {
      guard let number = Int(value), range.contains(number) else {
        throw LaunchError.notANumber(variable: name, value: value, range: range)
      }
      return number
    }
    func seconds(_ name: String) throws -> Double? {
      guard let value = text(name) else { return nil }
      guard let seconds = Double(value), (0.1...1e7).contains(seconds) else {
        throw LaunchError.notSeconds(variable: name, value: value)
      }
      return seconds
    }
    count = try number("WORLD_SIZE", in: 1...4096, required("WORLD_SIZE"))
    rank = try number("RANK", in: 0...4095, required("RANK"))
    guard rank < count else { throw LaunchError.rankTooLarge(rank: rank, count: count) }
    guard count > 1 else { return nil }
    localRank = try text("LOCAL_RANK").map { try number("LOCAL_RANK", in: 0...4095, $0) } ?? 0
    host = try required("MASTER_ADDR")
    port = UInt16(try number("MASTER_PORT", in: 1...65535, required("MASTER_PORT")))
    joinSeconds = try seconds(Variable.joinTimeout) ?? joinSeconds
    stepSeconds = try seconds(Variable.stepTimeout) ?? stepSeconds
    if rank == 0 { listening = text(Variable.listening).flatMap { Int32($0) } }
    if text("TORCHELASTIC_USE_AGENT_STORE") == "True" { launcherServes = text("TORCHELASTIC_RESTART_COUNT") ?? "0" }
    networkInterface = text("GLOO_SOCKET_IFNAME")
  }

  var groupOptions: ProcessGroupGloo.Options {
    var options = ProcessGroupGloo.Options(host: host, port: port, rank: rank, count: count)
    options.rankZeroServes = launcherServes == nil
    options.listening = listening
    // What an attempt before this one has left in a launcher's store is not ours.
    options.prefix = "thorax/" + (launcherServes ?? "0")
    options.networkInterface = networkInterface
    options.place = "process \(getpid()) on \(ProcessInfo.processInfo.hostName)"
    (options.joinSeconds, options.stepSeconds) = (joinSeconds, stepSeconds)
    return options
  }
}

/// What is wrong with the variables that say a process's place among others.
public enum LaunchError: Error, Equatable, CustomStringConvertible {
  case missing(variable: String)
  case notANumber(variable: String, value: String, range: ClosedRange<Int>)
  case notSeconds(variable: String, value: String)
  case rankTooLarge(rank: Int, count: Int)

  public var description: String {
    switch self {
    case .missing(let variable):
      "\(variable) is not set, and other variables say that several processes train: set RANK, WORLD_SIZE, MASTER_ADDR and "
        + "MASTER_PORT, as torchrun does, or none of them"
    case .notANumber(let variable, let value, let range):
      "\(variable) cannot be \(value): give a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .notSeconds(let variable, let value):
      "\(variable) cannot be \(value): give a number of seconds from 0.1"
    case .rankTooLarge(let rank, let count):
      "RANK is \(rank), and WORLD_SIZE is \(count): number the processes from 0 to \(count - 1)"
    }
  }
}
