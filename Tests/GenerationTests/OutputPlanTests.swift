import Foundation
import Support
import Testing

@testable import Generation

@Suite struct OutputPlanTests {
  private let two = [PromptEntry(prompt: "a"), PromptEntry(prompt: "b")]

  @Test func oneImageTakesTheNameAsGiven() throws {
    let plan = try OutputPlan(entries: [two[0]], count: 1, seed: 5, output: "x/cxr.PNG")
    #expect(plan.images.map(\.path) == ["x/cxr.PNG"])
    #expect(plan.images.map(\.seed) == [5])
  }

  @Test func severalImagesAreNumberedPromptByPromptAndSeedsRunOn() throws {
    let plan = try OutputPlan(entries: two, count: 2, seed: 10, output: "out/name.jpg")
    #expect(plan.images.map(\.path) == (0..<4).map { "out/name-00\($0).jpg" })
    #expect(plan.images.map(\.prompt) == ["a", "a", "b", "b"])
    #expect(plan.images.map(\.seed) == [10, 11, 12, 13])
    #expect(plan.images.allSatisfy { $0.format == .jpeg })
  }

  @Test func namesStaySortedAboveAThousand() throws {
    let plan = try OutputPlan(entries: [two[0]], count: 1001, seed: 0, output: "n.png")
    #expect(plan.images.first?.path == "n-0000.png")
    #expect(plan.images.last?.path == "n-1000.png")
  }

  @Test func aFolderTakesTheDefaultName() throws {
    let plan = try OutputPlan(entries: [two[0]], count: 1, seed: 0, output: "new/folder/")
    #expect(plan.images.map(\.path) == ["new/folder/cxr.png"])
  }

  @Test func rowsOfAFileMayNameSeedAndOutput() throws {
    let rows = [
      PromptEntry(prompt: "a", seed: 100, output: "p.png"), PromptEntry(prompt: "b"),
      PromptEntry(prompt: "c", seed: 7),
    ]
    let one = try OutputPlan(entries: rows, count: 1, seed: 40, output: "f/n.png")
    #expect(one.images.map(\.path) == ["f/p.png", "f/n-001.png", "f/n-002.png"])
    #expect(one.images.map(\.seed) == [100, 41, 7])
    let two = try OutputPlan(entries: rows, count: 2, seed: 40, output: "f/n.png")
    #expect(two.images.map(\.path).prefix(3) == ["f/p-000.png", "f/p-001.png", "f/n-002.png"])
    #expect(two.images.map(\.seed) == [100, 101, 42, 43, 7, 8])
  }

  @Test func anImageChosenAmongSeveralTakesTheirSeeds() throws {
    let rows = [PromptEntry(prompt: "a"), PromptEntry(prompt: "b", seed: 7)]
    let plan = try OutputPlan(entries: rows, count: 2, candidates: 3, seed: 40, output: "n.png")
    #expect(plan.images.map(\.seed) == [40, 43, 7, 10])
    #expect(plan.images.map(\.path) == (0..<4).map { "n-00\($0).png" })
    for (candidates, seed) in [(3, UInt64.max - 4), (3, .max), (1000, .max - 1998)] {
      #expect(
        throws: RequestError.outOfRange(
          what: "seed", value: "\(seed)", allowed: "one that leaves room for \(2 * candidates) images")
      ) { try OutputPlan(entries: [two[0]], count: 2, candidates: candidates, seed: seed, output: nil) }
    }
    #expect(
      try OutputPlan(entries: [two[0]], count: 2, candidates: 3, seed: .max - 5, output: nil).images.last?.seed
        == .max - 2)
    #expect(throws: RequestError.outOfRange(what: "best-of", value: "0", allowed: "1 to 1000")) {
      try OutputPlan(entries: two, count: 1, candidates: 0, seed: 0, output: nil)
    }
    #expect(
      throws: RequestError.outOfRange(
        what: "the number of images to draw (2 prompts x 1000, each the best of 51)", value: "more than 100000",
        allowed: "fewer prompts, a smaller count or a smaller best-of")
    ) { try OutputPlan(entries: two, count: 1000, candidates: 51, seed: 0, output: nil) }
  }

  @Test func absurdCountsAreRefusedBeforeAnythingIsAllocated() {
    for count in [0, -1, .max, OutputPlan.imageLimit + 1] {
      #expect(throws: RequestError.outOfRange(what: "count", value: "\(count)", allowed: "1 to 100000")) {
        try OutputPlan(entries: two, count: count, seed: 0, output: nil)
      }
    }
    #expect(
      throws: RequestError.outOfRange(
        what: "the number of images (2 prompts x 100000)", value: "more than 100000",
        allowed: "fewer prompts or a smaller count")
    ) { try OutputPlan(entries: two, count: OutputPlan.imageLimit, seed: 0, output: nil) }
  }

  @Test func seedsMustNotRunOver() throws {
    #expect(
      throws: RequestError.outOfRange(
        what: "seed", value: "18446744073709551615", allowed: "one that leaves room for 2 images")
    ) { try OutputPlan(entries: two, count: 1, seed: .max, output: nil) }
    #expect(try OutputPlan(entries: [two[0]], count: 1, seed: .max, output: nil).images.count == 1)
  }

  @Test(arguments: ["x", "x.gif", "x.png.bak", "x.", ".png"])
  func namesWithoutAKnownFormatAreRefused(name: String) {
    #expect(throws: RequestError.imageExtension(path: name)) {
      try OutputPlan(entries: two, count: 1, seed: 0, output: name)
    }
  }

  @Test func twoRowsMustNotShareAFile() {
    let rows = [PromptEntry(prompt: "a", output: "x.png"), PromptEntry(prompt: "b", output: "./x.png")]
    #expect(throws: OutputError.duplicate(path: "./x.png")) {
      try OutputPlan(entries: rows, count: 1, seed: 0, output: nil)
    }
  }

  @Test func preparingMakesFoldersAndProtectsFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("a/b/c.png").path
    let plan = try OutputPlan(entries: [two[0]], count: 1, seed: 0, output: path)
    try plan.checkCollisions(overwrite: false)
    try plan.makeFolders()
    #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("a/b").path))
    try Data([1]).write(to: URL(fileURLWithPath: path))
    #expect(throws: OutputError.exists(path: path)) { try plan.checkCollisions(overwrite: false) }
    try plan.checkCollisions(overwrite: true)

    let below = try OutputPlan(entries: [two[0]], count: 1, seed: 0, output: path + "/d.png")
    #expect(throws: OutputError.folder(path: path, reason: "Not a directory")) { try below.makeFolders() }
  }

  @Test func aDanglingLinkIsAFileThatExists() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("c.png").path
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/nowhere/else")
    let plan = try OutputPlan(entries: [two[0]], count: 1, seed: 0, output: path)
    #expect(throws: OutputError.exists(path: path)) { try plan.checkCollisions(overwrite: false) }
  }
}
