import Foundation
import Generation
import Models

/// A folder of its own for each test, gone afterwards.
public func withTinyModel<Value>(_ body: (TinyModel, URL) async throws -> Value) async throws -> Value {
  let root = FileManager.default.temporaryDirectory.appendingPathComponent("tiny-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: root) }
  let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")
  return try await body(TinyModel(at: root, fixtures: fixtures), root)
}

extension ModelHost {
  /// Loads a tiny model with its own encoder, on one thread.
  public static func load(_ model: TinyModel, precision: PrecisionChoice = .float32) async throws -> ModelHost {
    try await load(
      ModelFolder(path: model.folder.path), textEncoder: model.encoder, device: .device(.cpu), precision: precision,
      threads: 1)
  }
}
