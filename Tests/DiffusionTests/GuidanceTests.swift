import Foundation
import Testing
import Torch

@testable import Diffusion

@Suite("Classifier-free guidance")
struct GuidanceTests {
  private let time = SampleTime(timestep: 600, alpha: 0.4, sigma: 0.6)

  @Test("moves from the unconditional through the conditional output, in order of the scale")
  func combination() throws {
    let conditional = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    let unconditional = try Tensor([0, 2, 4, 0] as [Float], shape: [2, 2])
    func guided(_ scale: Double) throws -> [Float] {
      try ClassifierFreeGuidance(scale: scale).combine(conditional: conditional, negatives: [unconditional]).floats()
    }
    #expect(try guided(0) == [0, 2, 4, 0])
    #expect(try guided(1) == [1, 2, 3, 4])
    #expect(try guided(2) == [2, 2, 2, 8])
    #expect(try guided(4) == [4, 2, 0, 16])
  }

  @Test("moves from the mean of all that it leads away from")
  func several() throws {
    let negatives = try [[0, 3], [2, 6], [1, 0]].map { try Tensor($0 as [Float], shape: [1, 2]) }
    let guided = try ClassifierFreeGuidance(scale: 3)
      .combine(conditional: Tensor([2, 2] as [Float], shape: [1, 2]), negatives: negatives)
    #expect(try guided.floats() == [4, 0])
  }

  @Test("rescaled, each sample gets back the deviation of its conditional output in the proportion phi")
  func rescale() throws {
    let generator = try Generator(seed: 4)
    let conditional = try Tensor.randn([3, 2, 8, 8], generator: generator, dtype: .float64)
    let unconditional = try Tensor.randn([3, 2, 8, 8], generator: generator, dtype: .float64)
    func deviations(_ tensor: Tensor) throws -> [Double] { try tensor.std(dim: [1, 2, 3]).doubles() }
    func guided(_ phi: Double) throws -> Tensor {
      try ClassifierFreeGuidance(scale: 5, rescale: phi)
        .combine(conditional: conditional, negatives: [unconditional])
    }
    let wanted = try deviations(conditional)
    let plain = try guided(0)
    let full = try guided(1)
    for (a, b) in zip(try deviations(full), wanted) { #expect(abs(a - b) < 1e-12) }
    #expect(zip(try deviations(plain), wanted).allSatisfy { $0 > 2 * $1 })
    let (half, p, f) = (try guided(0.5).doubles(), try plain.doubles(), try full.doubles())
    for index in half.indices { #expect(abs(half[index] - (p[index] + f[index]) / 2) < 1e-12) }
  }

  @Test("agrees with diffusers' rescale_noise_cfg")
  func parity() throws {
    // rescale_noise_cfg(cfg, text, guidance_rescale=0.7), diffusers 0.42.1 in double precision, for
    // null = [[0.5, -1, 2, 0.25], [1, 1, 0, -3]], text = [[1, -2, 0.5, 0], [0.5, 2, -1, -2]], scale 3.
    let null = try Tensor([0.5, -1, 2, 0.25, 1, 1, 0, -3] as [Double], shape: [2, 4])
    let text = try Tensor([1, -2, 0.5, 0, 0.5, 2, -1, -2] as [Double], shape: [2, 4])
    let guided = try ClassifierFreeGuidance(scale: 3, rescale: 0.7).combine(conditional: text, negatives: [null])
    let expected = [
      1.30858927837789, -2.61717855675578, -1.6357365979723624, -0.3271473195944725,
      -0.3613850108895712, 2.8910800871165696, -2.168310065337427, 0.0,
    ]
    for (a, b) in zip(try guided.doubles(), expected) { #expect(abs(a - b) < 1e-12) }
  }

  @Test("is off at scale 1 and outside its interval, and the null condition is then not evaluated")
  func activity() throws {
    #expect(try !ClassifierFreeGuidance(scale: 1).isActive(at: time))
    #expect(try ClassifierFreeGuidance(scale: 1.01).isActive(at: time))
    #expect(try ClassifierFreeGuidance(scale: 0).isActive(at: time))
    let guidance = try ClassifierFreeGuidance(scale: 3, interval: 0.2...0.5)
    #expect(!guidance.isActive(at: time))
    #expect(guidance.isActive(at: SampleTime(timestep: 400, alpha: 0.6, sigma: 0.4)))

    var pairs = 0
    let sampler = EulerSampler()
    let plan = try DiffusionProcess(.rectifiedFlow).plan(steps: 10, convention: sampler.convention)
    let noise = try Tensor.randn([2, 1, 4, 4], generator: Generator(seed: 8))
    func end(_ guidance: ClassifierFreeGuidance) throws -> [Float] {
      pairs = 0
      return try sampler.sample(
        from: SamplerState(plan: plan, noise: noise),
        denoiser: guidance.denoiser { x_t, _ in
          #expect(x_t.shape == [2, 1, 4, 4])
          return try x_t * 0.5 - 1
        } guided: { x_t, _ in
          pairs += 1
          #expect(x_t.shape == [2, 1, 4, 4])
          return (negatives: [try x_t * 0.5], conditional: try x_t * 0.5 - 1)
        }
      ).floats()
    }
    let unguided = try sampler.sample(from: SamplerState(plan: plan, noise: noise)) { x_t, _ in try x_t * 0.5 - 1 }
    #expect(try end(ClassifierFreeGuidance(scale: 1)) == unguided.floats())
    #expect(pairs == 0)
    let strong = try end(ClassifierFreeGuidance(scale: 4))
    #expect(pairs == 10)
    #expect(zip(strong, try unguided.floats()).allSatisfy { $0 > $1 + 0.5 })
    let limited = try end(guidance)
    #expect(pairs == 4)
    #expect(zip(limited, strong).allSatisfy { $0 < $1 })
  }

  @Test("settings out of range are refused with the value and the range")
  func validation() throws {
    for scale in [-1, 100.5, Double.infinity] {
      #expect(throws: DiffusionError.invalidSetting(name: "guidance", value: scale, allowed: "0 to 100; 1 is off")) {
        try ClassifierFreeGuidance(scale: scale)
      }
    }
    // NaN equals nothing, so the text is compared.
    let nan = #expect(throws: DiffusionError.self) { try ClassifierFreeGuidance(scale: .nan) }
    #expect(nan?.description == "guidance is nan: give 0 to 100; 1 is off")
    for scale in [0, 100.0] { #expect(throws: Never.self) { try ClassifierFreeGuidance(scale: scale) } }
    #expect(throws: DiffusionError.invalidSetting(name: "guidance rescale", value: 1.1, allowed: "0 to 1")) {
      try ClassifierFreeGuidance(scale: 2, rescale: 1.1)
    }
    for (interval, outside) in [(0...1.5, 1.5), (-0.5...1, -0.5), (2...3, 2)] {
      #expect(
        throws: DiffusionError.invalidSetting(
          name: "guidance interval", value: outside, allowed: "two times from 0 to 1")
      ) {
        try ClassifierFreeGuidance(scale: 2, interval: interval)
      }
    }
  }
}
