import RadiographModels
import TensorFiles
import Torch
import TorchNN

/// A classifier of random weights, in a file as `thorax train classifier` writes it.
public enum TinyJudge {
  public static let labels = ["Cardiomegaly", "Effusion", "No Finding", "Normal", "Pneumothorax", "female"]

  /// Writes one.
  ///
  /// - Parameter side: The side that it brings images to.
  /// - Throws: What making and writing the classifier throws.
  public static func write(to path: String, labels: [String] = labels, side: Int = 32) throws {
    let store = ParameterStore(generator: try Generator(seed: 3))
    let architecture = ClassifierArchitecture(network: .small, labels: labels, side: side)
    let classifier = try LabelClassifier(store.root, architecture)
    try SafetensorsWriter.write(store.tensors(), metadata: classifier.metadata(), to: path)
  }
}
