/// The program's version, which every image and model card carries.
public enum ThoraxVersion {
  /// Semantic version of this source tree; `CHANGELOG.md` says what each one brought.
  public static let current = "0.1.0"
  /// What images name as their maker (PNG `Software`, EXIF `Software`).
  public static let software = "Thorax \(current)"
}
