import Foundation
import Generation
import ImageFiles
import ImageOutput
import Serving
import Support
import Terminal

/// Draws the images of a plan through the socket of a running service, which has the model loaded.
struct ServiceDrawing {
  /// The socket.
  var path: String
  var plan: OutputPlan
  var settings: SamplingOverrides
  var model: String?
  var overwrite: Bool
  var console: Console

  /// Draws and writes all images.
  ///
  /// - Parameter written: Called with the path of each image that was written.
  /// - Returns: What was made, as far as the images themselves say it.
  /// - Throws: `ServingError`; `FileAccessError` if a file cannot be written.
  func run(written: (String) throws -> Void) async throws -> GenerateReport {
    let client = ServiceClient(path: path)
    let clock = ContinuousClock()
    let start = clock.now
    var report: GenerateReport?
    let meter = console.meter("drawing", unit: "images", total: plan.images.count)
    for (index, planned) in plan.images.enumerated() {
      let request = GenerationRequest(prompt: planned.prompt, seed: planned.seed, settings: settings)
      let picture = try await client.draw(request, model: model, as: planned.format)
      let recorded = try RecordedProvenance(ImageText.read(from: picture.bytes), path: planned.path)
      // Another prompt or seed would be the answer to another request.
      guard recorded.prompt == planned.prompt, recorded.seed == planned.seed else {
        throw ServingError.unexpectedAnswer(path: path, reason: "its image is of another request")
      }
      let image = try GrayscaleImage(decoding: picture.bytes)
      if let note = picture.note, index == 0 || plan.images[index - 1].promptIndex != planned.promptIndex {
        console.note("\(note): what follows is not drawn")
      }
      try AtomicFile.write(picture.bytes, to: planned.path, mode: overwrite ? .replace : .createNew)
      var now = report ?? GenerateReport(recorded)
      now.images.append(
        GenerateReport.Image(
          planned, seed: recorded.seed, width: image.width, height: image.height, bytes: picture.bytes))
      now.timings += picture.timings
      report = now
      meter.update(Double(index + 1))
      try written(planned.path)
    }
    meter.finish()
    guard var report else { throw RequestError.noPrompt }
    report.timings.total = (clock.now - start).milliseconds
    report.peakMemoryBytes = peakMemoryBytes()
    return report
  }
}
