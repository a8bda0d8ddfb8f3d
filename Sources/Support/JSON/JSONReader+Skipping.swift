extension JSONReader {
  /// Reads a value of any kind and keeps nothing of it: checked as JSON but for keys that occur twice.
  ///
  /// - Throws: ``JSONSyntaxError`` if no value is there, or it is deeper than ``depthLimit`` brackets.
  public mutating func skipValue() throws(JSONSyntaxError) {
    var closers: [Unicode.Scalar] = []
    repeat {
      if closers.last == "}" {
        skipBlanks()
        _ = try string()
        try expect(":")
      }
      if skip("{") {
        closers.append("}")
      } else if skip("[") {
        closers.append("]")
      } else {
        try skipScalar()
        try finishValue(&closers)
        continue
      }
      guard closers.count <= Self.depthLimit else { throw expected("at most \(Self.depthLimit) brackets") }
      if let closer = closers.last, skip(closer) {
        closers.removeLast()
        try finishValue(&closers)
      }
    } while !closers.isEmpty
  }

  /// After a value inside brackets: a comma before the next one, or closers.
  private mutating func finishValue(_ closers: inout [Unicode.Scalar]) throws(JSONSyntaxError) {
    while let closer = closers.last {
      if skip(",") { return }
      try expect(closer)
      closers.removeLast()
    }
  }

  private mutating func skipScalar() throws(JSONSyntaxError) {
    switch nextKind() {
    case .string: _ = try string()
    case .bool: _ = try bool()
    case .null where skipNull(): break
    default: _ = try number()
    }
  }
}
