import Foundation
import RadiographModels
import Testing
import Torch
import TorchNN

#if os(Linux)
  /// In a process of its own, since the peak of a process never falls and other tests would raise it.
  @Suite struct CheckpointingMemoryTests {
    @Test("Checkpointed blocks train with half the memory")
    func peak() async {
      await #expect(processExitsWith: .success) {
        struct NotSaved: Error {}
        let store = ParameterStore(generator: try Generator(seed: 1), memoryFormat: .channelsLast)
        let unet = try UNet(
          store.root,
          TinyNetworks.unet {
            for level in $0.levels.indices {
              $0.levels[level].blocks = 4
              $0.levels[level].selfAttention = .none
            }
          })
        func train(side: Int, checkpointing: CheckpointingPolicy) throws -> Int {
          let random = try Generator(seed: 2)
          let text = try TinyNetworks.text(rows: 8, tokens: 2, generator: random)
          let latent = try Tensor.randn([8, 4, side, side], generator: random)
          try unet(latent, times_B: Tensor.full([8], value: 0.5), text: text, checkpointing: checkpointing)
            .square().mean().backward()
          return try peakResidentKilobytes()
        }
        let base = try train(side: 8, checkpointing: .none)
        let checkpointed = try train(side: 64, checkpointing: .all) - base
        let plain = try train(side: 64, checkpointing: .none) - base
        guard plain > 2 * checkpointed else { throw NotSaved() }
      }
    }

    @Test("Checkpointed layers of an autoencoder train with two thirds of the memory at most")
    func layers() async {
      await #expect(processExitsWith: .success) {
        struct NotSaved: Error {}
        let store = ParameterStore(generator: try Generator(seed: 1), memoryFormat: .channelsLast)
        let blocks = [AutoencoderLayer](repeating: .residual, count: 16)
        let network = try Autoencoder(
          store.root,
          AutoencoderArchitecture(
            latentChannels: 4,
            encoder: [.pixelUnshuffle(factor: 4), .convolution(channels: 32)] + blocks + [.convolution(channels: 8)],
            decoder: [.convolution(channels: 32)] + blocks + [.convolution(channels: 16), .pixelShuffle(factor: 4)]))
        func train(side: Int, checkpointing: CheckpointingPolicy) throws -> Int {
          let image = try Tensor.randn([2, 1, side, side], generator: Generator(seed: 2))
          let latent = try network.encode(image, checkpointing: checkpointing)
          try network.decode(latent.mean_BCHW, checkpointing: checkpointing).square().mean().backward()
          return try peakResidentKilobytes()
        }
        let base = try train(side: 32, checkpointing: .none)
        let checkpointed = try train(side: 384, checkpointing: .all) - base
        let plain = try train(side: 384, checkpointing: .none) - base
        guard 2 * plain > 3 * checkpointed else { throw NotSaved() }
      }
    }
  }

  /// The largest resident set that this process has had.
  private func peakResidentKilobytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(Int(line.filter(\.isNumber)))
  }
#endif
