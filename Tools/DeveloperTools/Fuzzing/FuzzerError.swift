package enum FuzzerError: Error, CustomStringConvertible {
  case emptyCorpus([String])

  package var description: String {
    switch self {
    case .emptyCorpus(let folders): "no file to mutate in \(folders.joined(separator: ", ")): name a folder of them"
    }
  }
}
