extension GrayPlane {
  /// A plane of values that another reader decoded, row by row from the top.
  ///
  /// - Throws: `ImageFileError.inconsistentSize` where `values` are not exactly `width * height`, or a side is below 1.
  public init(values: [Float], width: Int, height: Int) throws(ImageFileError) {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, values.count == count else {
      throw .inconsistentSize(width: width, height: height, pixels: values.count)
    }
    self.init(width: width, height: height, values: values)
  }
}
