import RadiologyReports
import Testing

@Suite struct MissingTextTests {
  @Test(
    arguments: [
      "", " ", "\u{A0}", "\n\t", "nan", "NaN", "NAN.", "None", "none.", "NULL", "null", "N/A", "n/a", "NA", "<NA>",
      "#N/A",
      "#N/A N/A", "nil", "-", "--", "—", ".", "...", "?", "___", "0", "12.", "XXXX", "XXXX.", "xxxx XXXX", "X",
      "[XXXX]",
      "(none)", "\"nan\"", "-nan", "1.#QNAN", "-1.#IND", "#NAME?", "#REF!", "#VALUE!", "not available",
      "Not applicable.",
      "No report.", "unknown", "UNDEFINED", "[REDACTED]", "XXXX, XXXX; 3.", "\u{FEFF}nan",
    ]) func placeholdersAreNoText(text: String)
  {
    #expect(MissingText.isMissing(text))
  }

  @Test(
    arguments: [
      "Normal.", "Clear lungs.", "No effusion.", "No", "Yes", "None of the lines has moved.", "XXXX is clear.", "NAD",
      "Unknown opacity.", "X-ray shows no change.", "Nanogram of barium.", "Null hypothesis.", "Removed chest tube.",
      "Ø",
      "Без патологии.", "未见异常", "#1 Clear lungs.", "Missing rib.", "Name of the device is not known.", "Normal XXXX.",
    ]) func textsAreText(text: String)
  {
    #expect(!MissingText.isMissing(text))
    #expect(!MissingText.isMissing(text + String(repeating: " .", count: 200)))
  }

  @Test func aLongRunOfMarksIsNoText() {
    #expect(MissingText.isMissing(String(repeating: "XXXX ", count: 500)))
    #expect(MissingText.isMissing(String(repeating: "-", count: 500)))
  }
}
