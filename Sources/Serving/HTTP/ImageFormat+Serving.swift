import ImageFiles

/// What the service says of a format. A new case of `ImageFormat` is offered by every route once it has its lines here.
extension ImageFormat {
  /// The end of a file's name, without the dot.
  var fileExtension: String {
    switch self {
    case .png: "png"
    case .jpeg: "jpg"
    }
  }

  var mediaType: String {
    switch self {
    case .png: "image/png"
    case .jpeg: "image/jpeg"
    }
  }

  /// The format that a client names: `png`, `jpeg` or `jpg`, in any case of letters.
  ///
  /// - Throws: ``APIError`` with `out_of_range` for any other name.
  init(named name: String, field: String) throws(APIError) {
    guard let format = ImageFormat(pathExtension: name) else {
      let known = ImageFormat.allCases.map(\.rawValue).joined(separator: ", ")
      throw APIError(.outOfRange, "\(field) '\(name.prefix(40))' is not written: choose one of \(known)", field: field)
    }
    self = format
  }
}
