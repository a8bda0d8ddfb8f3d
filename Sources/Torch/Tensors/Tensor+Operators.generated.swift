// Made from Sources/CTorch/operators.txt by `swift run generate-operators`. Do not edit.
// swift-format-ignore-file

import CTorch

extension Tensor {
  /// `at::add`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func add(other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.add(handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::add`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func add(other: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.add_scalar(handle, other, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::sub`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func sub(other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.sub(handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::sub`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func sub(other: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.sub_scalar(handle, other, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::mul`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func mul(other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.mul(handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::mul`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func mul(other: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.mul_scalar(handle, other, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::div`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func div(other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.div(handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::div`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func div(other: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.div_scalar(handle, other, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::rsub`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func rsub(other: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.rsub_scalar(handle, other, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::neg`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func neg() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.neg(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::reciprocal`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func reciprocal() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.reciprocal(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::lerp`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func lerp(end: Tensor, weight: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.lerp(handle, end.handle, weight, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::addcmul`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func addcmul(tensor1: Tensor, tensor2: Tensor, value: Double = 1) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.addcmul(handle, tensor1.handle, tensor2.handle, value, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::add_`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func addInPlace(_ other: Tensor, alpha: Double = 1) throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.add_in_place(handle, other.handle, alpha, $0) }
  }

  /// `at::mul_`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func mulInPlace(_ other: Double) throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.mul_in_place_scalar(handle, other, $0) }
  }

  /// `at::mul_`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func mulInPlace(_ other: Tensor) throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.mul_in_place(handle, other.handle, $0) }
  }

  /// `at::copy_`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func copyInPlace(_ source: Tensor) throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.copy_in_place(handle, source.handle, $0) }
  }

  /// `at::zero_`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func zeroInPlace() throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.zero_in_place(handle, $0) }
  }

  /// `at::abs`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func abs() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.abs(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::exp`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func exp() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.exp(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::log`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func log() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.log(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::sqrt`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func sqrt() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.sqrt(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::rsqrt`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func rsqrt() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.rsqrt(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::square`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func square() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.square(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::sin`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func sin() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.sin(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::cos`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func cos() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.cos(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::tanh`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func tanh() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.tanh(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::sigmoid`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func sigmoid() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.sigmoid(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::relu`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func relu() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.relu(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::leaky_relu`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func leakyRelu(negativeSlope: Double = 0.01) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.leaky_relu(handle, negativeSlope, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::silu`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func silu() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.silu(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::gelu`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func gelu(approximate: String = "none") throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.gelu(handle, approximate, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::round`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func round() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.round(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::floor`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func floor() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.floor(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::pow`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func pow(exponent: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.pow_scalar(handle, exponent, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::clamp`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func clamp(min: Double? = nil, max: Double? = nil) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.clamp(handle, min != nil, min ?? 0, max != nil, max ?? 0, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::isfinite`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func isfinite() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.isfinite(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::eq`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func eq(other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.eq(handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::eq`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func eq(other: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.eq_scalar(handle, other, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::lt`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func lt(other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.lt(handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::lt`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func lt(other: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.lt_scalar(handle, other, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::gt`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func gt(other: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.gt_scalar(handle, other, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::ge`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func ge(other: Double) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.ge_scalar(handle, other, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::where`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func `where`(_ condition: Tensor, tensors: Tensor, other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.where(condition.handle, tensors.handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::maximum`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func maximum(other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.maximum(handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::minimum`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func minimum(other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.minimum(handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::sum`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func sum() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.sum(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::sum`, dim overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func sum(dim: [Int], keepdim: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.sum_dim(handle, dim, dim.count, keepdim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::mean`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func mean() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.mean(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::mean`, dim overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func mean(dim: [Int], keepdim: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.mean_dim(handle, dim, dim.count, keepdim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::var`, dim overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func `var`(dim: [Int], unbiased: Bool = true, keepdim: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.var_dim(handle, dim, dim.count, unbiased, keepdim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::std`, dim overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func std(dim: [Int], unbiased: Bool = true, keepdim: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.std_dim(handle, dim, dim.count, unbiased, keepdim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::amax`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func amax(dim: [Int], keepdim: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.amax(handle, dim, dim.count, keepdim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::amin`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func amin(dim: [Int], keepdim: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.amin(handle, dim, dim.count, keepdim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::max`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func max() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.max(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::min`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func min() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.min(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::all`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func all() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.all(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::any`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func any() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.any(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::argmax`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func argmax(dim: Int? = nil, keepdim: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.argmax(handle, dim != nil, dim ?? 0, keepdim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::cumsum`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func cumsum(dim: Int) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.cumsum(handle, dim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::norm`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func norm(p: Double = 2) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.norm(handle, p, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::linalg_vector_norm`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func linalgVectorNorm(ord: Double = 2) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.linalg_vector_norm(handle, ord, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::matmul`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func matmul(other: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.matmul(handle, other.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::bmm`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func bmm(mat2: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.bmm(handle, mat2.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::addmm`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func addmm(mat1: Tensor, mat2: Tensor, beta: Double = 1, alpha: Double = 1) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.addmm(handle, mat1.handle, mat2.handle, beta, alpha, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::baddbmm`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func baddbmm(batch1: Tensor, batch2: Tensor, beta: Double = 1, alpha: Double = 1) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.baddbmm(handle, batch1.handle, batch2.handle, beta, alpha, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::linear`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func linear(weight: Tensor, bias: Tensor? = nil) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.linear(handle, weight.handle, bias?.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::linalg_eigh`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func linalgEigh() throws -> (Tensor, Tensor) {
    let api = try LibTorch.api()
    var out0: OpaquePointer?, out1: OpaquePointer?
    try check { api.pointee.operators.linalg_eigh(handle, &out0, &out1, $0) }
    return (try Tensor(owning: out0), try Tensor(owning: out1))
  }

  /// `at::cdist`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func cdist(other: Tensor, p: Double = 2) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.cdist(handle, other.handle, p, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::fft_fft2`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func fftFft2() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.fft_fft2(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::conv2d`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func conv2d(weight: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1], padding: [Int] = [0, 0], dilation: [Int] = [1, 1], groups: Int = 1) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.conv2d(handle, weight.handle, bias?.handle, stride, stride.count, padding, padding.count, dilation, dilation.count, groups, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::conv_transpose2d`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func convTranspose2D(weight: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1], padding: [Int] = [0, 0], outputPadding: [Int] = [0, 0], groups: Int = 1, dilation: [Int] = [1, 1]) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.conv_transpose2d(handle, weight.handle, bias?.handle, stride, stride.count, padding, padding.count, outputPadding, outputPadding.count, groups, dilation, dilation.count, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::group_norm`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func groupNorm(numGroups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.group_norm(handle, numGroups, weight?.handle, bias?.handle, eps, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::layer_norm`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func layerNorm(normalizedShape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.layer_norm(handle, normalizedShape, normalizedShape.count, weight?.handle, bias?.handle, eps, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::batch_norm`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func batchNorm(weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVar: Tensor?, training: Bool, momentum: Double, eps: Double, cudnnEnabled: Bool = true) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.batch_norm(handle, weight?.handle, bias?.handle, runningMean?.handle, runningVar?.handle, training, momentum, eps, cudnnEnabled, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::max_pool2d`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func maxPool2D(kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0, 0], dilation: [Int] = [1, 1], ceilMode: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.max_pool2d(handle, kernelSize, kernelSize.count, stride, stride.count, padding, padding.count, dilation, dilation.count, ceilMode, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::avg_pool2d`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func avgPool2D(kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0, 0], ceilMode: Bool = false, countIncludePad: Bool = true) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.avg_pool2d(handle, kernelSize, kernelSize.count, stride, stride.count, padding, padding.count, ceilMode, countIncludePad, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::scaled_dot_product_attention`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func scaledDotProductAttention(key: Tensor, value: Tensor, attnMask: Tensor? = nil, dropoutP: Double = 0, isCausal: Bool = false, scale: Double? = nil) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.scaled_dot_product_attention(handle, key.handle, value.handle, attnMask?.handle, dropoutP, isCausal, scale != nil, scale ?? 0, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::softmax`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func softmax(dim: Int) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.softmax(handle, dim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::embedding`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func embedding(_ weight: Tensor, indices: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.embedding(weight.handle, indices.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::upsample_nearest2d`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func upsampleNearest2D(outputSize: [Int]) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.upsample_nearest2d(handle, outputSize, outputSize.count, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::upsample_bilinear2d`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func upsampleBilinear2D(outputSize: [Int], alignCorners: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.upsample_bilinear2d(handle, outputSize, outputSize.count, alignCorners, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::upsample_bicubic2d`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func upsampleBicubic2D(outputSize: [Int], alignCorners: Bool = false) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.upsample_bicubic2d(handle, outputSize, outputSize.count, alignCorners, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::pixel_shuffle`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func pixelShuffle(upscaleFactor: Int) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.pixel_shuffle(handle, upscaleFactor, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::pixel_unshuffle`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func pixelUnshuffle(downscaleFactor: Int) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.pixel_unshuffle(handle, downscaleFactor, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::pad`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func pad(pad: [Int], mode: String = "constant", value: Double? = nil) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.pad(handle, pad, pad.count, mode, value != nil, value ?? 0, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::mse_loss`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func mseLoss(target: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.mse_loss(handle, target.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::l1_loss`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func l1Loss(target: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.l1_loss(handle, target.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::binary_cross_entropy_with_logits`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func binaryCrossEntropyWithLogits(target: Tensor, weight: Tensor? = nil, posWeight: Tensor? = nil) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.binary_cross_entropy_with_logits(handle, target.handle, weight?.handle, posWeight?.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::reshape`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func reshape(shape: [Int]) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.reshape(handle, shape, shape.count, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::view`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func view(size: [Int]) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.view(handle, size, size.count, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::permute`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func permute(dims: [Int]) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.permute(handle, dims, dims.count, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::transpose`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func transpose(dim0: Int, dim1: Int) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.transpose(handle, dim0, dim1, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::flatten`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func flatten(startDim: Int = 0, endDim: Int = -1) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.flatten(handle, startDim, endDim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::squeeze`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func squeeze() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.squeeze(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::squeeze`, dim overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func squeeze(dim: Int) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.squeeze_dim(handle, dim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::unsqueeze`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func unsqueeze(dim: Int) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.unsqueeze(handle, dim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::expand`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func expand(size: [Int]) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.expand(handle, size, size.count, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::repeat`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func `repeat`(repeats: [Int]) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.repeat(handle, repeats, repeats.count, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::repeat_interleave`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func repeatInterleave(repeats: Int, dim: Int? = nil) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.repeat_interleave(handle, repeats, dim != nil, dim ?? 0, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::flip`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func flip(dims: [Int]) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.flip(handle, dims, dims.count, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::narrow`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func narrow(dim: Int, start: Int, length: Int) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.narrow(handle, dim, start, length, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::select`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func select(dim: Int, index: Int) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.select(handle, dim, index, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::index_select`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func indexSelect(dim: Int, index: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.index_select(handle, dim, index.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::gather`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func gather(dim: Int, index: Tensor) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.gather(handle, dim, index.handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::chunk`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func chunk(chunks: Int, dim: Int = 0) throws -> [Tensor] {
    let api = try LibTorch.api()
    var out: UnsafeMutablePointer<OpaquePointer?>?, count = 0
    try check { api.pointee.operators.chunk(handle, chunks, dim, &out, &count, $0) }
    return try Tensor.list(owning: out, count: count)
  }

  /// `at::cat`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func cat(_ tensors: [Tensor], dim: Int = 0) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.cat(tensors.map(\.handle), tensors.count, dim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::stack`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func stack(_ tensors: [Tensor], dim: Int = 0) throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.stack(tensors.map(\.handle), tensors.count, dim, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::alias`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func alias() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.alias(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::view_as_real`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func viewAsReal() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.view_as_real(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::clone`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func clone() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.clone(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::zeros_like`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func zerosLike() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.zeros_like(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::detach`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func detach() throws -> Tensor {
    let api = try LibTorch.api()
    var out: OpaquePointer?
    try check { api.pointee.operators.detach(handle, &out, $0) }
    return try Tensor(owning: out)
  }

  /// `at::_foreach_mul_`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func foreachMulInPlace(_ tensors: [Tensor], scalar: Double) throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.foreach_mul_in_place_scalar(tensors.map(\.handle), tensors.count, scalar, $0) }
  }

  /// `at::_foreach_lerp_`, scalar overload.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func foreachLerpInPlace(_ tensors: [Tensor], tensors1: [Tensor], weight: Double) throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.foreach_lerp_in_place_scalar(tensors.map(\.handle), tensors.count, tensors1.map(\.handle), tensors1.count, weight, $0) }
  }

  /// `at::_foreach_copy_`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func foreachCopyInPlace(_ tensors: [Tensor], source: [Tensor]) throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.foreach_copy_in_place(tensors.map(\.handle), tensors.count, source.map(\.handle), source.count, $0) }
  }

  /// `at::_foreach_norm`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func foreachNorm(_ tensors: [Tensor], ord: Double = 2) throws -> [Tensor] {
    let api = try LibTorch.api()
    var out: UnsafeMutablePointer<OpaquePointer?>?, count = 0
    try check { api.pointee.operators.foreach_norm(tensors.map(\.handle), tensors.count, ord, &out, &count, $0) }
    return try Tensor.list(owning: out, count: count)
  }

  /// `at::_amp_foreach_non_finite_check_and_unscale_`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func ampForeachNonFiniteCheckAndUnscaleInPlace(_ tensors: [Tensor], foundInf: Tensor, invScale: Tensor) throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.amp_foreach_non_finite_check_and_unscale_in_place(tensors.map(\.handle), tensors.count, foundInf.handle, invScale.handle, $0) }
  }

  /// `at::_fused_adamw_`.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func fusedAdamwInPlace(_ tensors: [Tensor], grads: [Tensor], expAvgs: [Tensor], expAvgSqs: [Tensor], maxExpAvgSqs: [Tensor], stateSteps: [Tensor], lr: Double, beta1: Double, beta2: Double, weightDecay: Double, eps: Double, amsgrad: Bool, maximize: Bool) throws {
    let api = try LibTorch.api()
    try check { api.pointee.operators.fused_adamw_in_place(tensors.map(\.handle), tensors.count, grads.map(\.handle), grads.count, expAvgs.map(\.handle), expAvgs.count, expAvgSqs.map(\.handle), expAvgSqs.count, maxExpAvgSqs.map(\.handle), maxExpAvgSqs.count, stateSteps.map(\.handle), stateSteps.count, lr, beta1, beta2, weightDecay, eps, amsgrad, maximize, $0) }
  }

}
