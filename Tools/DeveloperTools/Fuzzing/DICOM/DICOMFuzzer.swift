import DICOMFiles
import Foundation
import ImageFiles

/// Feeds mutated DICOM files to the reader and checks what it makes of them.
///
/// The reader may refuse a file, with an error of its type, at once or when its pixels are asked for. An accepted file
/// must have as many pixels as its header says, all of them finite. The reader must never crash, nor take longer than
/// the time limit.
package struct DICOMFuzzer: Fuzzer {
  package struct Report: FuzzReport {
    package var outcome = FuzzOutcome()
    /// Files whose header was read, and those whose pixels were read too.
    package var headers = 0
    package var images = 0
    /// Images by the name of their transfer syntax.
    package var bySyntax: [String: Int] = [:]

    package init() {}

    package var facts: String { "\(headers) headers and \(images) images read" }
    package var details: [String] { bySyntax.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" } }
  }

  package let seed: UInt64
  package let timeLimit: Duration
  /// Far above every file of the corpus, and low enough to keep a case's memory small.
  private let limits = ImageLimits(maximumSide: 4096, maximumPixels: 4_000_000)
  private let corpus: FuzzCorpus

  /// - Parameters:
  ///   - folders: The folders of the files to mutate; those ending in `.dcm` are taken.
  ///   - timeLimit: What one case may take.
  /// - Throws: as `FuzzCorpus` does.
  package init(seed: UInt64, folders: [URL], timeLimit: Duration) throws {
    self.seed = seed
    self.timeLimit = timeLimit
    corpus = try FuzzCorpus(folders: folders, endings: [".dcm"])
  }

  /// The bytes of one case, by its number alone.
  package func bytes(ofCase index: Int) -> [UInt8] {
    corpus.bytes(ofCase: index, seed: seed) { random, original, donor in
      random.mutateDICOM(original, donor: donor)
    }
  }

  /// Reads one file; returns what is wrong with the result, or nil.
  package func check(_ bytes: [UInt8], case index: Int, _ report: inout Report) -> String? {
    do throws(DICOMError) {
      let file = try DICOMFile(Data(bytes), limits: limits)
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
