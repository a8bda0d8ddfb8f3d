import Generation
import Support

/// What `generate --json` prints.
struct GenerateReport: Encodable {
  struct Image: Encodable {
    var path: String
    var prompt: String
    var seed: UInt64
    var width: Int
    var height: Int
    var sha256: String
  }

  struct Model: Encodable {
    var name: String
    var hash: String
  }

  var images: [Image] = []
  var previews: [String] = []
  var model: Model
  var steps: Int
  var guidance: Double
  var negative: String?
  var sampler: String
  var eta: Double
  var device: String
  var precision: String
  var threads: Int
  var timings = GenerationTimings()
  var peakMemoryBytes = 0
  let synthetic = true
  let version = ThoraxVersion.current

  enum CodingKeys: String, CodingKey {
    case images, previews, model, steps, guidance, negative, sampler, eta, device, precision, threads, timings
    case synthetic, version
    case peakMemoryBytes = "peak_memory_bytes"
  }
}
