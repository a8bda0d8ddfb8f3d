import Diffusion
import Testing

@testable import Generation

@Suite struct SamplingOverridesTests {
  @Test(arguments: [
    (SamplingOverrides(steps: 0), "steps", "0"), (SamplingOverrides(steps: -1), "steps", "-1"),
    (SamplingOverrides(guidance: .nan), "guidance", "nan, which is not a number"),
    (SamplingOverrides(guidance: .infinity), "guidance", "inf"),
    (SamplingOverrides(guidance: -0.1), "guidance", "-0.1"), (SamplingOverrides(guidance: 1e30), "guidance", "1e+30"),
    (SamplingOverrides(guidanceRescale: .nan), "guidance-rescale", "nan, which is not a number"),
    (SamplingOverrides(guidanceRescale: 1.1), "guidance-rescale", "1.1"),
    (SamplingOverrides(eta: .nan), "eta", "nan, which is not a number"), (SamplingOverrides(eta: 1.1), "eta", "1.1"),
    (SamplingOverrides(eta: -1), "eta", "-1.0"),
  ])
  func numbersThatMeanNothingAreRefused(settings: SamplingOverrides, what: String, value: String) {
    #expect {
      try settings.validate()
    } throws: { error in
      guard case .outOfRange(what, value, _) = error as? RequestError else { return false }
      return true
    }
  }

  @Test func anEmptyNegativePromptIsRefused() {
    #expect(
      throws: RequestError.conflict(
        "the negative prompt is empty", remedy: "say what to avoid, or leave it out")
    ) { try SamplingOverrides(negative: " \n").validate() }
  }

  @Test func sensibleNumbersPass() throws {
    try SamplingOverrides(steps: 1, guidance: 0, negative: "tubes", sampler: .heun, eta: 1).validate()
    try SamplingOverrides().validate()
  }

  @Test func devicesAreParsedWhole() throws {
    #expect(try DeviceChoice(name: "cuda") == .device(.cuda(0)))
    #expect(try DeviceChoice(name: "CUDA:3") == .device(.cuda(3)))
    for name in ["", "cuda:", "cuda:-1", "cuda:1:2", "cuda:99999999999999999999", "cpu:0", "gpu", "cuda:٣"] {
      #expect(
        throws: RequestError.unknown(
          what: "device", value: name, known: ["auto", "cpu", "cuda", "cuda:N", "mps"])
      ) { try DeviceChoice(name: name) }
    }
  }

  @Test func anEmptyPromptNeedsGuidanceOne() throws {
    #expect(throws: RequestError.emptyPrompt(index: 2)) {
      try SamplingOverrides.check(prompt: " \t\n", index: 2, guidance: 1.5)
    }
    try SamplingOverrides.check(prompt: "", index: 0, guidance: 1)
  }

  @Test func errorsStayOnOneShortLine() {
    let error = RequestError.unknown(what: "sampler", value: String(repeating: "x\n", count: 500_000), known: ["ddim"])
    #expect(error.description.count < 300)
    #expect(!error.description.contains("\n"))
  }
}
