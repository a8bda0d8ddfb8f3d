import Foundation
import ImageFiles
import RadiographTestSupport
import Testing

@testable import RadiographImport

@Suite struct PhantomPromptTests {
  @Test func noPromptIsAReport() throws {
    let prompts = try PhantomPrompt.list(count: 500, seed: 3)
    let reports = Set((0..<2_000).map { Phantom(seed: 3, index: $0).report.text })
    #expect(reports.isDisjoint(with: prompts.map(\.prompt)))
    #expect(prompts.allSatisfy { PhantomReport.isKeptForPrompts($0.prompt) })
    #expect(!reports.contains(where: PhantomReport.isKeptForPrompts))
    #expect(try PhantomPrompt.list(count: 7, seed: 3) == Array(prompts.prefix(7)))
    #expect(try PhantomPrompt.list(count: 7, seed: 4) != Array(prompts.prefix(7)))
    #expect(throws: PhantomError.count(0)) { try PhantomPrompt.list(count: 0, seed: 0) }
  }

  @Test func kindsTakeTurnsAndAreBalanced() throws {
    let prompts = try PhantomPrompt.list(count: 600, seed: 9)
    for (index, prompt) in prompts.enumerated() { #expect(prompt.kind == PhantomPrompt.Kind.allCases[index % 5]) }
    func of(_ kind: PhantomPrompt.Kind) -> [PhantomPrompt] { prompts.filter { $0.kind == kind } }
    #expect((of(.side) + of(.zone)).allSatisfy { $0.truth.opacity != nil })
    #expect(of(.presence).count { $0.truth.opacity != nil } == 60)
    for size in PhantomDescription.HeartSize.allCases {
      #expect(of(.heartSize).count { $0.truth.heartSize == size } == 40)
    }
    for prompt in of(.negation) {
      #expect(prompt.truth.opacity == nil || prompt.truth.effusion == nil)
      #expect(prompt.prompt.contains(#/(?i)\b(no|not|neither|without|clear|sharp)\b/#), "\(prompt.prompt)")
    }
  }

  @Test func aPictureIsJudgedByWhatItsPromptTries() {
    let opacity = PhantomReading.Opacity(side: .left, zone: .upper, diameter: 0.15)
    func reading(
      _ opacity: PhantomReading.Opacity?, effusion: PhantomReading.Effusion? = nil, heart: Double? = 0.45
    ) -> PhantomReading { PhantomReading(opacity: opacity, effusion: effusion, heartRatio: heart, device: nil) }
    func prompt(_ kind: PhantomPrompt.Kind, _ truth: PhantomReading) -> PhantomPrompt {
      var prompt = PhantomPrompt(seed: 0, index: 0)
      (prompt.kind, prompt.truth) = (kind, truth)
      return prompt
    }
    let otherSide = PhantomReading.Opacity(side: .right, zone: .upper, diameter: 0.15)
    let otherZone = PhantomReading.Opacity(side: .left, zone: .lower, diameter: 0.15)
    let fluid = PhantomReading.Effusion(side: .left, level: 0.2)
    #expect(prompt(.side, reading(opacity)).isObeyed(by: reading(otherZone)))
    #expect(!prompt(.side, reading(opacity)).isObeyed(by: reading(otherSide)))
    #expect(!prompt(.side, reading(opacity)).isObeyed(by: reading(nil)))
    #expect(prompt(.zone, reading(opacity)).isObeyed(by: reading(otherSide)))
    #expect(!prompt(.zone, reading(opacity)).isObeyed(by: reading(otherZone)))
    #expect(prompt(.presence, reading(nil)).isObeyed(by: reading(nil, effusion: fluid)))
    #expect(!prompt(.presence, reading(nil)).isObeyed(by: reading(opacity)))
    #expect(prompt(.heartSize, reading(nil)).isObeyed(by: reading(opacity, heart: 0.5)))
    #expect(!prompt(.heartSize, reading(nil)).isObeyed(by: reading(nil, heart: 0.55)))
    #expect(!prompt(.heartSize, reading(nil)).isObeyed(by: reading(nil, heart: nil)))
    #expect(prompt(.negation, reading(opacity)).isObeyed(by: reading(otherZone)))
    #expect(!prompt(.negation, reading(opacity)).isObeyed(by: reading(opacity, effusion: fluid)))
    #expect(!prompt(.negation, reading(nil)).isObeyed(by: reading(opacity)))
    for kind in PhantomPrompt.Kind.allCases { #expect(!prompt(kind, reading(nil)).isObeyed(by: .none)) }
  }

  @Test func aFileOfPromptsComesBack() throws {
    try DataFixtures.withFolder { folder in
      let path = folder.appendingPathComponent("prompts.jsonl").path
      let prompts = try PhantomPrompt.list(count: 25, seed: 2)
      try PhantomPromptsFile.write(prompts, to: path)
      let back = try PhantomPromptsFile.read(path)
      #expect(back.map(\.prompt) == prompts.map(\.prompt) && back.map(\.kind) == prompts.map(\.kind))
      for (one, other) in zip(back, prompts) {
        #expect(one.truth.opacity?.zone == other.truth.opacity?.zone && one.truth.device == other.truth.device)
        #expect(abs((one.truth.heartRatio ?? 0) - (other.truth.heartRatio ?? 1)) < 1e-4)
      }
      try Data("{\"prompt\": \"a\"}\n".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: PhantomError.malformedPrompts(path: path, line: 1)) { try PhantomPromptsFile.read(path) }
      try Data("\n \n".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: PhantomError.noPrompts(path: path)) { try PhantomPromptsFile.read(path) }
      #expect(throws: PhantomError.missing(path: path + "x")) { try PhantomPromptsFile.read(path + "x") }
    }
  }

  @Test func aCheckCountsByKind() throws {
    let prompts = try PhantomPrompt.list(count: 10, seed: 1)
    var images = prompts.enumerated().map { (path: "\($0.offset).png", reading: $0.element.truth) }
    #expect(try PhantomCheck(prompts, images: images).all == PhantomCheck.Share(asked: 10, obeyed: 10))
    images[0].reading = .none
    images[5].reading.opacity?.side = try #require(prompts[5].truth.opacity).side.other
    let check = try PhantomCheck(prompts, images: images)
    #expect(check.kinds["side"] == PhantomCheck.Share(asked: 2, obeyed: 0))
    #expect(check.kinds["zone"]?.share == 1 && check.all.obeyed == 8 && check.unlike == 1)
    #expect(check.disagreements.map(\.path) == ["0.png", "5.png"])
    #expect(throws: PhantomError.countMismatch(images: 9, prompts: 10)) {
      try PhantomCheck(prompts, images: images.dropLast())
    }
  }
}
