import DeveloperTools
import Foundation
import TestBasics
import Testing

/// A short run of what `fuzz tensor-files` does a million times (docs/fuzzing.md).
@Suite struct FuzzTests {
  static let folders = ["fuzz", "tensor_files", "tensor_files/refused"].map(Fixtures.folder.appendingPathComponent)

  @Test(arguments: TensorFileFuzzer.Format.allCases)
  func fiveHundredMutatedFilesAreReadSoundlyOrRefused(format: TensorFileFuzzer.Format) throws {
    try check(format, 0..<500)
  }

  @Test(.slow, .tags(.slow), .timeLimit(.minutes(5)), arguments: TensorFileFuzzer.Format.allCases)
  func fiveThousandMutatedFilesAreReadSoundlyOrRefused(format: TensorFileFuzzer.Format) throws {
    try check(format, 500..<5500)
  }

  private func check(_ format: TensorFileFuzzer.Format, _ cases: Range<Int>) throws {
    // Generous: what is caught here is a hang, and the machine may be busy.
    let fuzzer = try TensorFileFuzzer(format: format, seed: 2026, folders: Self.folders, timeLimit: .seconds(20))
    let report = fuzzer.run(cases)
    #expect(report.outcome.failures.isEmpty, "\(report.outcome.failures)")
    #expect(report.outcome.cases == cases.count)
    // A mutator that breaks every file at its first bytes, or none, would test nothing.
    #expect(report.accepted > cases.count / 50)
    #expect(report.refused > cases.count / 5)
    #expect(report.tensorCount > cases.count / 50)
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
