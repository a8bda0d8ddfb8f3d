import CTorch

/// Weights of a convolution in 8-bit integers, in the layout that oneDNN computes with.
public struct QuantisedWeight {
  fileprivate let packed: Tensor
  /// What an integer stands for, output by output.
  fileprivate let scales: Tensor
}

extension Tensor {
  /// Whether convolutions in 8-bit integers are worth it here: on x86-64 processors with AVX-512 VNNI, if LibTorch was built
  /// with oneDNN.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func quantisesConvolutions() throws -> Bool {
    try LibTorch.api().pointee.functions.quantises_convolutions()
  }

  /// The weights of a convolution, `[outputs, inputs, height, width]`, rounded to 8-bit integers: each output has a scale,
  /// by which its greatest weight is 127.
  ///
  /// - Parameters:
  ///   - padding: Zeros added above and below, and at the left and right.
  ///   - inputShape: The input that the layout is chosen for; others work too.
  /// - Throws: `TorchError` if the shapes do not fit or LibTorch has no such convolutions.
  public func quantisedForConv2d(stride: Int, padding: [Int], inputShape: [Int]) throws -> QuantisedWeight {
    guard inputShape.count == 4 else { throw TorchError.invalidShape(inputShape) }
    guard padding.count == 2 else { throw TorchError.invalidShape(padding) }
    let api = try LibTorch.api()
    var packed: OpaquePointer?, scales: OpaquePointer?
    try check {
      api.pointee.functions.quantise_convolution(handle, stride, padding, inputShape, &packed, &scales, $0)
    }
    return QuantisedWeight(packed: try Tensor(owning: packed), scales: try Tensor(owning: scales))
  }

  /// A convolution in 8-bit integers of a float32 image, for inference: no gradients.
  ///
  /// The image is rounded to 256 levels between its least and greatest value, found anew at every call. Sums are exact. An image
  /// with a value that is not finite gives one in which none is a number.
  ///
  /// - Throws: `TorchError` if the shapes do not fit or LibTorch has no such convolutions.
  public func quantisedConv2d(
    weight: QuantisedWeight, bias: Tensor?, stride: Int, padding: [Int], activation: FusedActivation = .none
  ) throws -> Tensor {
    guard padding.count == 2 else { throw TorchError.invalidShape(padding) }
    return try Tensor { out, error, functions in
      functions.quantised_convolution(
        handle, weight.packed.handle, weight.scales.handle, bias?.handle, stride, padding, activation.rawValue, out,
        error)
    }
  }
}
