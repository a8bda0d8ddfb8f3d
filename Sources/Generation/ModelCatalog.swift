import Foundation

/// The places where models are kept, and how a name or a path leads to one.
public struct ModelCatalog: Sendable {
  /// The model that `generate` uses when none is named.
  public static let defaultName = "thorax-small"

  /// Folders whose subfolders are models, in order of preference.
  public var places: [String]

  public init(places: [String]) {
    self.places = places
  }

  /// `$THORAX_HOME/models`, `models` in a folder above the program, `models` in the working folder, and the user's
  /// cache.
  public static func standard(environment: [String: String] = ProcessInfo.processInfo.environment) -> ModelCatalog {
    var places: [String] = []
    if let home = environment["THORAX_HOME"], !home.isEmpty { places.append(PathName.joined(home, "models")) }
    // A build lies in `.build/release` of its checkout; an installed program in `bin` beside `models`.
    var folder = PathName.folder(of: Machine.programPath)
    for _ in 0..<4 where folder != "/" && folder != "." {
      places.append(PathName.joined(folder, "models"))
      folder = PathName.folder(of: folder)
    }
    places.append("models")
    places.append(PathName.joined(CacheFolder.path(environment: environment), "models"))
    var seen: Set<String> = []
    return ModelCatalog(
      places: places.filter { PathName.isFolder($0) && seen.insert(PathName.normalized($0)).inserted })
  }

  /// The models at hand, by name; where two places have the same name the first one counts.
  public func models() -> [(name: String, path: String)] {
    var seen: Set<String> = []
    return places.flatMap { place in
      ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).sorted()
        .map { (name: $0, path: PathName.joined(place, $0)) }
        .filter { FileManager.default.fileExists(atPath: PathName.joined($0.path, ModelFolder.descriptionName)) }
    }.filter { seen.insert($0.name).inserted }
  }

  /// The folder (or checkpoint file) that `reference` stands for: a path when it holds a slash or exists, else a name.
  public func path(for reference: String) throws -> String {
    if !reference.contains("/"), !reference.isEmpty, reference != ".", reference != ".." {
      for place in places {
        let path = PathName.joined(place, reference)
        if PathName.isFolder(path) { return path }
      }
    }
    if reference.contains("/") || FileManager.default.fileExists(atPath: reference) {
      guard FileManager.default.fileExists(atPath: reference) else { throw ModelError.missing(path: reference) }
      return reference
    }
    throw ModelError.notFound(
      name: reference, known: models().map(\.name), places: places.isEmpty ? ["./models"] : places)
  }
}

/// The folder for what is fetched once and shared by all checkouts of a user.
public enum CacheFolder {
  /// `$XDG_CACHE_HOME/thorax`, or `~/.cache/thorax`.
  public static func path(environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return PathName.joined(cache, "thorax") }
    return PathName.joined(environment["HOME"] ?? NSHomeDirectory(), ".cache/thorax")
  }
}
