import CTorch

extension Tensor {
  /// An activation that oneDNN computes together with a convolution.
  public enum FusedActivation: String, Sendable {
    case none
    case silu = "swish"
    case relu
  }

  /// Whether this LibTorch has convolutions with packed weights: on CPUs, where it was built with oneDNN.
  public static var packsConvolutions: Bool {
    get throws { try LibTorch.api().pointee.functions.packs_convolutions() }
  }

  /// The weights of a convolution, `[outputs, inputs, height, width]`, in the layout that oneDNN computes with.
  ///
  /// A convolution brings its weights into that layout at every call otherwise, which is most of its time where an
  /// image is small and its channels are many. The result fits ``packedConv2d(weight:bias:stride:padding:activation:)``
  /// alone.
  ///
  /// - Parameter inputShape: the input that the layout is chosen for; others work too, though less fast.
  public func packedForConv2d(stride: Int, padding: Int, inputShape: [Int]) throws -> Tensor {
    guard inputShape.count == 4 else { throw TorchError.invalidShape(inputShape) }
    return try Tensor { out, error, functions in
      functions.pack_convolution(handle, stride, padding, inputShape, out, error)
    }
  }

  /// A convolution with weights from ``packedForConv2d(stride:padding:inputShape:)``, for inference: no gradients.
  public func packedConv2d(
    weight: Tensor, bias: Tensor?, stride: Int, padding: Int, activation: FusedActivation = .none
  ) throws -> Tensor {
    try Tensor { out, error, functions in
      functions.packed_convolution(
        handle, weight.handle, bias?.handle, stride, padding, activation.rawValue, out, error)
    }
  }
}
