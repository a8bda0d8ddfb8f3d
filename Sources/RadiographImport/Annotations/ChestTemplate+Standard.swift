import Foundation

extension ChestTemplate {
  /// The template that comes with the program.
  static let standard: ChestTemplate = {
    do {
      return try ChestTemplate(json: Data(PackageResources.chest_template_json))
    } catch {
      preconditionFailure("Resources/chest-template.json: \(error)")
    }
  }()

  /// `Resources/chest-template.json`.
  private struct File: Decodable {
    /// Local contrast in hundredths, row by row from the top.
    var values: [Int]
    var apex: Double
    var base: Double
    var spine: Double
    var rightEdge: Double
    var leftEdge: Double
  }

  /// - Throws: `DecodingError` if the file is of another form.
  init(json: Data) throws {
    let file = try JSONDecoder().decode(File.self, from: json)
    let side = ContrastPlane.side
    guard file.values.count == side * side else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "\(file.values.count) values, not \(side * side)"))
    }
    self.init(
      ContrastPlane(side: side, values: file.values.map { Float($0) / 100 }),
      marks: LungFrame(
        apex: file.apex, base: file.base, spine: file.spine, rightEdge: file.rightEdge, leftEdge: file.leftEdge,
        likeness: 1))
  }
}
