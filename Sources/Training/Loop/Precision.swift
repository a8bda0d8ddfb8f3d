import Torch

/// Runs the networks of a step in `dtype`: plainly in float32, otherwise with autocast. Weights, losses and the
/// optimiser stay in float32.
func withPrecision<Result>(_ dtype: DType, on device: Device = .cpu, _ body: () throws -> Result) throws -> Result {
  dtype == .float32 ? try body() : try withAutocast(dtype, on: device, body)
}
