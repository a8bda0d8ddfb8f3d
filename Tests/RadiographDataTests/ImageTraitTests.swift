import RadiographData
import RadiologyReports
import Testing

@Suite("Traits of a radiograph")
struct ImageTraitTests {
  private func marked(_ places: [(Laterality?, [ImageFinding.Zone])], heart: Double? = nil) -> RadiographAttributes {
    var findings = places.map { side, zones in
      ImageFinding(
        name: "Mass", origin: .people, annotator: "test", side: side, zones: zones,
        box: ImageBox(x: 0, y: 0, width: 0.1, height: 0.1))
    }
    if let heart {
      findings.append(
        ImageFinding(
          name: "Cardiomegaly", origin: .people, annotator: "test", cardiothoracicRatio: heart,
          box: ImageBox(x: 0, y: 0, width: 0.1, height: 0.1)))
    }
    return RadiographAttributes(findings: findings)
  }

  @Test("side and zone are known where all that was marked in the lungs has one, and hearts do not count")
  func places() {
    let right = marked([(.right, [.upper]), (.right, [.upper])], heart: 0.6)
    #expect(ImageTrait.rightSided.holds(for: right) == true)
    #expect(ImageTrait.upperZone.holds(for: right) == true && ImageTrait.lowerZone.holds(for: right) == false)
    let left = marked([(.left, [.middle, .lower])])
    #expect(ImageTrait.rightSided.holds(for: left) == false)
    #expect(ImageTrait.lowerZone.holds(for: left) == nil && ImageTrait.upperZone.holds(for: left) == false)
    for unclear in [marked([(.right, [.upper]), (.left, [.lower])]), marked([(nil, [])]), marked([], heart: 0.6)] {
      #expect(ImageTrait.rightSided.holds(for: unclear) == nil)
    }
    #expect(ImageTrait.upperZone.holds(for: marked([(.right, [.upper]), (.right, [])])) == nil)
  }

  @Test("age, sex and view say so, or nothing")
  func attributes() {
    let girl = RadiographAttributes(view: .anteroposterior, age: AgeRange(1, 5), sex: .female)
    #expect(ImageTrait.allCases.map { $0.holds(for: girl) } == [true, true, true, false, nil, nil, nil])
    let man = RadiographAttributes(view: .posteroanterior, age: AgeRange(60), sex: .male)
    #expect(ImageTrait.allCases.map { $0.holds(for: man) } == [false, false, false, true, nil, nil, nil])
    let unknown = RadiographAttributes(view: .frontal, age: AgeRange(10, 70))
    #expect(ImageTrait.allCases.allSatisfy { $0.holds(for: unknown) == nil })
  }
}
