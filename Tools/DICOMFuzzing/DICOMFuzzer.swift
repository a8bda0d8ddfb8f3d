import DICOMFiles
import Foundation
import Fuzzing
import ImageFiles

/// Feeds mutated DICOM files to the reader and checks what it makes of them.
///
/// The reader may refuse a file, with an error of its own type, whole or when its pixels are asked for. What it accepts
/// must have as many pixels as its header says, finite ones, inside of their range. It must never crash, nor take
/// longer than the time limit.
public struct DICOMFuzzer: Sendable {
  public struct Report: Sendable {
    public var cases = 0
    /// Those whose header was read, and whose pixels too.
    public var headers = 0
    public var images = 0
    public var slowest: Duration = .zero
    /// Images by the name of their transfer syntax.
    public var bySyntax: [String: Int] = [:]
    /// Cases that were wrong, with what was wrong: at most a hundred.
    public var failures: [(index: Int, what: String)] = []
  }

  public let seed: UInt64
  public let timeLimit: Duration
  /// What a file of the corpus could not hold by far; keeps a case's memory small.
  private let limits = ImageLimits(maximumSide: 4096, maximumPixels: 4_000_000)
  private let corpus: [[UInt8]]

  /// - Parameters:
  ///   - folders: where the files to mutate lie; those ending in `.dcm` are taken, in the order of their names.
  ///   - timeLimit: what one case may take.
  public init(seed: UInt64, folders: [URL], timeLimit: Duration) throws {
    self.seed = seed
    self.timeLimit = timeLimit
    corpus = try folders.flatMap { folder in
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      return try names.filter { $0.hasSuffix(".dcm") }.map { name in
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
    return random.mutateDICOM(original, donor: donor)
  }

  /// Runs the cases; `willRun` is told each number before its case.
  public func run(_ cases: Range<Int>, willRun: (Int) -> Void = { _ in }) -> Report {
    var report = Report()
    let clock = ContinuousClock()
    for index in cases {
      willRun(index)
      let data = Data(bytes(ofCase: index))
      var failure: String?
      let time = clock.measure {
        failure = check(data, &report)
      }
      report.cases += 1
      report.slowest = max(report.slowest, time)
      if time > timeLimit { failure = failure ?? "took \(time)" }
      if let failure, report.failures.count < 100 { report.failures.append((index, failure)) }
    }
    return report
  }

  /// Reads one file; returns what is wrong with the result.
  private func check(_ data: Data, _ report: inout Report) -> String? {
    do throws(DICOMError) {
      let file = try DICOMFile(data, limits: limits)
      report.headers += 1
      let pixels = try file.pixels()
      report.images += 1
      report.bySyntax[file.attributes.transferSyntaxName, default: 0] += 1
      if pixels.width != file.attributes.columns || pixels.height != file.attributes.rows
        || pixels.values.count != pixels.width * pixels.height
      {
        return "an image of another size than its header's"
      }
      if !pixels.values.allSatisfy(\.isFinite) { return "a value that is not finite" }
      return nil
    } catch {
      return error.description.contains("\n") ? "its message has several lines" : nil
    }
  }
}
