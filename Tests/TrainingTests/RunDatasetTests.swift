import RadiologyReports
import Testing

@testable import RadiographData
@testable import Training

@Suite("What a stage was trained on")
struct RunDatasetTests {
  @Test("a patient of a public collection is known in every dataset, another in none")
  func patients() {
    func identity(_ source: String, _ patient: String, file: String? = nil) -> String? {
      RadiographRecord(
        id: 1, source: source, path: "1.png", patient: "\(source)/\(patient)", study: "1", split: .train,
        attributes: RadiographAttributes(), sections: [], originalSize: nil, contentHash: file, slot: 0
      ).patientIdentity
    }
    #expect(
      identity("nih", "7", file: "a") != nil && identity("nih", "7", file: "a") == identity("nih", "7", file: "b"))
    #expect(identity("nih", "7") != identity("nih", "8") && identity("nih", "7") != identity("kermany", "7"))
    #expect(identity("nih", "7") == identity("nih-128", "7"), "the same collection at another size")
    #expect(identity("dicom", "7") == nil)
  }

  @Test("a finding's side, zone and size are part of it, and its box is not")
  func places() {
    func knowledge(_ finding: ImageFinding?) -> [String] {
      let record = RadiographRecord(
        id: 1, source: "nih", path: "1.png", patient: "nih/1", study: "1", split: .train,
        attributes: RadiographAttributes(labels: ["Effusion": .positive], findings: finding.map { [$0] } ?? []),
        sections: [], originalSize: nil, contentHash: nil, slot: 0)
      return RunDataset.knowledge(of: record)
    }
    let box = ImageBox(x: 0, y: 0, width: 0.5, height: 0.5)
    func finding(
      _ side: Laterality?, _ zones: [ImageFinding.Zone] = [], _ size: ImageFinding.Size? = nil, box: ImageBox
    ) -> ImageFinding {
      ImageFinding(
        name: "Effusion", origin: .people, annotator: "test", side: side, zones: zones, size: size, box: box)
    }
    let all = [
      nil, finding(nil, box: box), finding(.left, box: box), finding(.right, box: box),
      finding(.left, [.lower], box: box), finding(.left, [.middle, .lower], box: box),
      finding(.left, [.lower], .small, box: box),
    ]
    #expect(Set(all.map(knowledge)).count == all.count)
    #expect(knowledge(finding(.left, box: box)) == knowledge(finding(.left, box: box.mirrored)))
  }
}
