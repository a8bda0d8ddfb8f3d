import RadiographModels

/// Images of one size and their kinds, for a classifier to learn from.
public struct ClassifierData: Sendable {
  /// Grey values of any range, image by image and row by row.
  public let pixels: [Float]
  public let height: Int
  public let width: Int
  public let kinds: [RadiographKind]
  private let indices: [RadiographKind: [Int]]

  /// - Throws: ``TrainingError/classifierData(reason:)`` unless every image has its pixels and its kind and every kind has
  ///   an image.
  public init(pixels: [Float], height: Int, width: Int, kinds: [RadiographKind]) throws {
    guard height > 0, width > 0, pixels.count == kinds.count * height * width else {
      throw TrainingError.classifierData(
        reason: "\(pixels.count) pixels for \(kinds.count) images of \(width)x\(height)")
    }
    self.pixels = pixels
    self.height = height
    self.width = width
    self.kinds = kinds
    indices = Dictionary(grouping: kinds.indices) { kinds[$0] }
    for kind in RadiographKind.allCases where indices[kind] == nil {
      throw TrainingError.classifierData(
        reason:
          "no image of \(kind.isChild ? "children" : "adults") \(kind.hasPneumonia ? "with" : "without") pneumonia")
    }
  }

  subscript(index: Int) -> ArraySlice<Float> { pixels[index * height * width..<(index + 1) * height * width] }

  func indices(of kind: RadiographKind) -> [Int] { indices[kind] ?? [] }
}
