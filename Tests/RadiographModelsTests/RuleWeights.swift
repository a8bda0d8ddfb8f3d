import Foundation
import Torch

/// Weights that a rule defines instead of a file: tensor i of the sorted names has elements `sin(0.37 j + i)`, scaled
/// by the fan-in; gains stand around 1. The same rule as in `Tools/reference/models.py`.
enum RuleWeights {
  static func tensor(index: Int, name: String, shape: [Int]) throws -> Tensor {
    let count = shape.reduce(1, *)
    let fanIn = Double(count / max(shape.first ?? 1, 1))
    let positions = try Tensor.arange(from: 0, to: Double(count), by: 1, dtype: .float64)
    let s = try (positions * 0.37 + Double(index)).sin()
    let values: Tensor
    if shape.count > 1 {
      values = try s / fanIn.squareRoot()
    } else {
      values = try name.hasSuffix("weight") ? s * 0.1 + 1 : s * 0.1
    }
    return try values.to(.float32).reshape(shape)
  }

  /// One tensor for each name, which are sorted first.
  static func tensors(_ shapes: [String: [Int]]) throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (index, name) in shapes.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }).enumerated() {
      tensors[name] = try tensor(index: index, name: name, shape: shapes[name] ?? [])
    }
    return tensors
  }
}

/// The largest difference, over the largest magnitude of what is expected.
func relativeMaximumError(_ actual: Tensor, _ expected: Tensor) throws -> Double {
  guard actual.shape == expected.shape else { return .infinity }
  let (a, e) = (try actual.detach().doubles(), try expected.doubles())
  let scale = e.reduce(0) { max($0, abs($1)) }
  let error = zip(a, e).reduce(0) { max($0, abs($1.0 - $1.1)) }
  return a.allSatisfy(\.isFinite) ? error / scale : .infinity
}
