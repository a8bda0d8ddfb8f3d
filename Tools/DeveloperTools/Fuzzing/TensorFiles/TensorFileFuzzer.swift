import Foundation
import Support
import TensorFiles

/// Feeds mutated files to the readers of tensors and checks what they make of them.
///
/// A reader may refuse a file, with an error of its type. If it accepts the file, every tensor must lie inside the file,
/// and every byte of it is read. It must never crash, nor take longer than the time limit.
package struct TensorFileFuzzer: Fuzzer {
  package enum Format: String, CaseIterable, Sendable {
    case safetensors, checkpoint

    /// The endings of the format's files in the corpus.
    var endings: [String] { self == .safetensors ? [".safetensors"] : [".pt", ".bin"] }
  }

  package struct Report: FuzzReport {
    package var outcome = FuzzOutcome()
    package var accepted = 0
    package var refused = 0
    package var tensorCount = 0

    package init() {}

    package var facts: String { "\(accepted) accepted with \(tensorCount) tensors, \(refused) refused" }
    package var details: [String] { [] }
  }

  package let format: Format
  package let seed: UInt64
  package let timeLimit: Duration
  private let corpus: FuzzCorpus

  /// - Parameters:
  ///   - folders: The folders of the files to mutate.
  ///   - timeLimit: What one case may take.
  /// - Throws: as `FuzzCorpus` does.
  package init(format: Format, seed: UInt64, folders: [URL], timeLimit: Duration) throws {
    self.format = format
    self.seed = seed
    self.timeLimit = timeLimit
    corpus = try FuzzCorpus(folders: folders, endings: format.endings)
  }

  /// The bytes of one case, by its number alone.
  package func bytes(ofCase index: Int) -> [UInt8] {
    corpus.bytes(ofCase: index, seed: seed) { random, original, donor in
      switch format {
      case .safetensors: random.mutateSafetensors(original, donor: donor)
      case .checkpoint: random.mutateCheckpoint(original, donor: donor)
      }
    }
  }

  /// Whether the reader accepts one case; for a comparison with another reader.
  package func accepts(case index: Int) -> Bool {
    var report = Report()
    _ = check(bytes(ofCase: index), case: index, &report)
    return report.accepted == 1
  }

  /// Reads one file; returns what is wrong with the result, or nil.
  package func check(_ bytes: [UInt8], case index: Int, _ report: inout Report) -> String? {
    let file = MappedFile(bytes: bytes, name: "case \(index)")
    do throws(TensorFileError) {
      var tensors = TensorChecker(file: file)
      switch format {
      case .safetensors: tensors.check(try SafetensorsFile(file: file))
      case .checkpoint: tensors.check(try TorchArchive(file: file).root)
      }
      report.accepted += 1
      report.tensorCount += tensors.count
      return tensors.failure
    } catch {
      report.refused += 1
      return error.description.contains("\n") ? "its message has several lines" : nil
    }
  }
}
