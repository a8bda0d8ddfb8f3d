import Support
import Testing

@Suite struct NumberTextTests {
  private func reason<Number: FixedWidthInteger & Sendable>(_ text: String, _ type: Number.Type) -> NumberTextError? {
    do {
      let _: Number = try NumberText.whole(text)
      return nil
    } catch {
      return error
    }
  }

  @Test func theLargestAndTheLeastAreRead() throws {
    #expect(try NumberText.whole("18446744073709551615") == UInt64.max)
    #expect(try NumberText.whole("-9223372036854775808") == Int.min)
    #expect(try NumberText.whole("+7") == 7)
    #expect(try NumberText.whole("-0") == UInt64(0))
  }

  @Test(arguments: [
    ("18446744073709551616", NumberTextError.tooGreat(largest: "18446744073709551615")),
    ("00099999999999999999999", .tooGreat(largest: "18446744073709551615")), ("-1", .negative),
    ("-99999999999999999999", .negative), ("1.5", .notWhole), ("1e3", .notWhole), ("7.0", .notWhole),
    ("nan", .notANumber), ("inf", .notANumber), ("", .notANumber), ("-", .notANumber), ("x", .notANumber),
    ("1 000", .notANumber), ("٣", .notANumber), ("1_000", .notANumber),
  ])
  func aSeedIsRefusedWithItsReason(text: String, error: NumberTextError) {
    #expect(reason(text, UInt64.self) == error)
  }

  @Test func anIntegerBelowTheLeastIsTooSmall() {
    #expect(reason("-9223372036854775809", Int.self) == .tooSmall(least: "-9223372036854775808"))
    #expect(reason("9223372036854775808", Int.self) == .tooGreat(largest: "9223372036854775807"))
  }

  @Test func realNumbersAreNumbers() throws {
    #expect(try NumberText.real("1.5e-3") == 0.0015)
    #expect(throws: NumberTextError.notANumber) { try NumberText.real("1,5") }
    #expect(throws: NumberTextError.notANumber) { try NumberText.real("") }
  }
}

@Suite struct GroupedDigitsTests {
  @Test(arguments: [
    (0, "0"), (999, "999"), (1_000, "1,000"), (123_456, "123,456"), (1_234_567, "1,234,567"), (-1_000, "-1,000"),
    (-999, "-999"), (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func threeDigitsMakeAGroup(number: Int, text: String) {
    #expect(number.grouped == text)
  }
}
