import Foundation

/// The end of the process.
enum ProgramEnd {
  /// Leaves with everything written, and without the finalisers of the libraries: those of LibTorch take about 60 ms
  /// to free what the system frees anyway.
  static func leave(_ status: ExitStatus) -> Never { leave(status.rawValue) }

  /// Leaves with the exit code of another process.
  static func leave(_ status: Int32) -> Never {
    if runsFinalisers {
      LibTorchOpening.finish()
      exit(status)
    }
    fflush(nil)
    _exit(status)
  }

  /// A debug build, a sanitiser (which reports when the process ends), and a process with `THORAX_FINALISERS` run them.
  private static var runsFinalisers: Bool {
    #if DEBUG
      true
    #else
      ProcessInfo.processInfo.environment["THORAX_FINALISERS"].map { !$0.isEmpty } ?? false || isSanitised
    #endif
  }

  private static var isSanitised: Bool {
    let program = dlopen(nil, RTLD_NOW)
    let names: [String] = ["__asan_init", "__tsan_init", "__lsan_do_leak_check", "__ubsan_handle_add_overflow"]
    return names.contains { dlsym(program, $0) != nil }
  }
}
