import Foundation
import Fuzzing
import TensorFiles

/// Feeds mutated files to the readers and checks what they make of them.
///
/// A reader may refuse a file, with an error of its own type. It may accept it: then every tensor must lie inside the
/// file, and every byte of it is read. It must never crash, nor take longer than the time limit.
public struct Fuzzer: Sendable {
  public enum Format: String, CaseIterable, Sendable {
    case safetensors, checkpoint

    /// The endings of its files in the corpus.
    var endings: [String] { self == .safetensors ? [".safetensors"] : [".pt", ".bin"] }
  }

  public struct Report: Sendable {
    public var cases = 0
    public var accepted = 0
    public var refused = 0
    public var tensorCount = 0
    public var slowest: Duration = .zero
    /// Cases that were wrong, with what was wrong: at most a hundred.
    public var failures: [(index: Int, what: String)] = []
  }

  public let format: Format
  public let seed: UInt64
  public let timeLimit: Duration
  private let corpus: [[UInt8]]

  /// - Parameters:
  ///   - folders: Where the files to mutate lie; those of the format's endings are taken, in the order of their names.
  ///   - timeLimit: What one case may take.
  public init(format: Format, seed: UInt64, folders: [URL], timeLimit: Duration) throws {
    self.format = format
    self.seed = seed
    self.timeLimit = timeLimit
    corpus = try folders.flatMap { folder in
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      return try names.filter { name in format.endings.contains { name.hasSuffix($0) } }.map { name in
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
      }
    }
    guard !corpus.isEmpty else { throw FuzzerError.emptyCorpus(folders.map(\.path)) }
  }

  /// The bytes of one case, by its number alone.
  public func bytes(ofCase index: Int) -> [UInt8] {
    var random = FuzzRandom(seed: seed, stream: UInt64(index))
    let original = random.pick(corpus)
    let donor = random.pick(corpus)
    return switch format {
    case .safetensors: random.mutateSafetensors(original, donor: donor)
    case .checkpoint: random.mutateCheckpoint(original, donor: donor)
    }
  }

  /// Runs the cases; `willRun` is told each number before its case.
  public func run(_ cases: Range<Int>, willRun: (Int) -> Void = { _ in }) -> Report {
    var report = Report()
    let clock = ContinuousClock()
    for index in cases {
      willRun(index)
      let file = MappedFile(bytes: bytes(ofCase: index), name: "case \(index)")
      var failure: String?
      let time = clock.measure {
        failure = check(file, &report)
      }
      report.cases += 1
      report.slowest = max(report.slowest, time)
      if time > timeLimit { failure = failure ?? "took \(time)" }
      if let failure, report.failures.count < 100 { report.failures.append((index, failure)) }
    }
    return report
  }

  /// Whether the reader accepts one case; for holding it against another reader.
  public func accepts(case index: Int) -> Bool {
    var report = Report()
    _ = check(MappedFile(bytes: bytes(ofCase: index), name: "case \(index)"), &report)
    return report.accepted == 1
  }

  /// Reads one file; returns what is wrong with the result.
  private func check(_ file: MappedFile, _ report: inout Report) -> String? {
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
