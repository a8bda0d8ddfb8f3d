/// Why a model cannot be measured on a dataset.
public enum MeasurementError: Error, Equatable, CustomStringConvertible {
  case imageSize(dataset: Int, model: Int)
  case indivisibleImageSize(Int, by: Int)
  case tooFewImages(source: String, use: String, found: Int, minimum: Int)
  case tooFewSamples(Int, minimum: Int)

  public var description: String {
    switch self {
    case .imageSize(let dataset, let model):
      "the dataset's images have \(dataset) pixels a side and the model's \(model): import the data at --size \(model)"
    case .indivisibleImageSize(let size, let divisor):
      "images of \(size) pixels a side cannot be averaged down to \(divisor): measure at a multiple of \(divisor)"
    case .tooFewImages(let source, let use, let found, let minimum):
      "the dataset has \(found) images of \(source) \(use) where \(minimum) are needed: import more of them"
    case .tooFewSamples(let samples, let minimum):
      "\(samples) samples are too few: draw at least \(minimum), one for each prompt"
    }
  }
}
