import Foundation
import RadiographModels
import Support

extension TextEncoder {
  /// Finds an encoder's folder by name, such as `all-MiniLM-L6-v2` or `dmis-lab/biobert-v1.1`.
  ///
  /// Looked for, in this order: the name as a path; in the folders of `THORAX_TEXT_ENCODERS` (separated by colons); in
  /// `text-encoders` of Thorax's cache (`UserFolders/cache(environment:)`); in the cache of the
  /// Hugging Face hub (`$HF_HUB_CACHE`, otherwise `$HF_HOME/hub`, otherwise `~/.cache/huggingface/hub`). Each of the
  /// folders may be laid out plainly or as a hub's cache. An encoder is never replaced by another.
  ///
  /// - Throws: `TextEncoderError.notFound` with every place that was looked in.
  public static func locate(
    name: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> URL {
    let path = URL(fileURLWithPath: name)
    if name.contains("/"), holdsEncoder(path) { return path }
    let places = places(environment: environment)
    let isRelative = !name.isEmpty && !name.hasPrefix("/") && !name.split(separator: "/").contains("..")
    for place in places where isRelative {
      // A plain folder goes by the model's name with its organisation or without.
      for folderName in Set([name, path.lastPathComponent]).sorted(by: { $0.count > $1.count }) {
        let folder = place.appendingPathComponent(folderName)
        if holdsEncoder(folder) { return folder }
      }
      if let snapshot = snapshot(of: name, inHub: place) { return snapshot }
    }
    throw TextEncoderError.notFound(name: name, places: places.map(\.path))
  }

  /// The folders in which encoders are kept.
  private static func places(environment: [String: String]) -> [URL] {
    func folder(_ variable: String) -> URL? {
      environment[variable].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
    }
    let caches = URL(fileURLWithPath: UserFolders.caches(environment: environment).string)
    let hub =
      folder("HF_HUB_CACHE") ?? folder("HF_HOME")?.appendingPathComponent("hub")
      ?? caches.appendingPathComponent("huggingface/hub")
    let named = (environment["THORAX_TEXT_ENCODERS"] ?? "").split(separator: ":").map {
      URL(fileURLWithPath: String($0))
    }
    return named + [caches.appendingPathComponent("thorax/text-encoders"), hub]
  }

  /// The snapshot that a hub's cache holds of a model: `models--organisation--name/snapshots/revision`. The revision
  /// is that of `refs/main`; without it, the last in order of name that is whole.
  private static func snapshot(of name: String, inHub hub: URL) -> URL? {
    let files = FileManager.default
    let exact = "models--" + name.replacingOccurrences(of: "/", with: "--")
    let candidates =
      name.contains("/")
      ? [exact]
      : ((try? files.contentsOfDirectory(atPath: hub.path)) ?? []).sorted()
        .filter { $0 == exact || $0.hasPrefix("models--") && $0.hasSuffix("--" + name) }
    for candidate in candidates {
      let model = hub.appendingPathComponent(candidate)
      let snapshots = model.appendingPathComponent("snapshots")
      let main = (try? String(contentsOf: model.appendingPathComponent("refs/main"), encoding: .utf8))
        .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
      let others = ((try? files.contentsOfDirectory(atPath: snapshots.path)) ?? []).sorted(by: >)
      for revision in (main.map { [$0] } ?? []) + others where !revision.isEmpty {
        let folder = snapshots.appendingPathComponent(revision)
        if holdsEncoder(folder) { return folder }
      }
    }
    return nil
  }

  private static func holdsEncoder(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent("config.json").path)
  }
}
