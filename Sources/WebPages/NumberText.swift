import Foundation

/// Numbers as text for the reader of a page.
public enum NumberText {
  /// `3,301`.
  public static func count(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var groups: [Substring] = []
    var rest = digits[...]
    while rest.count > 3 {
      groups.append(rest.suffix(3))
      rest = rest.dropLast(3)
    }
    return (number < 0 ? "-" : "") + ([rest] + groups.reversed()).joined(separator: ",")
  }

  /// Four significant digits: `0.0512`, `24.31`, `4.62e-5`. What is not finite stays what it is.
  public static func value(_ number: Double) -> String {
    guard number.isFinite, number != 0 else { return number == 0 ? "0" : "\(number)" }
    let magnitude = abs(number)
    if magnitude >= 1e15 || magnitude < 1e-3 { return scientific(number) }
    if magnitude >= 1000 { return count(Int(number.rounded())) }
    return String(format: "%.4g", number)
  }

  private static func scientific(_ number: Double) -> String {
    let parts = String(format: "%.3e", number).split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(number)" }
    var mantissa = parts[0]
    while mantissa.hasSuffix("0") { mantissa = mantissa.dropLast() }
    if mantissa.hasSuffix(".") { mantissa = mantissa.dropLast() }
    return "\(mantissa)e\(exponent)"
  }

  /// A share of 1 as `12.3 %`.
  public static func percent(_ share: Double) -> String {
    guard share.isFinite else { return "-" }
    return String(format: share < 0.0995 && share > 0 ? "%.1f %%" : "%.0f %%", share * 100)
  }

  /// `42 s`, `12 min`, `3 h 05 min`.
  public static func duration(seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "-" }
    let whole = Int(seconds.rounded())
    if whole < 120 { return "\(whole) s" }
    if whole < 7200 { return "\(whole / 60) min" }
    return "\(whole / 3600) h \(String(format: "%02d", whole / 60 % 60)) min"
  }

  /// Decimal units: `512 B`, `43.2 MB`.
  public static func bytes(_ number: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"]
    var value = Double(number)
    var unit = 0
    while abs(value) >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(number) B" : String(format: "%.4g %@", value, units[unit])
  }

  /// Two digits after the point at most, as coordinates of a drawing need them.
  static func coordinate(_ number: Double) -> String {
    guard number.isFinite, abs(number) < 1e15 else { return "0" }
    let hundredths = (number * 100).rounded()
    if hundredths.truncatingRemainder(dividingBy: 100) == 0 { return String(Int(hundredths / 100)) }
    return String(hundredths / 100)
  }
}
