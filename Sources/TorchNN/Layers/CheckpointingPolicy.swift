/// Which blocks of a network are computed again in the backward pass instead of being kept (Chen et al. 2016, "Training
/// deep nets with sublinear memory cost"). Gradients are the same, memory is less, time is up to a third more.
public enum CheckpointingPolicy: String, Codable, CaseIterable, Sendable {
  /// Everything is kept.
  case none
  /// Every second block is computed again.
  case everySecond
  /// All blocks are computed again: only what goes into them is kept.
  case all

  /// Whether the block at `index` of a network is computed again.
  public func recomputes(_ index: Int) -> Bool {
    switch self {
    case .none: false
    case .everySecond: index.isMultiple(of: 2)
    case .all: true
    }
  }
}
