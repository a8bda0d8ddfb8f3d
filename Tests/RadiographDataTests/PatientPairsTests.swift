import Testing

@testable import RadiographData

@Suite("Pairs of one patient and of two")
struct PatientPairsTests {
  @Test("every image of a patient who has another is paired with one, and with ten of others of its source")
  func pairs() {
    let patients = (0..<30).map { (source: $0 % 3 == 0 ? "a" : "b", patient: "\($0 % 3 == 0 ? "a" : "b")\($0 / 2)") }
    let pairs = PatientPairs(patients, seed: 3).pairs
    let counts = Dictionary(grouping: patients, by: \.patient).mapValues(\.count)
    let repeated = patients.indices.filter { counts[patients[$0].patient, default: 0] > 1 }
    #expect(!repeated.isEmpty && repeated.count < patients.count)
    #expect(pairs.filter(\.isSamePatient).map(\.first) == repeated)
    #expect(pairs.count == repeated.count * (1 + PatientPairs.others))
    for pair in pairs {
      let (first, second) = (patients[pair.first], patients[pair.second])
      #expect(pair.first != pair.second && first.source == second.source)
      #expect((first.patient == second.patient) == pair.isSamePatient)
    }
    #expect(PatientPairs(patients, seed: 3) == PatientPairs(patients, seed: 3))
    #expect(PatientPairs(patients, seed: 3) != PatientPairs(patients, seed: 4))
  }

  @Test("a patient with nobody beside makes no pair")
  func alone() {
    #expect(PatientPairs([("a", "1"), ("a", "1"), ("b", "2")], seed: 0).pairs.isEmpty)
    #expect(PatientPairs([("a", "1"), ("a", "2")], seed: 0).pairs.isEmpty)
    #expect(PatientPairs([], seed: 0).pairs.isEmpty)
  }
}
