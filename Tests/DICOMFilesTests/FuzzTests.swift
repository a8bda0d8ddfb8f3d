import DeveloperTools
import Foundation
import TestBasics
import Testing

/// A short run of what `fuzz dicom` does two hundred thousand times (docs/fuzzing.md).
@Suite struct FuzzTests {
  @Test func fiveHundredMutatedFilesAreReadSoundlyOrRefused() throws { try check(0..<500) }

  @Test(.slow, .tags(.slow), .timeLimit(.minutes(5)))
  func threeThousandMutatedFilesAreReadSoundlyOrRefused() throws { try check(500..<3500) }

  private func check(_ cases: Range<Int>) throws {
    // Generous: what is caught here is a hang, and the machine may be busy.
    let fuzzer = try DICOMFuzzer(seed: 2026, folders: [DICOMFixtures.folder], timeLimit: .seconds(20))
    let report = fuzzer.run(cases)
    #expect(report.outcome.failures.isEmpty, "\(report.outcome.failures)")
    #expect(report.outcome.cases == cases.count)
    // A mutator that breaks every file at its first bytes, or none, would test nothing.
    #expect(report.headers > cases.count / 4)
    #expect(report.images > cases.count / 20)
    #expect(report.images < cases.count * 3 / 4)
    #expect(report.bySyntax.count >= 10)
  }

  @Test func aCaseIsMadeOfSeedAndNumberAlone() throws {
    func fuzzer(seed: UInt64) throws -> DICOMFuzzer {
      try DICOMFuzzer(seed: seed, folders: [DICOMFixtures.folder], timeLimit: .seconds(1))
    }
    #expect(try fuzzer(seed: 1).bytes(ofCase: 7) == fuzzer(seed: 1).bytes(ofCase: 7))
    #expect(try fuzzer(seed: 1).bytes(ofCase: 7) != fuzzer(seed: 2).bytes(ofCase: 7))
    #expect(try fuzzer(seed: 1).bytes(ofCase: 7) != fuzzer(seed: 1).bytes(ofCase: 8))
  }
}
