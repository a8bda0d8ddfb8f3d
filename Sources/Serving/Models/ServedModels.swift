import Foundation
import Generation
import Logging
import Models
import NIOConcurrencyHelpers
import Support

/// A model of the service: what is known of it at once, and the hosts that draw with it once it is loaded.
struct ServedModel: Sendable {
  var name: String
  var source: ModelSource
  /// What it cannot do.
  var cautions: [ModelCaution]
  /// Floating-point operations of an image with the model's own settings.
  var flops: Double

  var description: ModelDescription { source.description }
}

/// All models of a service, loaded one after another while the service answers already.
final class ServedModels: Sendable {
  enum Status: Sendable {
    case loading
    /// One host for each worker.
    case ready([ModelHost])
    case failed(String)

    var name: String {
      switch self {
      case .loading: "loading"
      case .ready: "ready"
      case .failed: "failed"
      }
    }
  }

  /// In the order of the settings; the first is the one that is drawn with if a request names none.
  let models: [ServedModel]
  private let status: NIOLockedValueBox<[String: Status]>

  /// Finds the models and reads what they say of themselves. Weights come later.
  ///
  /// - Throws: `ModelError` and what else reading a description throws; ``ServingError/duplicateModel(name:)``.
  init(_ references: [String], catalog: ModelCatalog = .standard()) throws {
    var models: [ServedModel] = []
    for reference in references {
      let source = try ModelSource(path: catalog.path(for: reference))
      let name = source.description.name
      guard !models.contains(where: { $0.name == name }) else { throw ServingError.duplicateModel(name: name) }
      models.append(
        ServedModel(
          name: name, source: source, cautions: try ModelCaution.all(in: source.path),
          flops: try Self.flops(source.description, source.description.sampling)))
    }
    self.models = models
    status = NIOLockedValueBox(Dictionary(uniqueKeysWithValues: models.map { ($0.name, Status.loading) }))
  }

  /// The status of a model.
  func status(of name: String) -> Status { status.withLockedValue { $0[name] } ?? .failed("unknown") }

  /// The host of a worker; nil if the model is not loaded.
  func host(of name: String, worker: Int) -> ModelHost? {
    guard case .ready(let hosts) = status(of: name), hosts.indices.contains(worker) else { return nil }
    return hosts[worker]
  }

  /// Whether every model is loaded or will never be, and at least one is loaded.
  var isReady: Bool {
    let all = status.withLockedValue { Array($0.values) }
    return all.contains { if case .ready = $0 { true } else { false } }
      && !all.contains { if case .loading = $0 { true } else { false } }
  }

  /// The model of a name, or the first.
  ///
  /// - Throws: ``APIError`` with `model_not_found`.
  func model(named name: String?) throws(APIError) -> ServedModel {
    guard let name, !name.isEmpty else { return models[0] }
    guard let model = models.first(where: { $0.name == name }) else {
      throw APIError(
        .modelNotFound,
        "the model '\(name.onOneLine(limit: 80))' is not served: choose one of "
          + models.map(\.name).joined(separator: ", "), field: "model")
    }
    return model
  }

  /// Loads all models.
  ///
  /// - Parameter loaded: Called after each model that can be drawn with.
  /// - Throws: The error of the first model if none can be loaded; `CancellationError`.
  func load(
    workers: Int, textEncoder: URL?, device: DeviceChoice, precision: PrecisionChoice, threads: Int?, logger: Logger,
    loaded: @Sendable () async -> Void
  ) async throws {
    var failure: (any Error)?
    for model in models {
      do {
        var hosts: [ModelHost] = []
        for _ in 0..<workers {
          try Task.checkCancellation()
          hosts.append(
            try await ModelHost.load(
              model.source, textEncoder: textEncoder, device: device, precision: precision, threads: threads))
        }
        // A service that ends says no more that it is ready.
        try Task.checkCancellation()
        let ready = hosts
        status.withLockedValue { $0[model.name] = .ready(ready) }
        logger.info("model \(model.name) is ready on \(hosts[0].device), loaded in \(Int(hosts[0].loadTime)) ms")
        await loaded()
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        // A service with one model ends with this error.
        if models.count > 1 { logger.error("model \(model.name) cannot be loaded: \(error)") }
        status.withLockedValue { $0[model.name] = .failed("\(error)") }
        failure = failure ?? error
      }
    }
    if !isReady, let failure { throw failure }
  }

  /// Floating-point operations of an image, for a prompt of 32 tokens.
  private static func flops(_ description: ModelDescription, _ sampling: SamplingSettings) throws -> Double {
    let projection = description.architecture.textProjection
    let tokens = projection.attendsToPadding ? projection.tokenLimit : 32
    return Double(try SamplingCost(description, sampling: sampling, tokens: tokens).image)
  }

  /// What images cost: 1 is an image of the first model with its own settings.
  ///
  /// - Throws: `DiffusionError` for settings that cannot be meant.
  func cost(of model: ServedModel, sampling: SamplingSettings, images: Int) throws -> Double {
    try Self.flops(model.description, sampling) / models[0].flops * Double(images)
  }
}
