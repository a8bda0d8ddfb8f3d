import DeveloperTools
import Foundation
import Testing

/// A short run of what `fuzz dicom` does two hundred thousand times (docs/fuzzing.md).
@Suite struct FuzzTests {
  #if DEBUG
    static let caseCount = 3000
  #else
    static let caseCount = 10_000
  #endif

  @Test(.timeLimit(.minutes(5))) func mutatedFilesAreReadSoundlyOrRefused() throws {
    // Generous: what is caught here is a hang, and the machine may be busy.
    let fuzzer = try DICOMFuzzer(seed: 2026, folders: [DICOMFixtures.folder], timeLimit: .seconds(20))
    let report = fuzzer.run(0..<Self.caseCount)
    #expect(report.outcome.failures.isEmpty, "\(report.outcome.failures)")
    #expect(report.outcome.cases == Self.caseCount)
    // A mutator that breaks every file at its first bytes, or none, would test nothing.
    #expect(report.headers > Self.caseCount / 4)
    #expect(report.images > Self.caseCount / 20)
    #expect(report.images < Self.caseCount * 3 / 4)
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
