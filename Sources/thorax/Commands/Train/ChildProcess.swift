import Foundation

/// This program, started once more.
///
/// Not Foundation's `Process`: a child here inherits a socket, and is in a process group of its own, so that a terminal's
/// Ctrl-C reaches it only through its parent, once.
struct ChildProcess {
  enum End: Equatable {
    case exit(Int32), signal(Int32)
  }

  let identifier: pid_t
  /// How it has ended, if it has.
  private(set) var end: End?

  /// The descriptor under which a child finds what it inherits.
  static let inherited: Int32 = 3

  /// - Parameters:
  ///   - input: Its standard input.
  ///   - isSilent: Whether what it prints is dropped; otherwise it goes where that of this process goes.
  ///   - inheriting: A descriptor that it finds as ``inherited``.
  /// - Throws: What the system says if it cannot be started.
  init(
    arguments: [String], environment: [String: String], input: Int32, isSilent: Bool, inheriting: Int32?
  ) throws {
    #if os(Linux)
      var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
    #else
      var (actions, attributes): (posix_spawn_file_actions_t?, posix_spawnattr_t?) = (nil, nil)
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    if isSilent {
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    }
    if let inheriting { posix_spawn_file_actions_adddup2(&actions, inheriting, Self.inherited) }
    // This process has turned off what signals do by themselves, which a child would inherit.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGXFSZ] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { (words + variables).forEach { free($0) } }
    var identifier = pid_t()
    let status = posix_spawn(&identifier, program, &actions, &attributes, &words, &variables)
    guard status == 0 else { throw NSError(domain: NSPOSIXErrorDomain, code: Int(status)) }
    self.identifier = identifier
  }

  /// Finds out whether it has ended.
  mutating func look() {
    guard end == nil else { return }
    var status: Int32 = 0
    guard waitpid(identifier, &status, WNOHANG) == identifier else { return }
    let signal = status & 0x7F
    end = signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal)
  }

  /// Sends it a signal, if it runs.
  func send(_ signal: Int32) {
    if end == nil { kill(identifier, signal) }
  }

  /// If a launcher has started this process, ends it as `SIGTERM` does as soon as its standard input ends: the launcher
  /// has ended then.
  static func endWithLauncher() {
    guard ProcessInfo.processInfo.environment[ProcessLauncher.mark] != nil else { return }
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while read(0, &byte, 1) > 0 || errno == EINTR { errno = 0 }
      kill(getpid(), SIGTERM)
    }
  }
}
