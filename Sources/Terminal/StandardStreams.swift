import Foundation

/// The two streams that the program writes to: results go to standard output, everything else to standard error.
public enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// Whether a terminal is at the other end.
  var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Makes the streams safe to write to; called once, before any file is opened.
  ///
  /// A reader that goes away (`thorax ... | head -1`) no longer ends the program by a signal. A descriptor that is
  /// closed is filled, so that no file that is opened later gets its number and with it the lines of a result.
  public static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // Opened for reading alone: writing to it fails as writing to a closed stream does.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Writes the whole of `text`. What is written to a pipe without a reader is dropped.
  ///
  /// - Throws: ``StreamError/cannotWrite(reason:)`` for a full disk, a closed stream and whatever else the system says.
  func write(_ text: String) throws(StreamError) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(rawValue, $0.baseAddress, $0.count) }
      if written > 0 {
        bytes = bytes.dropFirst(written)
        continue
      }
      switch errno {
      case EINTR: continue
      case EPIPE: return
      case EAGAIN, EWOULDBLOCK:
        // Another process has made the stream non-blocking: wait until there is room.
        var request = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        poll(&request, 1, 1_000)
      case let code: throw .cannotWrite(reason: String(cString: strerror(code)))
      }
    }
  }
}

/// Why a result could not be written.
public enum StreamError: Error, Equatable, CustomStringConvertible {
  case cannotWrite(reason: String)

  public var description: String {
    switch self {
    case .cannotWrite(let reason): "results cannot be written to standard output (\(reason)): free space or the pipe"
    }
  }
}
