@testable import RadiologyReports
import Testing

@Suite struct ReportCleanerTests {
  private let cleaner: ReportCleaner

  init() throws { cleaner = try ReportCleaner.standard() }

  private func after(_ step: String, _ text: String) throws -> String {
    let step = try #require(cleaner.steps.first { $0.name == step })
    return step(text)
  }

  @Test(arguments: [
    // Prepositions, articles and conjunctions that lost their word
    ("Unchanged from XXXX.", "Unchanged."),
    ("Compared to the study dated XXXX. No edema.", "Compared to the study. No edema."),
    ("Seen on the XXXX, the nodule is small.", "Seen, the nodule is small."),
    ("A tube is in XXXX with its tip in the stomach.", "A tube is with its tip in the stomach."),
    ("Small effusion and XXXX.", "Small effusion."),
    ("XXXX and lateral views.", "Lateral views."),
    ("Nodule unchanged from XXXX and appears calcified.", "Nodule unchanged and appears calcified."),
    ("Discussed with Dr. XXXX XXXX at XXXX p.m. XXXX/XXXX. Clear lungs.", "Discussed. Clear lungs."),
    // Nouns
    ("The XXXX are intact.", "The structures are intact."),
    ("XXXX is normal.", "Structure is normal."),
    ("Heart and pulmonary XXXX are normal.", "Heart and pulmonary structures are normal."),
    ("Calcified lymph XXXX.", "Calcified lymph nodes."),
    ("Blunted left costophrenic XXXX is stable.", "Blunted left costophrenic angle is stable."),
    ("No XXXX of effusion.", "No evidence of effusion."),
    ("There are no XXXX of effusion.", "There is no evidence of effusion."),
    ("Opacity most XXXX representing a scar.", "Opacity most likely representing a scar."),
    ("Chest x-XXXX. Normal X-XXXX.", "Chest x-ray. Normal X-ray."),
    // Adjectives and adverbs leave nothing behind
    ("There is a XXXX effusion.", "There is an effusion."),
    ("An XXXX chest radiograph.", "A chest radiograph."),
    ("No XXXX focal opacity.", "No focal opacity."),
    ("Right XXXX lobe, left XXXX.", "Right lobe, left."),
    ("Dual-XXXX pacemaker, XXXX-filled bowel.", "Dual pacemaker, filled bowel."),
    ("Airways are XXXX. No edema.", "Airways. No edema."),
    // The marks of other collections
    ("Compared to ___, no change.", "Compared, no change."),
    ("Seen by [**Known lastname 1234**] on [**2101-3-4**].", "Seen."),
    ("Compared with <DATE>, stable.", "Compared, stable."),
    ("Reported by [NAME].", "Reported."),
    ("Taken on 02/XXXX/2010. No edema.", "Taken. No edema."),
    ("Read by ****.", "Read."),
  ])
  func marksGoAndGrammarIsMended(text: String, expected: String) {
    #expect(cleaner.clean(text) == expected)
  }

  @Test(arguments: [
    "A nodule of <5 mm and >3 mm.", "Size [sic] is 2 x 3 cm.", "Type XX and XXI.", "T_max and #2.",
    "Left > right effusion.",
  ])
  func whatIsNoMarkStays(text: String) throws {
    #expect(try after("de-identification marks", text) == text)
  }

  @Test(arguments: [
    ("1. Edema. 2. No effusion.", "Edema. No effusion."),
    ("1.Edema 2.Effusion", "Edema. Effusion"),
    ("1) Edema.\n2) Effusion.", "Edema.\nEffusion."),
    ("(1) Edema\n(2) Effusion", "Edema.\nEffusion"),
    ("- Edema\n- Effusion", "Edema.\nEffusion"),
    ("\u{2022} Edema.\n* Effusion.", "Edema.\nEffusion."),
    ("1. Edema. 2. 1.7 cm nodule.", "Edema. 1.7 cm nodule."),
    ("Chest. 1. Edema. Abdomen. 1. Gas.", "Chest. Edema. Abdomen. Gas."),
  ])
  func listsBecomeSentences(text: String, expected: String) throws {
    #expect(try after("list markers", text) == expected)
  }

  @Test(arguments: [
    "Fracture of rib 2. No effusion.", "A nodule at level 1. The heart is normal.", "Tip 2. 5 cm above.",
    "Measures 1.5 cm.", "Grade 1. Edema.", "Effusion - small.", "-",
  ])
  func numbersThatCountNothingStay(text: String) throws {
    #expect(try after("list markers", text) == text)
  }

  @Test(arguments: [
    ("Clear lungs.. .", "Clear lungs."), ("Edema,, mild ;", "Edema, mild;"), ("Normal !!", "Normal!"),
    ("No edema , effusion .Heart normal.", "No edema, effusion. Heart normal."), ("Edema ( ) and ().", "Edema and."),
    (". Clear.", "Clear."), ("Bilaterally.There is edema,effusion.", "Bilaterally. There is edema, effusion."),
    ("Nodule of .5 cm at 10:30.", "Nodule of .5 cm at 10:30."), ("1.5 x 2.0 cm", "1.5 x 2.0 cm"),
    ("Edema,.", "Edema."), ("See below...", "See below."),
  ])
  func punctuationIsSingle(text: String, expected: String) {
    #expect(cleaner.clean(text) == expected)
  }

  @Test(arguments: [
    ("It\u{2019}s \u{201C}clear\u{201D}\u{A0}\u{2013} no edema\u{200B}\u{FEFF}", "It's \"clear\" - no edema"),
    ("Line\u{0}one\r\nline\ttwo\u{2028}three", "Lineone\nline two\nthree"), ("cafe\u{301}", "caf\u{E9}"),
    ("\u{FB01}lm \u{2264}5\u{2026}", "film <=5..."),
  ])
  func charactersArePlain(text: String, expected: String) throws {
    #expect(try after("characters", text) == expected)
  }

  @Test func whiteSpaceIsOneSpace() {
    #expect(cleaner.clean("  Clear \n\n lungs.\t ") == "Clear lungs.")
  }

  @Test func stepsShowTheTextAfterEach() {
    let steps = cleaner.steps(of: "1. RLL  opacity from XXXX..")
    #expect(
      steps.map(\.name) == [
        "characters", "list markers", "de-identification marks", "abbreviations", "punctuation", "white space",
      ])
    #expect(steps.first?.text == "1. RLL  opacity from XXXX..")
    #expect(steps[1].text == "RLL  opacity from XXXX..")
    #expect(steps.last?.text == "Right lower lobe opacity.")
  }

  @Test func cleaningTwiceChangesNothing() {
    for text in ["1. RLL opacity, XXXX and ___. 2. PA view of <DATE>.", "No c/o pain. S/p CABG  w/ clips ."] {
      let once = cleaner.clean(text)
      #expect(cleaner.clean(once) == once)
    }
  }
}
