import Foundation
import SystemPackage

/// The folders of the user who runs the program.
public enum UserFolders {
  /// The home folder: `$HOME`, or what the system's database of users says if that is unset or not absolute.
  public static func home(environment: [String: String] = ProcessInfo.processInfo.environment) -> FilePath {
    if let home = environment["HOME"], home.hasPrefix("/") { return FilePath(home) }
    if let entry = getpwuid(getuid()), let folder = entry.pointee.pw_dir { return FilePath(platformString: folder) }
    return "/"
  }

  /// The base of all caches of the user: `$XDG_CACHE_HOME` if it is absolute (a relative one is to be ignored, as the XDG
  /// Base Directory Specification says), otherwise `.cache` in the home folder.
  public static func caches(environment: [String: String] = ProcessInfo.processInfo.environment) -> FilePath {
    if let caches = environment["XDG_CACHE_HOME"], caches.hasPrefix("/") { return FilePath(caches) }
    return home(environment: environment).appending(".cache")
  }

  /// The user's settings of Thorax: `thorax` in `$XDG_CONFIG_HOME` if that is absolute, otherwise in `.config` in the home
  /// folder.
  public static func settings(environment: [String: String] = ProcessInfo.processInfo.environment) -> FilePath {
    let base = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
    return (base ?? home(environment: environment).appending(".config")).appending("thorax")
  }

  /// What Thorax's services keep between runs: `thorax` in `$XDG_STATE_HOME` if that is absolute, otherwise in
  /// `.local/state` in the home folder.
  public static func state(environment: [String: String] = ProcessInfo.processInfo.environment) -> FilePath {
    let base = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
    return (base ?? home(environment: environment).appending(".local/state")).appending("thorax")
  }

  /// What Thorax fetches once and all checkouts of the user share: `thorax` in the user's caches.
  public static func cache(environment: [String: String] = ProcessInfo.processInfo.environment) -> FilePath {
    caches(environment: environment).appending("thorax")
  }
}
