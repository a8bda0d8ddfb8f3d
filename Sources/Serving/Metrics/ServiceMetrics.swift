import Foundation
import Metrics
import Support

/// What the service counts and times.
struct ServiceMetrics: Sendable {
  private let registry = PrometheusRegistry(help: [
    "thorax_requests_total": "Answered requests.",
    "thorax_request_seconds": "Time from a request's head to its answer's.",
    "thorax_images_total": "Images drawn.",
    "thorax_image_seconds": "Time to draw an image, waiting aside.",
    "thorax_cancelled_total": "Requests whose drawing was cancelled.",
    "thorax_queue_waiting": "Requests that wait.",
    "thorax_queue_running": "Images that are being drawn.",
    "thorax_model_ready": "1 for a model that can be drawn with.",
    "thorax_build_info": "The version of the program.",
    "process_resident_memory_bytes": "Memory in use.",
    "process_cpu_seconds_total": "Processor time of all threads.",
    "process_start_time_seconds": "The start of the service, in seconds since 1970.",
  ])
  private let started = Date()

  /// Records an answer. `route` is the route's pattern and not the path, which a client chooses.
  func answered(method: String, route: String, status: Int, time: Duration) {
    Counter(
      label: "thorax_requests_total",
      dimensions: [("method", method), ("route", route), ("status", "\(status)")], factory: registry
    ).increment()
    Timer(label: "thorax_request_seconds", dimensions: [("route", route)], factory: registry)
      .recordNanoseconds(Int64(time.seconds * 1e9))
  }

  func drew(model: String, seconds: Double) {
    Counter(label: "thorax_images_total", dimensions: [("model", model)], factory: registry).increment()
    Timer(label: "thorax_image_seconds", dimensions: [("model", model)], factory: registry)
      .recordNanoseconds(Int64(seconds * 1e9))
  }

  func cancelled() { Counter(label: "thorax_cancelled_total", dimensions: [], factory: registry).increment() }

  func queue(waiting: Int, running: Int) {
    gauge("thorax_queue_waiting", Double(waiting))
    gauge("thorax_queue_running", Double(running))
  }

  /// All metrics in Prometheus' text format.
  func text(models: ServedModels) -> String {
    for model in models.models {
      let isReady = if case .ready = models.status(of: model.name) { 1.0 } else { 0.0 }
      gauge("thorax_model_ready", isReady, [("model", model.name)])
    }
    gauge("thorax_build_info", 1, [("version", ThoraxVersion.current)])
    gauge("process_resident_memory_bytes", Double(residentMemoryBytes()))
    gauge("process_cpu_seconds_total", processorSeconds)
    gauge("process_start_time_seconds", started.timeIntervalSince1970)
    return registry.text
  }

  private func gauge(_ label: String, _ value: Double, _ dimensions: [(String, String)] = []) {
    Gauge(label: label, dimensions: dimensions, factory: registry).record(value)
  }
}
