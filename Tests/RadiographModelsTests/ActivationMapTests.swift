import RadiographModels
import Testing
import Torch
import TorchNN

@Suite("Class activation maps")
struct ActivationMapTests {
  @Test(
    "the mean of a label's map is its log odds where maps become means",
    arguments: [ClassifierArchitecture.Network.small, .densenet121, .resnet50])
  func means(_ network: ClassifierArchitecture.Network) throws {
    let store = ParameterStore(generator: try Generator(seed: 2), memoryFormat: .channelsLast)
    let classifier = try LabelClassifier(
      store.root, ClassifierArchitecture(network: network, labels: ["a", "b", "c"], side: 64))
    try withoutGradients {
      let image_B1HW = try Tensor.randn([2, 1, 64, 64], generator: Generator(seed: 3))
      let maps_BLHW = try classifier.activationMaps(image_B1HW)
      #expect(maps_BLHW.shape[0] == 2 && maps_BLHW.shape[1] == 3 && maps_BLHW.shape[2] == maps_BLHW.shape[3])
      let difference = try (maps_BLHW.mean(dim: [2, 3]) - classifier(image_B1HW)).abs().amax(dim: [0, 1]).item()
      #expect(difference < 1e-4, "\(difference)")
    }
  }
}
