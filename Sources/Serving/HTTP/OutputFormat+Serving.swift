import ImageOutput

extension OutputFormat {
  /// The format that a client names: `png`, `jpeg`, `jpg`, `dicom` or `dcm`, in any case of letters.
  ///
  /// - Parameter known: The formats that the field takes.
  /// - Throws: ``APIError`` with `out_of_range` for any other name.
  init(named name: String, field: String, among known: [OutputFormat] = OutputFormat.allCases) throws(APIError) {
    guard let format = OutputFormat(pathExtension: name), known.contains(format) else {
      let names = known.map(\.rawValue).joined(separator: ", ")
      throw APIError(.outOfRange, "\(field) '\(name.prefix(40))' is not written: choose one of \(names)", field: field)
    }
    self = format
  }
}
