import CTorch

extension Tensor {
  /// An activation that oneDNN computes together with a convolution.
  public enum FusedActivation: String, Sendable {
    case none
    case silu = "swish"
    case relu
  }

  /// Whether convolutions of a number format can have packed weights here: on CPUs, if LibTorch was built with
  /// oneDNN, float32; bfloat16 if the processor computes with it.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func packsConvolutions(of dtype: DType) throws -> Bool {
    switch dtype {
    case .float32: try LibTorch.api().pointee.functions.packs_convolutions()
    case .bfloat16: try LibTorch.api().pointee.functions.packs_convolutions() && packsBFloat16
    default: false
    }
  }

  /// Found out by trying: oneDNN alone knows what it needs of a processor.
  private static let packsBFloat16: Bool = {
    let weight = try? Tensor.zeros([16, 16, 3, 3], dtype: .bfloat16)
    return (try? weight?.packedForConv2d(stride: 1, padding: [1, 1], inputShape: [2, 16, 8, 8])) != nil
  }()

  /// The weights of a convolution, `[outputs, inputs, height, width]`, in the layout that oneDNN computes with.
  ///
  /// A convolution brings its weights into that layout at every call otherwise, which is most of its time if an
  /// image is small and its channels are many. The result fits ``packedConv2d(weight:bias:stride:padding:activation:)``
  /// alone.
  ///
  /// - Parameters:
  ///   - padding: Zeros added above and below, and at the left and right.
  ///   - inputShape: The input that the layout is chosen for; others work too, though less fast.
  /// - Throws: `TorchError` if the shapes do not fit or LibTorch has no such layout here.
  public func packedForConv2d(stride: Int, padding: [Int], inputShape: [Int]) throws -> Tensor {
    guard inputShape.count == 4 else { throw TorchError.invalidShape(inputShape) }
    guard padding.count == 2 else { throw TorchError.invalidShape(padding) }
    return try Tensor { out, error, functions in
      functions.pack_convolution(handle, stride, padding, inputShape, out, error)
    }
  }

  /// A convolution with weights from ``packedForConv2d(stride:padding:inputShape:)``, for inference: no gradients.
  ///
  /// - Throws: `TorchError` if the shapes do not fit or LibTorch has no such layout here.
  public func packedConv2d(
    weight: Tensor, bias: Tensor?, stride: Int, padding: [Int], activation: FusedActivation = .none
  ) throws -> Tensor {
    guard padding.count == 2 else { throw TorchError.invalidShape(padding) }
    return try Tensor { out, error, functions in
      functions.packed_convolution(
        handle, weight.handle, bias?.handle, stride, padding, activation.rawValue, out, error)
    }
  }
}
