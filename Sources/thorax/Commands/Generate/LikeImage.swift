import Generation
import ImageOutput
import Models
import Support
import Terminal

/// The image of `generate --like`: what it says of itself stands where nothing else is given.
struct LikeImage {
  let path: String
  let recorded: RecordedProvenance
  private let bytes: [UInt8]

  /// - Throws: `ProvenanceError` for a file that does not say how it was drawn; `FileAccessError`.
  init(path: String) throws {
    self.path = path
    (recorded, bytes) = try RecordedProvenance.read(path: path)
  }

  /// The name to write to if none is given: of the image's own format.
  var defaultOutput: String {
    OutputFormat(detecting: bytes).map { "cxr.\($0.pathExtension)" } ?? OutputPlan.defaultName
  }

  /// - Throws: `ProvenanceError.needsLatents(path:)` if no seed can give the image.
  func checkNoise() throws {
    if recorded.initialLatents != nil { throw ProvenanceError.needsLatents(path: path) }
  }

  /// The settings to draw with, and the same with the model's own filled in.
  ///
  /// - Throws: `ProvenanceError.unfit(path:reason:)` for a setting of the image that the model cannot do.
  func settings(
    _ given: SamplingOverrides, of description: ModelDescription
  ) throws -> (SamplingOverrides, SamplingSettings) {
    var merged = given
    merged.negative = given.negative ?? recorded.negative
    // A quality that is asked for is another way to sample, and goes before all of the image's.
    if given.quality == nil {
      merged.steps = given.steps ?? recorded.steps
      merged.guidance = given.guidance ?? recorded.guidance
      merged.guidanceRescale = given.guidanceRescale ?? recorded.guidanceRescale
      merged.guidanceInterval = given.guidanceInterval ?? recorded.guidanceInterval
      merged.guidanceFrom = given.guidanceFrom ?? recorded.guidanceFrom
      merged.sampler = given.sampler ?? recorded.sampler
      merged.eta = given.eta ?? recorded.eta
    }
    do {
      return (merged, try description.sampling(for: merged))
    } catch {
      throw ProvenanceError.unfit(path: path, reason: "\(error)")
    }
  }

  /// The device of the image if it is there, otherwise the best that is.
  ///
  /// - Throws: `ProvenanceError.malformed` for a name that is none; `RequestError` for such a name that is given.
  func device(given: String?) throws -> DeviceChoice {
    if let given { return try DeviceChoice(name: given) }
    guard let choice = try? DeviceChoice(name: recorded.device) else {
      throw ProvenanceError.malformed(path: path, key: "device", value: recorded.device)
    }
    // A processor is always there, and asking would wait for LibTorch.
    return choice == .device(.cpu) || (try? choice.resolved()) != nil ? choice : .automatic
  }

  /// The precision of the image.
  ///
  /// - Throws: As ``device(given:)``.
  func precision(given: String?) throws -> PrecisionChoice {
    if let given { return try PrecisionChoice(name: given) }
    guard let choice = try? PrecisionChoice(name: recorded.precision) else {
      throw ProvenanceError.malformed(path: path, key: "precision", value: recorded.precision)
    }
    return choice
  }

  /// How the image was chosen among several, if what was drawn again is the image: then nothing has to be judged anew.
  func choice(of drawn: Provenance) -> ImageChoice? {
    var same = drawn
    same.choice = recorded.choice
    return recorded.differences(from: same, version: ThoraxVersion.current).isEmpty ? recorded.choice : nil
  }

  /// Compares what was drawn with the image, and says what is not the same.
  ///
  /// - Throws: `ImageFileError` if a picture that was just made cannot be read back.
  func compare(_ drawn: GeneratedImage, bytes: [UInt8], console: Console) throws -> GenerateReport.Like {
    let sameBytes = bytes == self.bytes
    let samePixels = try sameBytes || (try? OutputFormat.picture(in: self.bytes)) == OutputFormat.picture(in: bytes)
    var assumed: [String] = []
    if recorded.guidanceRescale == nil { assumed.append("guidance-rescale") }
    if recorded.guidanceInterval == nil { assumed.append("guidance-interval") }
    let differences = recorded.differences(from: drawn.provenance, version: ThoraxVersion.current)
    let name = path.onOneLine(limit: 160)
    if !assumed.isEmpty {
      console.note("'\(name)' does not say its \(assumed.joined(separator: " and ")): the model's own are taken")
    }
    if !differences.isEmpty {
      let list = differences.map {
        "\($0.key) is \($0.now?.onOneLine(limit: 80) ?? "none") and not \($0.recorded?.onOneLine(limit: 80) ?? "none")"
      }
      console.note("not as in '\(name)': " + list.joined(separator: "; "))
    }
    if sameBytes {
      console.note("the same bytes as '\(name)'")
    } else if samePixels {
      console.note("the same picture as '\(name)', in a file with other texts")
    } else if differences.isEmpty {
      console.note("not the picture of '\(name)', though all that it says is as it was: another processor or LibTorch")
    }
    return GenerateReport.Like(
      path: path, sameBytes: sameBytes, samePixels: samePixels, differences: differences, assumed: assumed)
  }
}
