import ArgumentParser
import Generation

extension PrecisionChoice {
  /// What options say of it.
  static let help = ArgumentHelp("auto, fp32, bf16, fp16 or int8 (default: auto).", valueName: "precision")
  static let completion = CompletionKind.list(allCases.map(\.rawValue))
}

extension DeviceChoice {
  /// What options say of it.
  static let help = ArgumentHelp("auto, cpu, cuda, cuda:N or mps (default: auto).", valueName: "device")
  static let completion = CompletionKind.list(["auto", "cpu", "cuda", "mps"])
}
