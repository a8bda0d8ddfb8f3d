import Foundation

/// The learning rate as a pure function of the step, so that a resumed run continues exactly.
public enum LearningRateSchedule: Codable, Sendable, Equatable {
  /// Rises linearly over `warmup` steps to `peak` and stays there.
  case constant(peak: Double, warmup: Int = 0)
  /// Rises linearly over `warmup` steps to `peak`, then falls along half a cosine to `floor` at step `total`
  /// (Loshchilov and Hutter, 2017, equation 5, without restarts).
  case cosine(peak: Double, floor: Double = 0, warmup: Int = 0, total: Int)

  /// The rate for step `step`, counted from 0. The first step of a warm-up has `peak / warmup`, never zero.
  public func rate(at step: Int) -> Double {
    switch self {
    case .constant(let peak, let warmup):
      return step < warmup ? peak * Double(step + 1) / Double(warmup) : peak
    case .cosine(let peak, let floor, let warmup, let total):
      if step < warmup { return peak * Double(step + 1) / Double(warmup) }
      let progress = min(max(Double(step - warmup) / Double(max(total - warmup, 1)), 0), 1)
      return floor + (peak - floor) * 0.5 * (1 + cos(.pi * progress))
    }
  }
}
