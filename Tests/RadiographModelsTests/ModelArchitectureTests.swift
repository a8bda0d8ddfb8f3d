import Foundation
import RadiographModels
import Testing

@Suite struct ModelArchitectureTests {
  @Test("Latents are an eighth of the image", arguments: ModelPreset.allCases)
  func sizes(preset: ModelPreset) throws {
    let architecture = preset.architecture
    try architecture.validate()
    #expect(architecture.latentSide == 32)
    #expect(architecture.latentChannels == 8)
    #expect(architecture.imageChannels == 1)
  }

  @Test("An architecture survives JSON", arguments: ModelPreset.allCases)
  func json(preset: ModelPreset) throws {
    let data = try JSONEncoder().encode(preset.architecture)
    #expect(try JSONDecoder().decode(ModelArchitecture.self, from: data) == preset.architecture)
  }
}
