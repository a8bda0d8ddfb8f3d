import Foundation
import RadiographData
import Support
import TensorFiles
import Testing
import Torch

@testable import Training

@Suite("How far images are, all together, from real radiographs")
struct MomentGapTests {
  /// The tensors of Tools/reference/reward.py.
  private static func fixture() throws -> (String) throws -> Tensor {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let path = tests.appendingPathComponent("Fixtures/reward.safetensors").path
    let tensors = try SafetensorsFile(path: path).loadTensors()
    return { try #require(tensors[$0]) }
  }

  private static func referenceGap(_ value: (String) throws -> Tensor) throws -> MomentGap {
    try #require(
      try MomentGap(
        real_ND: value("moments.real"), teacher_ND: value("moments.taught"), asked_NL: value("moments.known_asked"),
        directions: 3))
  }

  @Test("the distance that a batch tells of, and its gradient, are PyTorch's")
  func reference() throws {
    let value = try Self.fixture()
    let gap = try Self.referenceGap(value)
    let drawn_BD = try value("moments.drawn")
    try drawn_BD.setRequiresGrad(true)
    let distance = try MomentGap.squared(
      gap.differences(drawn_BD, beside: value("moments.beside"), asked_BL: value("moments.asked")))
    try distance.backward()
    #expect(try abs(distance.detach().item() - value("moments").item()) < 1e-12)
    let gradient = try #require(try drawn_BD.grad)
    #expect(try (gradient - value("moments.gradient")).abs().max().item() < 1e-12)
  }

  @Test("the distance that images move beside those of steps before, and its gradient, are PyTorch's")
  func recent() throws {
    let value = try Self.fixture()
    let gap = try Self.referenceGap(value)
    let (drawn_SBD, teacher_SBD) = (try value("recent.drawn"), try value("recent.beside"))
    let asked_BL = try value("moments.asked")
    func images(_ tensor_SBD: Tensor, _ step: Int) throws -> Tensor {
      try tensor_SBD.narrow(dim: 0, start: step, length: 1).squeeze(dim: 0).clone()
    }
    func differences(_ drawn_BD: Tensor, _ step: Int, rows: Range<Int> = 0..<5) throws -> Tensor {
      func part(_ tensor: Tensor) throws -> Tensor {
        try tensor.narrow(dim: 0, start: rows.lowerBound, length: rows.count)
      }
      return try gap.differences(
        part(drawn_BD), beside: part(images(teacher_SBD, step)), asked_BL: part(asked_BL))
    }
    func slice(_ step: Int, rows: Range<Int> = 0..<5) -> BatchSlice { BatchSlice(step: step, batchSize: 5, rows: rows) }
    let recent = RecentDifferences(try gap.teacherDifferences(), images: 32)
    _ = try recent.squared(with: differences(images(drawn_SBD, 0), 0), slice(0))
    // A step in two parts, the first of which is computed twice; stored in between; then one that was not taken.
    for rows in [0..<2, 0..<2, 2..<5] {
      _ = try recent.squared(with: differences(images(drawn_SBD, 1), 1, rows: rows), slice(1, rows: rows))
    }
    let stored = try recent.state()
    let later = RecentDifferences(try gap.teacherDifferences() * 0, images: 32)
    try later.restore(stored)
    _ = try later.squared(with: differences(images(drawn_SBD, 1) * Double.nan, 1), slice(2))
    let drawn_BD = try images(drawn_SBD, 2)
    try drawn_BD.setRequiresGrad(true)
    let distance = try later.squared(with: differences(drawn_BD, 2), slice(3))
    try distance.backward()
    #expect(try abs(distance.detach().item() - value("recent").item()) < 1e-12)
    let gradient = try #require(try drawn_BD.grad)
    #expect(try (gradient - value("recent.gradient")).abs().max().item() < 1e-12)
    // Without images nothing is told, and what is stored for other differences is not taken.
    let none = try differences(images(drawn_SBD, 0), 0, rows: 0..<0)
    #expect(try later.squared(with: none, slice(4)).item() == 0)
    try later.restore(StoredState(tensors: ["mean": Tensor.zeros([2], dtype: .float64)]))
    #expect(try later.state().tensors["mean"]?.shape == stored.tensors["mean"]?.shape)
  }

  @Test("where no images are remembered, those of a step tell alone, as in validation")
  func unremembered() throws {
    let value = try Self.fixture()
    let (real_ND, teacher_ND) = (try value("moments.real"), try value("moments.taught"))
    let (count, batch) = (real_ND.shape[0], try value("moments.asked").shape[0])
    let distances = try [0, 32].map { remembered in
      let moments = try GroupedMoments(
        real_ND: [real_ND], teacher_ND: [teacher_ND], asked: [[PromptStatement]](repeating: [], count: count),
        groups: [ImageGroup](repeating: .adultsAsShown, count: count), labels: [], remembered: remembered, device: .cpu)
      func distance(_ slice: BatchSlice?) throws -> Double {
        func described(_ name: String) throws -> [JudgedImages.Descriptor] {
          [.init(values_BD: try value(name).narrow(dim: 0, start: 0, length: batch), weight: 1)]
        }
        return try moments.distance(
          of: described("moments.drawn"), beside: described("moments.beside"),
          asked: [[PromptStatement]](repeating: [], count: batch),
          groups: [ImageGroup](repeating: .adultsAsShown, count: batch), slice: slice
        ).item()
      }
      return (
        alone: try distance(nil), inTraining: try distance(BatchSlice(step: 0, batchSize: batch, rows: 0..<batch))
      )
    }
    #expect(distances[0].alone == distances[0].inTraining)
    #expect(distances[1].alone == distances[0].alone && distances[1].inTraining != distances[1].alone)
  }

  @Test("the power of images in bands of frequency, and its gradient, are PyTorch's")
  func bands() throws {
    let value = try Self.fixture()
    let image_B1HW = try value("bands.images")
    try image_B1HW.setRequiresGrad(true)
    let powers_B1K = try FrequencyBands(side: 16, dtype: .float64).logPowers(image_B1HW)
    try (powers_B1K * value("bands.weights")).sum().backward()
    #expect(try (powers_B1K.detach() - value("bands")).abs().max().item() < 1e-12)
    let gradient = try #require(try image_B1HW.grad)
    #expect(try (gradient - value("bands.gradient")).abs().max().item() < 1e-12)
  }

  /// Images of a world of normal numbers, each column with a mean and a deviation of its own.
  private struct World {
    var means = [0.0, 0, 0]
    var deviations = [1.0, 0.5, 0.3]
    /// What images of which a label is asked have more of the first column.
    var labelled = 0.0

    /// - Parameter asked_NL: One label.
    func images(_ asked_NL: Tensor, seed: UInt64) throws -> Tensor {
      let normal_ND = try Tensor.randn([asked_NL.shape[0], 3], generator: Generator(seed: seed)).to(.float64)
      let more_ND = try asked_NL * Tensor([labelled, 0, 0], shape: [1, 3])
      return try normal_ND * Tensor(deviations, shape: [1, 3]) + Tensor(means, shape: [1, 3]) + more_ND
    }
  }

  /// A fifth of the texts ask for the label.
  private static func asked(_ count: Int, seed: UInt64) throws -> Tensor {
    let chances = try Tensor.rand([count, 1], generator: Generator(seed: seed)).doubles()
    return try Tensor(chances.map { $0 < 0.2 ? 1.0 : 0 }, shape: [count, 1])
  }

  private static func gap(_ real: World, _ teacher: World) throws -> MomentGap {
    let asked_NL = try asked(40_000, seed: 5)
    return try #require(
      try MomentGap(
        real_ND: real.images(asked_NL, seed: 1), teacher_ND: teacher.images(asked_NL, seed: 2), asked_NL: asked_NL))
  }

  /// What batches of eight tell of, in the mean.
  private static func mean(
    _ gap: MomentGap, _ drawn_BD: Tensor, _ teacher_BD: Tensor, _ asked_BL: Tensor
  ) throws -> Double {
    let starts = stride(from: 0, to: drawn_BD.shape[0], by: 8)
    let distances = try starts.map { start in
      func part(_ tensor: Tensor) throws -> Tensor { try tensor.narrow(dim: 0, start: start, length: 8) }
      return try MomentGap.squared(
        gap.differences(part(drawn_BD), beside: part(teacher_BD), asked_BL: part(asked_BL))
      ).item()
    }
    return distances.reduce(0, +) / Double(distances.count)
  }

  @Test("small batches tell of the Fréchet distance, and of none of images as real ones are")
  func expectation() throws {
    let teacher = World(means: [0.2, -0.1, 0], deviations: [1.05, 0.48, 0.3])
    let gap = try Self.gap(World(), teacher)
    #expect(abs(gap.variance - 1.34) < 0.03)
    let asked_BL = try Self.asked(48_000, seed: 6)
    let taught_BD = try teacher.images(asked_BL, seed: 3)
    // Of normal distributions along the same directions: squared differences of means, and of deviations.
    let frechet = (0.04 + 0.01 + 0.0025 + 0.0004) / gap.variance
    let same = try Self.mean(gap, taught_BD, taught_BD, asked_BL)
    #expect(abs(same - frechet) < 0.2 * frechet, "\(same) and \(frechet)")
    // A student that moves each of the teacher's images as far as real ones are.
    let shift = try Tensor(teacher.means, shape: [1, 3])
    let ratios = try Tensor([1 / 1.05, 0.5 / 0.48, 1], shape: [1, 3])
    let moved = try Self.mean(gap, (taught_BD - shift) * ratios, taught_BD, asked_BL)
    #expect(abs(moved) < 0.02 * frechet, "\(moved)")
    // One that has nothing to do with the teacher's images but draws as real ones are.
    let other = try Self.mean(gap, World().images(asked_BL, seed: 4), taught_BD, asked_BL)
    #expect(abs(other) < 0.2 * frechet, "\(other)")
  }

  @Test("a label that the teacher does not draw is missed, and no longer where it is drawn")
  func labels() throws {
    let (real, teacher) = (World(labelled: 1), World())
    let gap = try Self.gap(real, teacher)
    let asked_BL = try Self.asked(48_000, seed: 6)
    let taught_BD = try teacher.images(asked_BL, seed: 3)
    // The mean is 0.2 away, and the mean with the label 0.8 more than that without, as often as both are asked for; the
    // variance of the first column, of which the real ones have 1 + 0.16, is less by that: 0.2² to second order.
    let second = 0.2 * 0.2 / (4 * 1.16)
    let expected = (0.04 + 0.16 + second) / gap.variance
    let missed = try Self.mean(gap, taught_BD, taught_BD, asked_BL)
    #expect(abs(missed - expected) < 0.1 * expected, "\(missed) and \(expected)")
    let more_BD = try asked_BL * Tensor([1.0, 0, 0], shape: [1, 3])
    let drawn = try Self.mean(gap, taught_BD + more_BD, taught_BD, asked_BL)
    #expect(abs(drawn) < 0.05 * expected, "\(drawn)")
    // As much more in every image moves the mean alone.
    let everywhere = try Self.mean(gap, taught_BD + 0.2, taught_BD, asked_BL)
    #expect(everywhere > 0.5 * expected, "\(everywhere)")
  }

  @Test("too few images, or real ones that are all alike, tell of nothing; of a label that few ask for nothing is told")
  func few() throws {
    let count = MomentGap.leastCount
    let many_ND = try Tensor.randn([count, 3], generator: Generator(seed: 1)).to(.float64)
    func gap(_ real_ND: Tensor, _ asked: Double) throws -> MomentGap? {
      let count = real_ND.shape[0]
      let asked_NL = try Tensor([Double](repeating: asked, count: count), shape: [count, 1])
      return try MomentGap(
        real_ND: real_ND, teacher_ND: many_ND.narrow(dim: 0, start: 0, length: count), asked_NL: asked_NL)
    }
    #expect(try gap(many_ND.narrow(dim: 0, start: 1, length: count - 1), 1).map(\.variance) == nil)
    #expect(try gap(Tensor.zeros([count, 3], dtype: .float64), 1).map(\.variance) == nil)
    let same = try #require(try gap(many_ND, 1))
    func distance(_ drawn_BD: Tensor, _ teacher_BD: Tensor, _ asked_BL: Tensor) throws -> Double {
      try MomentGap.squared(same.differences(drawn_BD, beside: teacher_BD, asked_BL: asked_BL)).item()
    }
    let (one_BD, asked_BL) = (
      try many_ND.narrow(dim: 0, start: 0, length: 1), try Tensor.zeros([1, 1], dtype: .float64)
    )
    #expect(try distance(one_BD, one_BD + 1, asked_BL) == 0)
    let none_BD = try one_BD.narrow(dim: 0, start: 0, length: 0)
    let nobody_BL = try asked_BL.narrow(dim: 0, start: 0, length: 0)
    #expect(try distance(none_BD, none_BD, nobody_BL) == 0)
    // Asked for by all before and by none of these: it has no part.
    let asked = try Tensor.zeros([count, 1], dtype: .float64)
    #expect(try abs(distance(many_ND, many_ND, asked)) < 1e-12)
  }
}
