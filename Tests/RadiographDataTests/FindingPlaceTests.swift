import RadiologyReports
import Testing

@testable import RadiographData

@Suite struct FindingPlaceTests {
  private static func finding(
    _ side: Laterality?, _ zones: [ImageFinding.Zone], _ size: ImageFinding.Size? = nil, name: String = "Mass"
  ) -> ImageFinding {
    ImageFinding(
      name: name, origin: .people, annotator: "test", side: side, zones: zones, size: size,
      box: ImageBox(x: 0, y: 0, width: 1, height: 1))
  }

  private static func place(_ findings: ImageFinding...) -> FindingPlace? {
    RadiographAttributes(findings: findings).place(of: "Mass")
  }

  @Test func whatNoOneMarkedHasNoPlace() {
    #expect(Self.place() == nil)
    #expect(Self.place(Self.finding(.left, [.upper], name: "Nodule")) == nil)
  }

  @Test func oneSideJoinsItsZonesAndTakesTheGreatestSize() {
    let place = Self.place(Self.finding(.left, [.lower], .large), Self.finding(.left, [.upper], .small))
    #expect(place?.side == .left && place?.zones == [.upper, .lower] && place?.size == .large)
  }

  @Test func twoSidesKeepWhatHoldsOfBoth() {
    let same = Self.place(Self.finding(.left, [.lower], .small), Self.finding(.right, [.lower], .small))
    #expect(same?.side == .bilateral && same?.zones == [.lower] && same?.size == .small)
    let other = Self.place(Self.finding(.left, [.lower], .small), Self.finding(.right, [.upper], .large))
    #expect(other?.side == .bilateral && other?.zones == [] && other?.size == nil)
  }

  @Test func aZoneThatCannotBeToldLeavesAllOpen() {
    let place = Self.place(Self.finding(.left, [.lower]), Self.finding(.left, []))
    #expect(place?.side == .left && place?.zones == [])
    let middle = Self.place(Self.finding(nil, [.lower]))
    #expect(middle?.side == nil && middle?.zones == [.lower])
  }
}
