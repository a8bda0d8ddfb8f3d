import Foundation
import Support
import SystemPackage

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
    var places: [FilePath] = []
    if let home = environment["THORAX_HOME"], !home.isEmpty { places.append(FilePath(home).appending("models")) }
    // A build lies in `.build/release` of its checkout; an installed program in `bin` beside `models`.
    var folder = FilePath(Machine.programPath).removingLastComponent()
    for _ in 0..<4 where !folder.components.isEmpty {
      places.append(folder.appending("models"))
      folder.removeLastComponent()
    }
    places.append("models")
    places.append(UserFolders.cache(environment: environment).appending("models"))
    var seen: Set<FilePath> = []
    return ModelCatalog(
      places: places.filter { $0.isFolder && seen.insert($0.lexicallyNormalized()).inserted }.map(\.string))
  }

  /// The installed models, by name; if two places have the same name the first one counts.
  public func models() -> [(name: String, path: String)] {
    var seen: Set<String> = []
    return places.flatMap { place in
      ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).sorted()
        .map { (name: $0, path: FilePath(place).appending($0).string) }
        .filter { FilePath($0.path).appending(ModelFolder.descriptionName).exists }
    }.filter { seen.insert($0.name).inserted }
  }

  /// The folder (or checkpoint file) that `reference` means: a path if it holds a slash or exists, otherwise a name.
  ///
  /// - Throws: ``ModelError/missing(path:)`` for a path that leads nowhere, ``ModelError/notFound(name:known:places:)``
  ///   for a name that no place has.
  public func path(for reference: String) throws -> String {
    if !reference.contains("/"), !reference.isEmpty, reference != ".", reference != ".." {
      for place in places {
        let path = FilePath(place).appending(reference)
        if path.isFolder { return path.string }
      }
    }
    if reference.contains("/") || FilePath(reference).exists {
      guard FilePath(reference).exists else { throw ModelError.missing(path: reference) }
      return reference
    }
    throw ModelError.notFound(
      name: reference, known: models().map(\.name), places: places.isEmpty ? ["./models"] : places)
  }
}
