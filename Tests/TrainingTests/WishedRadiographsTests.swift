import Testing

@testable import RadiographData
@testable import Training

@Suite("Real radiographs that show what texts ask for")
struct WishedRadiographsTests {
  private static func radiograph(
    _ shown: [String] = [], view: ViewPosition? = .posteroanterior, age: AgeRange? = nil, isEnlarged: Bool = false
  ) -> (RadiographAttributes, isEnlarged: Bool) {
    let attributes = RadiographAttributes(
      labels: Dictionary(uniqueKeysWithValues: shown.map { ($0, .positive) }), view: view, age: age)
    return (attributes, isEnlarged)
  }

  private static func wish(_ present: [String] = [], absent: [String] = [], isShown: Bool = false) -> Wish {
    Wish(
      text: "",
      statements: absent.map { PromptStatement(name: $0, isPresent: false) }
        + present.map { PromptStatement(name: $0, isPresent: true) }, isShown: isShown)
  }

  private static let child = AgeRange(3, 4)
  private static let radiographs = WishedRadiographs([
    radiograph(["Mass", "Effusion"]), radiograph(["Mass"], view: .anteroposterior), radiograph(["Mass"]), radiograph(),
    radiograph(["Edema"], view: .anteroposterior), radiograph(["Hernia"], view: .lateral),
    radiograph(["Hernia"], age: child), radiograph(["Mass"], age: child),
    radiograph(["Mass"], isEnlarged: true), radiograph(["Mass", "Effusion"], isEnlarged: true),
    radiograph(["Mass"], view: .lateral, isEnlarged: true), radiograph(["Edema", "Hernia"], isEnlarged: true),
    radiograph(isEnlarged: true), radiograph(["Mass"], age: child, isEnlarged: true),
  ])

  private static func numbers(_ wish: Wish, patient: Int) -> Set<Int> {
    let count = 50
    return Set(
      radiographs.numbers(
        [Wish](repeating: wish, count: count), patients: [Int](repeating: patient, count: count), seed: 1))
  }

  @Test("an adult that shows what is named first, in the patient's view if there is one")
  func adults() {
    #expect(Self.numbers(Self.wish(["Mass", "Edema"]), patient: 3) == [0, 2])
    #expect(Self.numbers(Self.wish(["Mass"], absent: ["Edema"]), patient: 4) == [1])
    #expect(Self.numbers(Self.wish(["Edema"]), patient: 3) == [4])
    #expect(Self.numbers(Self.wish(["Effusion"]), patient: 1) == [0])
  }

  @Test("the patient's own where no adult shows it, nothing is named, or what it shows is asked for")
  func own() {
    #expect(Self.numbers(Self.wish(["Hernia"]), patient: 3) == [3])
    #expect(Self.numbers(Self.wish(absent: ["Mass"]), patient: 3) == [3])
    #expect(Self.numbers(Self.wish(["Mass"], isShown: true), patient: 5) == [5])
    #expect(Self.numbers(Self.wish(["Mass"], isShown: true), patient: 6) == [6])
    #expect(Self.numbers(Self.wish(["Mass"], isShown: true), patient: 2) == [2])
  }

  @Test("children are compared apart, and adults of whom what is shown is asked for")
  func groups() {
    let (shown, wished) = (Self.wish(["Mass"], isShown: true), Self.wish(["Mass"]))
    #expect(Self.radiographs.group(shown, patient: 6) == .children)
    #expect(Self.radiographs.group(shown, patient: 5) == .adultsAsShown)
    #expect(Self.radiographs.group(wished, patient: 0) == .adultsAsWished)
  }

  @Test("in place of an enlarged one, one that shows the same if there is any")
  func enlarged() {
    #expect(Self.numbers(Self.wish(["Edema"]), patient: 8) == [4])
    #expect(Self.numbers(Self.wish(absent: ["Edema"]), patient: 8) == [2])
    #expect(Self.numbers(Self.wish(), patient: 9) == [0])
    #expect(Self.numbers(Self.wish(["Mass"], isShown: true), patient: 10) == [10])
    #expect(Self.numbers(Self.wish(["Mass"], isShown: true), patient: 8) == [2])
    #expect(Self.numbers(Self.wish(["Hernia"]), patient: 11) == [11])
    #expect(Self.numbers(Self.wish(), patient: 12) == [3])
    #expect(Self.numbers(Self.wish(["Edema", "Hernia"], isShown: true), patient: 11) == [4])
    #expect(Self.numbers(Self.wish(["Mass"], isShown: true), patient: 13) == [7])
  }

  @Test("the same for the same seed")
  func seeds() {
    let wishes = [Wish](repeating: Self.wish(["Mass"]), count: 50)
    func numbers(_ seed: UInt64) -> [Int] {
      Self.radiographs.numbers(wishes, patients: wishes.map { _ in 3 }, seed: seed)
    }
    #expect(numbers(1) == numbers(1) && numbers(1) != numbers(2))
  }
}
