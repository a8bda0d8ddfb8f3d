import Foundation

/// The files that a fuzzer mutates.
package struct FuzzCorpus: Sendable {
  private let files: [[UInt8]]

  /// Reads the files of the given endings from folders, each folder's in the order of their names.
  ///
  /// - Throws: `FuzzerError.emptyCorpus` if there is none, and Foundation's errors for what cannot be read.
  package init(folders: [URL], endings: [String]) throws {
    files = try folders.flatMap { folder in
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      return try names.filter { name in endings.contains { name.hasSuffix($0) } }.map { name in
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
      }
    }
    guard !files.isEmpty else { throw FuzzerError.emptyCorpus(folders.map(\.path)) }
  }

  /// Makes the bytes of one case from the seed and its number alone: `mutate` is given a generator, the file to mutate
  /// and another one to take pieces from.
  package func bytes(
    ofCase index: Int, seed: UInt64, mutate: (inout FuzzRandom, [UInt8], [UInt8]) -> [UInt8]
  ) -> [UInt8] {
    var random = FuzzRandom(seed: seed, stream: UInt64(index))
    let original = random.pick(files)
    let donor = random.pick(files)
    return mutate(&random, original, donor)
  }
}
