import Testing
import Torch

@testable import Diffusion

/// 990 trajectories: sampler x schedule x spacing x prediction x steps wherever diffusers has the combination.
///
/// Distances are relative to the largest value of the trajectory where that exceeds 1: Heun's second evaluation
/// multiplies by the noise level, which reaches 20,000 on the cosine schedule.
@Suite("Samplers against diffusers")
struct SamplerParityTests {
  @Test("the cases cover every sampler, curve, spacing, prediction and path that diffusers has")
  func coverage() throws {
    let cases = try ReferenceTrajectories().cases
    #expect(cases.count == 990)
    #expect(Set(cases.map(\.sampler.name)) == Set(SamplerKind.allCases))
    #expect(Set(cases.map(\.configuration.prediction)) == Set(PredictionType.allCases))
    for kind in SamplerKind.allCases {
      let own = cases.filter { $0.sampler.name == kind && $0.configuration.schedule.path == .variancePreserving }
      #expect(Set(own.map(\.configuration.spacing)) == Set(TimestepSpacing.allCases))
      #expect(Set(own.map(\.steps)) == [4, 17, 50])
    }
    for kind in [SamplerKind.euler, .heun, .dpmSolver, .dpmSolverSDE] {
      #expect(cases.contains { $0.sampler.name == kind && $0.configuration.schedule.path == .rectifiedFlow })
    }
  }

  @Test("whole trajectories in double precision: within 1e-9", arguments: SamplerKind.allCases)
  func double(kind: SamplerKind) throws {
    let references = try ReferenceTrajectories()
    for reference in references.cases where reference.sampler.name == kind {
      let (rows, plan) = try reference.trajectory(dtype: .float64, references: references)
      let expected = references.rows(of: reference)
      #expect(rows.count == expected.count)
      #expect(distance(rows, expected) <= 1e-9, "\(reference)")
      let given = [plan.timesteps[0], plan.timesteps[plan.steps.count / 2], plan.timesteps[plan.steps.count - 1]]
      for (ours, theirs) in zip(given, reference.timesteps) {
        // diffusers' DPM-Solver cuts the times of a rectified flow down to whole numbers.
        let cut = reference.configuration.schedule.path == .rectifiedFlow && convention(kind) == .logSNR
        #expect(cut ? Int(ours + 1e-6) == Int(theirs) : abs(ours - theirs) < 1e-9)
      }
    }
  }

  @Test("whole trajectories in float32: within 1e-4", arguments: SamplerKind.allCases)
  func single(kind: SamplerKind) throws {
    let references = try ReferenceTrajectories()
    for reference in references.cases where reference.sampler.name == kind {
      let (rows, plan) = try reference.trajectory(dtype: .float32, references: references)
      let exact = references.rows(of: reference)
      // Heun multiplies the difference of two outputs by the noise level: above 800 the last bit of a float32 output
      // alone is more than 1e-4.
      let lastBit = kind == .heun ? plan.steps[0].from.noiseLevel * 0x1p-23 : 0
      #expect(distance(rows, exact) <= max(1e-4, lastBit), "\(reference)")
      // diffusers in float32 walks in x / alpha and loses more; where it keeps its digits, the two are as close.
      let single = references.singleRows(of: reference)
      if distance(single, exact) <= 5e-5 { #expect(distance(rows, single) <= 1e-4, "\(reference)") }
    }
  }

  private func convention(_ kind: SamplerKind) -> TimestepConvention? { try? kind.makeSampler().convention }

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    let scale = b.reduce(1) { max($0, abs($1)) }
    var largest = 0.0
    for (x, y) in zip(a, b) {
      if (x - y).isNaN { return .infinity }
      largest = max(largest, abs(x - y))
    }
    return largest / scale
  }
}

extension ReferenceTrajectories {
  private func range(of reference: Case) -> Range<Int> {
    reference.row * Self.width..<(reference.row + reference.steps + 1) * Self.width
  }

  func rows(of reference: Case) -> [Double] { Array(double[range(of: reference)]) }
  func singleRows(of reference: Case) -> [Double] { single[range(of: reference)].map(Double.init) }
}
