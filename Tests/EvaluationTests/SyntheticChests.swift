import RadiographModels
import Support

@testable import Evaluation
@testable import Training

/// Pictures of the four kinds of patients: a broad bright bar (adults) or a narrow one (children) on a grey ground,
/// with a patch beside it for pneumonia, at places and with noise that the seed decides.
enum SyntheticChests {
  static func image(_ kind: RadiographKind, size: Int, random: inout SplitMix64) -> [Float] {
    let half = kind.isChild ? size / 16 : size / 6
    let centre = size / 2 + random.next(below: 3) - 1
    let patch = size / 8 + random.next(below: 3)
    var pixels: [Float] = []
    for y in 0..<size {
      for x in 0..<size {
        var value: Float = abs(x - centre) < half ? 0.8 : 0.2
        if kind.hasPneumonia, abs(x - size / 5) < patch / 2 + 2, abs(y - size * 2 / 3) < patch { value = 0.9 }
        pixels.append(value + Float(random.next(below: 1000)) / 10_000)
      }
    }
    return pixels
  }

  static func examples(ofEachKind count: Int, seed: UInt64) throws -> ClassifierExamples {
    var random = SplitMix64(seed: seed)
    let size = RadiographClassifier.side
    let kinds = RadiographKind.allCases.flatMap { Array(repeating: $0, count: count) }
    let pixels = kinds.flatMap { image($0, size: size, random: &random) }
    return try ClassifierExamples(
      images: GrayImages(pixels: pixels, count: kinds.count, height: size, width: size), kinds: kinds)
  }

  /// The same for a classifier to learn from.
  static func data(ofEachKind count: Int, seed: UInt64) throws -> ClassifierData {
    let examples = try examples(ofEachKind: count, seed: seed)
    return try ClassifierData(
      pixels: examples.images.pixels, height: examples.images.height, width: examples.images.width,
      kinds: examples.kinds)
  }

  static func recipe(steps: Int) -> ClassifierRecipe {
    var recipe = ClassifierRecipe()
    recipe.steps = steps
    recipe.imagesOfEachKind = 4
    recipe.shift = 2
    return recipe
  }
}
