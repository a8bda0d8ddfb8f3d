import Foundation
import Testing

extension Tag {
  /// A test that takes more than about three seconds alone on a core. Give it `.slow` as a trait as well.
  @Tag public static var slow: Tag
}

extension Trait where Self == ConditionTrait {
  /// Skips a test unless `THORAX_SLOW_TESTS=1` is set, as `scripts/test` sets it.
  public static var slow: Self {
    .enabled(
      if: ProcessInfo.processInfo.environment["THORAX_SLOW_TESTS"] == "1",
      "slow: set THORAX_SLOW_TESTS=1, or run scripts/test")
  }
}
