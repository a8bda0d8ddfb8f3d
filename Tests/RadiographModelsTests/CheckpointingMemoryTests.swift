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
        func train(side: Int, checkpointing: Bool) throws -> Int {
          let random = try Generator(seed: 2)
          let text = try TinyNetworks.text(rows: 8, tokens: 2, generator: random)
          let latent = try Tensor.randn([8, 4, side, side], generator: random)
          try unet(latent, times_B: Tensor.full([8], value: 0.5), text: text, checkpointing: checkpointing)
            .square().mean().backward()
          return try peakResidentKilobytes()
        }
        let base = try train(side: 8, checkpointing: false)
        let checkpointed = try train(side: 64, checkpointing: true) - base
        let plain = try train(side: 64, checkpointing: false) - base
        guard plain > 2 * checkpointed else { throw NotSaved() }
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
