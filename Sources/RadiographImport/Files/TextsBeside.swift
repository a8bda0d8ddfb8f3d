/// The texts that lie beside images, such as `name.txt` beside `name.png`.
///
/// A text of an image's own name to the byte is that image's, and others' if they share the name. An image without one
/// has a text whose name differs in letter case or in the form of its accented letters, if that is no other image's own.
struct TextsBeside: Sendable {
  /// For each image, the paths of the texts that may be its: none, one, or several that are equally like.
  let candidates: [[String]]

  /// - Parameters:
  ///   - files: the source's files, sorted by their bytes.
  ///   - names: what an image's text may be called, the most likely first.
  init(_ files: [String], of images: [String], names: (_ image: String) -> [String]) {
    var texts = SourceFiles(files.filter { SourceFolder.pathExtension($0) == "txt" }, by: .path)
    guard !texts.paths.isEmpty else {
      candidates = [[String]](repeating: [], count: images.count)
      return
    }
    let names = images.map(names)
    let own = names.map { $0.lazy.compactMap { texts.exact($0) }.first }
    let taken = Set(own.compactMap { $0 })
    var result: [[String]] = []
    for (names, own) in zip(names, own) {
      var found = own.map { [$0] } ?? []
      for name in names where found.isEmpty {
        switch texts.nearest(name, anyExtension: false, where: { !taken.contains($0) }) {
        case .one(let file): found = [file]
        case .several(let files): found = files
        case .none: break
        }
      }
      result.append(found.map { texts.paths[$0] })
    }
    candidates = result
  }
}
