import Foundation
import Testing

@testable import Diffusion

@Suite("Noise tables")
struct NoiseTableTests {
  @Test("agree with diffusers' formulas in double precision")
  func parity() throws {
    let references = try ReferenceTables.load().tables
    #expect(references.count == 30)
    for reference in references {
      let table = try NoiseTable(reference.schedule)
      #expect(table.count == reference.schedule.trainTimesteps)
      var worst = 0.0
      for (index, timestep) in reference.timesteps.enumerated() {
        worst = max(worst, abs(table.betas[timestep] - reference.betas[index]))
        worst = max(worst, abs(table.alphasCumprod[timestep] - reference.alphasCumprod[index]))
      }
      #expect(worst <= 1e-9, "\(reference.schedule)")
    }
  }

  @Test("linear: the product of 1 - beta is a quotient of gamma functions")
  func linearClosedForm() throws {
    let table = try NoiseTable(NoiseSchedule(.linear()))
    // 1 - beta_t = d (c - t) with d the increment of beta and c = (1 - beta_0) / d.
    let increment = (0.02 - 1e-4) / 999
    let top = (1 - 1e-4) / increment
    for timestep in [0, 1, 10, 500, 999] {
      #expect(abs(table.betas[timestep] - (1e-4 + Double(timestep) * increment)) < 1e-15)
      let factors = Double(timestep + 1)
      let expected = factors * log(increment) + lgamma(top + 1) - lgamma(top + 1 - factors)
      #expect(abs(log(table.alphasCumprod[timestep]) - expected) < 1e-8)
    }
  }

  @Test("scaled linear: the square roots of beta are equally spaced")
  func scaledLinearClosedForm() throws {
    let betas = try NoiseTable(NoiseSchedule(.scaledLinear())).betas
    let roots = betas.map { $0.squareRoot() }
    let step = (roots[999] - roots[0]) / 999
    for timestep in 0..<1000 { #expect(abs(roots[timestep] - roots[0] - Double(timestep) * step) < 1e-14) }
    #expect(abs(betas[0] - 0.00085) < 1e-15 && abs(betas[999] - 0.012) < 1e-15)
  }

  @Test("cosine: alphaBar is the squared cosine, up to the first capped beta")
  func cosineClosedForm() throws {
    let table = try NoiseTable(NoiseSchedule(.cosine()))
    func alphaBar(_ t: Double) -> Double { pow(cos((t + 0.008) / 1.008 * .pi / 2), 2) }
    for timestep in 0..<999 {
      let expected = alphaBar(Double(timestep + 1) / 1000) / alphaBar(0)
      #expect(abs(table.alphasCumprod[timestep] - expected) < 1e-12)
    }
    #expect(table.betas[999] == 0.999)
  }

  @Test("sigmoid log SNR: the logarithm of the signal-to-noise ratio falls linearly")
  func sigmoidLogSNRClosedForm() throws {
    let table = try NoiseTable(NoiseSchedule(.sigmoidLogSNR(maximum: 10, minimum: -8), trainTimesteps: 500))
    var product = 1.0
    for timestep in 0..<500 {
      let alphaBar = table.alphasCumprod[timestep]
      #expect(abs(log(alphaBar / (1 - alphaBar)) - (10 - 18 * Double(timestep) / 499)) < 1e-9)
      product *= 1 - table.betas[timestep]
      #expect(abs(product - alphaBar) < 1e-12)
    }
  }

  @Test(
    "zero terminal SNR: nothing is left at the end, the start stays, and between them sqrt(alphaBar) is affine",
    arguments: [
      NoiseSchedule.Curve.linear(), .scaledLinear(), .cosine(), .sigmoid(), .sigmoidLogSNR(),
    ])
  func zeroTerminalSNR(curve: NoiseSchedule.Curve) throws {
    let plain = try NoiseTable(NoiseSchedule(curve)).alphasCumprod.map { $0.squareRoot() }
    let rescaled = try NoiseTable(NoiseSchedule(curve, zeroTerminalSNR: true))
    let roots = rescaled.alphasCumprod.map { $0.squareRoot() }
    #expect(roots[999] == 0)
    #expect(rescaled.betas[999] == 1)
    #expect(abs(roots[0] - plain[0]) < 1e-15)
    let slope = roots[0] / (plain[0] - plain[999])
    for timestep in 0..<1000 { #expect(abs(roots[timestep] - slope * (plain[timestep] - plain[999])) < 1e-12) }
  }

  @Test("parameters out of range are refused with the reason")
  func validation() {
    func refuses(_ reason: String, _ body: () throws -> Void) {
      let error = #expect(throws: DiffusionError.self) { try body() }
      guard case .invalidSchedule(let text)? = error, text.hasPrefix(reason) else {
        Issue.record("\(String(describing: error)), not \(reason)")
        return
      }
    }
    let bad: [(NoiseSchedule, reason: String)] = [
      (NoiseSchedule(.linear(), trainTimesteps: 1), "trainTimesteps is 1:"),
      (NoiseSchedule(.linear(), trainTimesteps: 2_000_000), "trainTimesteps is 2000000:"),
      (NoiseSchedule(.linear(betaStart: 0, betaEnd: 0.02)), "betas run from 0.0 to 0.02:"),
      (NoiseSchedule(.linear(betaStart: 0.03, betaEnd: 0.02)), "betas run from 0.03 to 0.02:"),
      (NoiseSchedule(.scaledLinear(betaStart: 0.1, betaEnd: 1)), "betas run from 0.1 to 1.0:"),
      (NoiseSchedule(.linear(betaStart: .nan, betaEnd: 0.02)), "betas run from nan to 0.02:"),
      (NoiseSchedule(.linear(betaStart: 1e-300, betaEnd: 0.02)), "betas run from 1e-300 to 0.02:"),
      (NoiseSchedule(.cosine(offset: -1)), "the cosine's offset is -1.0:"),
      (NoiseSchedule(.cosine(maximumBeta: 1)), "maximumBeta is 1.0:"),
      (NoiseSchedule(.sigmoidLogSNR(maximum: -1, minimum: 1)), "log SNR runs from -1.0 to 1.0:"),
      (NoiseSchedule(.sigmoidLogSNR(maximum: 31, minimum: 1)), "log SNR runs from 31.0 to 1.0:"),
      (NoiseSchedule(.rectifiedFlow(shift: 0)), "shift is 0.0:"),
      (NoiseSchedule(.rectifiedFlow(shift: .infinity)), "shift is inf:"),
    ]
    for (schedule, reason) in bad { refuses(reason) { try schedule.validate() } }
    refuses("a rectified flow is continuous") { _ = try NoiseTable(NoiseSchedule(.rectifiedFlow())) }
    refuses("no signal is left from timestep") {
      _ = try NoiseTable(NoiseSchedule(.linear(betaStart: 0.5, betaEnd: 0.9)))
    }
  }
}

/// `tables.json`, made by `Tools/reference/diffusion.py`.
struct ReferenceTables: Decodable {
  struct Entry: Decodable, Sendable {
    var schedule: NoiseSchedule
    var timesteps: [Int]
    var betas: [Double]
    var alphasCumprod: [Double]
  }
  var tables: [Entry]

  static func load() throws -> ReferenceTables {
    let data = try Data(contentsOf: Fixtures.folder.appending(path: "tables.json"))
    return try JSONDecoder().decode(ReferenceTables.self, from: data)
  }
}

enum Fixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/diffusion")
}
