import RadiographData
import Torch

// N texts, B batch, D numbers that describe an image, L labels

/// Images that are compared among themselves: what is rare among radiographs says nothing of those of which most are.
enum ImageGroup: CaseIterable {
  /// Of adults, of whom texts ask for what radiographs show as often as they do.
  case adultsAsShown
  /// Of adults, of whom texts ask for findings wherever they can be.
  case adultsAsWished
  case children
}

/// How far drawn images are, all together, from real radiographs, by several descriptors of images: those of each group.
struct GroupedMoments: Stateful {
  private struct Comparison {
    let gap: MomentGap
    /// nil where none are remembered.
    let recent: RecentDifferences?
  }

  private let labels: [String]
  private let device: Device
  /// By each descriptor; nil where there are too few images.
  private let comparisons: [ImageGroup: [Comparison?]]

  /// - Parameters:
  ///   - real_ND: Descriptors of a real radiograph that shows what each text asks for.
  ///   - teacher_ND: Descriptors of the teacher's image of each text.
  ///   - asked: What each text says.
  ///   - groups: What it belongs to.
  ///   - labels: Of these the images that have them are compared apart, too.
  ///   - remembered: How many images of each group count beside those of a step, 0 for none.
  /// - Throws: `TorchError`.
  init(
    real_ND: [Tensor], teacher_ND: [Tensor], asked: [[PromptStatement]], groups: [ImageGroup], labels: [String],
    remembered: Int, device: Device
  ) throws {
    (self.labels, self.device) = (labels, device)
    comparisons = try ImageGroup.allCases.reduce(into: [:]) { comparisons, group in
      let rows = Self.rows(group, groups)
      let index = try Tensor(indices: rows)
      let asked_NL = try Self.asked(rows.map { asked[$0] }, labels)
      comparisons[group] = try zip(real_ND, teacher_ND).map { real_ND, teacher_ND in
        try MomentGap(
          real_ND: real_ND.indexSelect(dim: 0, index: index), teacher_ND: teacher_ND.indexSelect(dim: 0, index: index),
          asked_NL: asked_NL, device: device
        ).map { gap in
          Comparison(
            gap: gap,
            recent: try remembered > 0 ? RecentDifferences(gap.teacherDifferences(), images: remembered) : nil)
        }
      }
    }
  }

  private static func rows(_ group: ImageGroup, _ groups: [ImageGroup]) -> [Int] {
    groups.indices.filter { groups[$0] == group }
  }

  /// 1 where a label is asked for: `[N, L]`.
  private static func asked(_ asked: [[PromptStatement]], _ labels: [String]) throws -> Tensor {
    let numbers = ClassifierReward.signs(asked, labels).flatMap { $0.map { max($0, 0) } }
    return try Tensor(numbers, shape: [asked.count, labels.count])
  }

  /// The mean over groups, each as often as they are in the batch, of the weighted sum over descriptors.
  ///
  /// - Parameters:
  ///   - teacher: Of the teacher's image of the same noise and text.
  ///   - slice: Of a step of training, beside whose images those of the steps before count; nil for the batch alone, as
  ///     where none are remembered.
  /// - Throws: `TorchError`.
  func distance(
    of drawn: [JudgedImages.Descriptor], beside teacher: [JudgedImages.Descriptor], asked: [[PromptStatement]],
    groups: [ImageGroup], slice: BatchSlice?
  ) throws -> Tensor {
    var sum = try Tensor.zeros([], dtype: .float64, device: device)
    for group in ImageGroup.allCases {
      let (rows, comparisons) = (Self.rows(group, groups), comparisons[group] ?? [])
      let index = try Tensor(indices: rows).to(device)
      let asked_BL = try Self.asked(rows.map { asked[$0] }, labels).to(device)
      for (comparison, (drawn, teacher)) in zip(comparisons, zip(drawn, teacher)) {
        guard let comparison else { continue }
        let differences_BG = try comparison.gap.differences(
          drawn.values_BD.indexSelect(dim: 0, index: index),
          beside: teacher.values_BD.indexSelect(dim: 0, index: index), asked_BL: asked_BL)
        let distance: Tensor
        if let slice, let recent = comparison.recent {
          distance = try recent.squared(with: differences_BG, slice)
        } else {
          distance = try MomentGap.squared(differences_BG)
        }
        sum = try sum + distance * (drawn.weight * Double(rows.count) / Double(groups.count))
      }
    }
    return try sum.to(.float32)
  }

  /// Those of recent steps, by what their names begin with.
  private var recent: [(prefix: String, differences: RecentDifferences)] {
    ImageGroup.allCases.flatMap { group in
      (comparisons[group] ?? []).enumerated().compactMap { number, comparison in
        comparison?.recent.map { ("\(group).\(number).", $0) }
      }
    }
  }

  func state() throws -> StoredState {
    try recent.reduce(into: StoredState()) { $0.add(try $1.differences.state(), under: $1.prefix) }
  }

  func restore(_ state: StoredState) throws {
    for (prefix, differences) in recent { try differences.restore(state.part(prefix)) }
  }
}
