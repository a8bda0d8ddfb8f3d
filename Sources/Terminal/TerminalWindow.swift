import Foundation

/// The terminal that standard error is shown on.
enum TerminalWindow {
  /// Whether a line can be drawn over: not in a file or a pipe, nor on a terminal without control sequences.
  static let canDrawOver: Bool = {
    let type = ProcessInfo.processInfo.environment["TERM"] ?? ""
    return StandardStream.error.isTerminal && !type.isEmpty && type != "dumb"
  }()

  /// The columns that there are now; a window may be resized while a command runs.
  static var columns: Int {
    var size = winsize()
    if ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    return ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 80
  }

  /// The columns that a text takes: East Asian characters and pictures take two, combining marks none.
  static func width(of text: String) -> Int {
    text.reduce(0) { $0 + ($1.unicodeScalars.first.map(isWide) == true ? 2 : 1) }
  }

  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
      0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
