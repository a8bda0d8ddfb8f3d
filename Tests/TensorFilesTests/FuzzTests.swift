import DeveloperTools
import Foundation
import Testing

/// A short run of what `fuzz tensor-files` does a million times (docs/fuzzing.md).
@Suite struct FuzzTests {
  static let folders = ["fuzz", "tensor_files", "tensor_files/refused"].map(Fixtures.folder.appendingPathComponent)

  #if DEBUG
    static let caseCount = 5000
  #else
    static let caseCount = 20_000
  #endif

  @Test(.timeLimit(.minutes(5)), arguments: TensorFileFuzzer.Format.allCases)
  func mutatedFilesAreReadSoundlyOrRefused(format: TensorFileFuzzer.Format) throws {
    // Generous: what is caught here is a hang, and the machine may be busy.
    let fuzzer = try TensorFileFuzzer(format: format, seed: 2026, folders: Self.folders, timeLimit: .seconds(20))
    let report = fuzzer.run(0..<Self.caseCount)
    #expect(report.outcome.failures.isEmpty, "\(report.outcome.failures)")
    #expect(report.outcome.cases == Self.caseCount)
    // A mutator that breaks every file at its first bytes, or none, would test nothing.
    #expect(report.accepted > Self.caseCount / 50)
    #expect(report.refused > Self.caseCount / 5)
    #expect(report.tensorCount > Self.caseCount / 50)
  }

  @Test func aCaseIsMadeOfSeedAndNumberAlone() throws {
    func fuzzer(seed: UInt64) throws -> TensorFileFuzzer {
      try TensorFileFuzzer(format: .checkpoint, seed: seed, folders: Self.folders, timeLimit: .seconds(1))
    }
    #expect(try fuzzer(seed: 1).bytes(ofCase: 7) == fuzzer(seed: 1).bytes(ofCase: 7))
    #expect(try fuzzer(seed: 1).bytes(ofCase: 7) != fuzzer(seed: 2).bytes(ofCase: 7))
    #expect(try fuzzer(seed: 1).bytes(ofCase: 7) != fuzzer(seed: 1).bytes(ofCase: 8))
  }
}
