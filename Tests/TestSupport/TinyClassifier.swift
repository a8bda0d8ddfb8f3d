import Foundation
import RadiographModels
import TensorFiles
import Torch
import TorchNN

/// A small classifier with drawn weights, in a file as `thorax train classifier` writes it.
public enum TinyClassifier {
  public static func write(labels: [String], side: Int = 32, seed: UInt64 = 1, to file: URL) throws {
    let store = ParameterStore(generator: try Generator(seed: seed), memoryFormat: .channelsLast)
    let classifier = try LabelClassifier(
      store.root, ClassifierArchitecture(network: .small, labels: labels, side: side))
    try SafetensorsWriter.write(store.tensors(), metadata: classifier.metadata(), to: file.path)
  }
}
