import RadiographData
import Torch

// N texts, B batch, D numbers that describe an image, L labels

/// How far drawn images are, all together, from real radiographs, by several descriptors of images: of adults, and of children.
struct GroupedMoments {
  private enum Group: CaseIterable { case adults, children }

  private let labels: [String]
  private let device: Device
  /// Of each descriptor; nil where there are too few images.
  private let gaps: [Group: [MomentGap?]]

  /// - Parameters:
  ///   - real_ND: Descriptors of a real radiograph that shows what each text asks for.
  ///   - teacher_ND: Descriptors of the teacher's image of each text.
  ///   - asked: What each text says.
  ///   - isChild: Whether it is for a child.
  ///   - labels: Of these the images that have them are compared apart, too.
  /// - Throws: `TorchError`.
  init(
    real_ND: [Tensor], teacher_ND: [Tensor], asked: [[PromptStatement]], isChild: [Bool], labels: [String],
    device: Device
  ) throws {
    (self.labels, self.device) = (labels, device)
    gaps = try Group.allCases.reduce(into: [:]) { gaps, group in
      let rows = Self.rows(group, isChild)
      let index = try Tensor(indices: rows)
      let asked_NL = try Self.asked(rows.map { asked[$0] }, labels)
      gaps[group] = try zip(real_ND, teacher_ND).map { real_ND, teacher_ND in
        try MomentGap(
          real_ND: real_ND.indexSelect(dim: 0, index: index), teacher_ND: teacher_ND.indexSelect(dim: 0, index: index),
          asked_NL: asked_NL, device: device)
      }
    }
  }

  private static func rows(_ group: Group, _ isChild: [Bool]) -> [Int] {
    isChild.indices.filter { isChild[$0] == (group == .children) }
  }

  /// 1 where a label is asked for: `[N, L]`.
  private static func asked(_ asked: [[PromptStatement]], _ labels: [String]) throws -> Tensor {
    let numbers = ClassifierReward.signs(asked, labels).flatMap { $0.map { max($0, 0) } }
    return try Tensor(numbers, shape: [asked.count, labels.count])
  }

  /// The mean over adults and children, each as often as they are in the batch, of the weighted sum over descriptors.
  ///
  /// - Parameter teacher: Of the teacher's image of the same noise and text of each.
  /// - Throws: `TorchError`.
  func distance(
    of drawn: [JudgedImages.Descriptor], beside teacher: [JudgedImages.Descriptor], asked: [[PromptStatement]],
    isChild: [Bool]
  ) throws -> Tensor {
    var sum = try Tensor.zeros([], device: device)
    for group in Group.allCases {
      let (rows, gaps) = (Self.rows(group, isChild), gaps[group] ?? [])
      let index = try Tensor(indices: rows).to(device)
      let asked_BL = try Self.asked(rows.map { asked[$0] }, labels).to(device)
      for (gap, (drawn, teacher)) in zip(gaps, zip(drawn, teacher)) {
        guard let gap else { continue }
        let distance = try gap.squared(
          drawn.values_BD.indexSelect(dim: 0, index: index),
          beside: teacher.values_BD.indexSelect(dim: 0, index: index), asked_BL: asked_BL)
        sum = try sum + distance * (drawn.weight * Double(rows.count) / Double(isChild.count))
      }
    }
    return sum
  }
}
