import Foundation
import TensorFiles
import Torch
import TorchNN

extension LabelClassifier {
  /// Gives a classifier the weights of another of the same network: one that Thorax has trained, or torchvision's
  /// `densenet121` or `resnet50` (safetensors, or PyTorch's files). Where the other decides on another number of labels, the
  /// last layer stays as it is, and so do the layers that ``ClassifierArchitecture/Network/places`` has beside those of
  /// `small`, from which it may begin. A first convolution of three colours becomes one of grey: their sum.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`; `ParameterLoadingError` with every name that does not fit.
  public static func begin(_ store: ParameterStore, with path: String) throws {
    let stored: [(name: String, tensor: MappedTensor)]
    if path.hasSuffix(".safetensors") {
      let file = try SafetensorsFile(path: path)
      stored = try file.names.map { ($0, try file.tensor($0)) }
    } else {
      stored = try TorchArchive(path: path).tensors()
    }
    let last = ["classifier", "output", "fc"].flatMap { ["\($0).weight", "\($0).bias"] }
    var tensors = try store.tensors().filter { last.contains($0.key) || $0.key.hasPrefix("places.") }
    for (name, mapped) in stored where !name.hasSuffix("num_batches_tracked") {
      let path = Self.path(of: name)
      var tensor = try Tensor(mapped)
      let shape = store[path]?.shape
      if last.contains(path), tensor.shape != shape { continue }
      if shape?.count == 4, shape?[1] == 1, tensor.shape.count == 4, tensor.shape[1] == 3 {
        tensor = try tensor.to(.float32).sum(dim: [1], keepdim: true)
      }
      tensors[path] = tensor
    }
    try store.copyValues(from: tensors)
  }

  /// The published files of torchvision are older than its names: `norm.1` is `norm1` since.
  private static func path(of name: String) -> String {
    ["norm", "conv"].reduce(name) { path, layer in
      [1, 2].reduce(path) { $0.replacingOccurrences(of: ".\(layer).\($1).", with: ".\(layer)\($1).") }
    }
  }
}
