import GRDB

extension RadiographDataset {
  /// The names of the dataset's sources.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  public func sourceNames() throws(DatasetError) -> [String] {
    do {
      return try database.read { try String.fetchAll($0, sql: "SELECT name FROM sources ORDER BY id") }
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }
}
