import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct GenerateTests {
  @Test func aPromptBecomesAPNGThatSaysWhatItIs() throws {
    try withWorkplace { place in
      let result = try place.run([
        "generate", "Clear lungs.", "--model", "tiny", "--seed", "3", "--output", "new/cxr.png", "--quiet",
      ])
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == "new/cxr.png\n")
      #expect(result.errors.isEmpty)
      let png = String(decoding: try place.data("new/cxr.png"), as: Unicode.ASCII.self)
      for text in ["Software", "Thorax ", "not for diagnosis", "thorax:seed\0" + "3", "thorax:prompt\0Clear lungs."] {
        #expect(png.contains(text), "\(text)")
      }
      #expect(try place.files() == ["new", "new/cxr.png"])
    }
  }

  @Test func jsonIsOneObjectWithTheKeysOfTheContract() throws {
    try withWorkplace { place in
      let result = try place.run([
        "generate", "Clear lungs.", "No effusion.", "--count", "2", "--model", "tiny", "--seed", "8", "--json",
        "--output", "n.jpg", "--steps", "2", "--sampler", "heun", "--guidance", "1.5",
      ])
      #expect(result.status == 0, "\(result.errors)")
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      let images = try #require(json["images"] as? [[String: Any]])
      #expect(images.compactMap { $0["path"] as? String } == (0..<4).map { "n-00\($0).jpg" })
      #expect(images.compactMap { $0["seed"] as? Int } == [8, 9, 10, 11])
      #expect(images.allSatisfy { $0["width"] as? Int == 32 && $0["height"] as? Int == 32 })
      #expect(images.allSatisfy { ($0["sha256"] as? String)?.count == 64 })
      let model = try #require(json["model"] as? [String: Any])
      #expect(model["name"] as? String == "tiny" && (model["hash"] as? String)?.count == 64)
      #expect(json["steps"] as? Int == 2 && json["guidance"] as? Double == 1.5 && json["sampler"] as? String == "heun")
      #expect(json["device"] as? String == "cpu" && json["precision"] as? String == "fp32")
      let timings = try #require(json["timings"] as? [String: Double])
      #expect(timings.keys.sorted() == ["decode_ms", "denoise_ms", "library_ms", "load_ms", "text_ms", "total_ms"])
      #expect((json["peak_memory_bytes"] as? Int ?? 0) > 1 << 20)
    }
  }

  @Test func bytesFollowFromTheSeedAndNotFromTheCall() throws {
    try withWorkplace { place in
      let common = ["--model", "tiny", "--threads", "1", "--quiet"]
      _ = try place.run(
        ["generate", "Clear lungs.", "effusion", "--count", "2", "--seed", "5", "--output", "all.png"] + common)
      let singles = [("Clear lungs.", 5), ("Clear lungs.", 6), ("effusion", 7), ("effusion", 8)]
      for (index, (prompt, seed)) in singles.enumerated() {
        let result = try place.run(["generate", prompt, "--seed", "\(seed)", "--output", "one\(index).png"] + common)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try place.data("one\(index).png") == place.data("all-00\(index).png"))
      }
    }
  }

  @Test func aDrawnSeedIsReportedAndGivesTheImageAgain() throws {
    try withWorkplace { place in
      let first = try place.run(["generate", "effusion", "--model", "tiny", "--output", "a.png"])
      let seed = try #require(first.errors.firstMatch(of: #/seed (\d+)/#)?.1)
      _ = try place.run(["generate", "effusion", "--model", "tiny", "--output", "b.png", "--seed", String(seed)])
      #expect(try place.data("a.png") == place.data("b.png"))
    }
  }

  @Test func promptsFilesGiveSeedsAndNames() throws {
    try withWorkplace { place in
      try Data("\u{FEFF}prompt,seed,output\r\n\"Clear, lungs\",40,x/first.png\r\neffusion,,\r\n".utf8)
        .write(to: place.folder.appendingPathComponent("p.csv"))
      let result = try place.run([
        "generate", "--prompts", "p.csv", "--model", "tiny", "--seed", "1", "--output", "out/n.png",
      ])
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == "out/x/first.png\nout/n-001.png\n")
      _ = try place.run(["generate", "effusion", "--model", "tiny", "--seed", "2", "--output", "two.png"])
      #expect(try place.data("out/n-001.png") == place.data("two.png"))
    }
  }

  @Test func aMegabyteOfPromptIsCutWithANote() throws {
    try withWorkplace { place in
      try Data(String(repeating: "no effusion ", count: 90_000).utf8)
        .write(to: place.folder.appendingPathComponent("p.txt"))
      let result = try place.run([
        "generate", "--prompts", "p.txt", "--model", "tiny", "--seed", "1", "--output", "a.jpg",
      ])
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("prompt 1 was cut after 30 of 180000 tokens"))
    }
  }

  @Test func latentsAreSavedAndTakenUpAgain() throws {
    try withWorkplace { place in
      let common = ["--model", "tiny", "--seed", "1", "--guidance", "1"]
      let first = try place.run(
        ["generate", "effusion", "--count", "2", "--output", "a.png", "--save-latents", "l.safetensors"] + common)
      #expect(first.status == 0, "\(first.errors)")
      let second = try place.run(
        ["generate", "effusion", "--count", "2", "--output", "b.png", "--initial-latents", "l.safetensors"] + common)
      #expect(second.status == 0, "\(second.errors)")
      #expect(try place.data("a-000.png") != place.data("b-000.png"))
      let wrong = try place.run(
        ["generate", "effusion", "--output", "c.png", "--initial-latents", "l.safetensors"] + common)
      #expect(wrong.status == 65 && wrong.errors.contains("2 samples for 1"), "\(wrong.errors)")
    }
  }

  @Test func previewsAreWrittenBesideTheImage() throws {
    try withWorkplace { place in
      let result = try place.run([
        "generate", "effusion", "--model", "tiny", "--seed", "1", "--steps", "5", "--preview-every", "2", "--output",
        "a.png", "--quiet",
      ])
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == "a.png\n")
      #expect(try place.files() == ["a-step-002.png", "a-step-004.png", "a.png"])
    }
  }

  @Test func anExistingFileIsReplacedOnlyWithOverwrite() throws {
    try withWorkplace { place in
      let file = place.folder.appendingPathComponent("a.png")
      try Data([1, 2, 3]).write(to: file)
      let arguments = ["generate", "effusion", "--model", "tiny", "--seed", "1", "--output", "a.png"]
      #expect(try place.run(arguments).status == 73)
      #expect(try place.data("a.png") == Data([1, 2, 3]))
      #expect(try place.run(arguments + ["--overwrite"]).status == 0)
      #expect(try place.data("a.png").count > 100)
    }
  }

  @Test func theNullPromptNeedsGuidanceOne() throws {
    try withWorkplace { place in
      let arguments = ["generate", "", "--model", "tiny", "--seed", "1", "--output", "a.png"]
      let (guided, unguided) = (try place.run(arguments), try place.run(arguments + ["--guidance", "1"]))
      #expect(guided.status == 64)
      #expect(unguided.status == 0, "\(unguided.errors)")
    }
  }

  @Test func aLimitOnTheSizeOfFilesIsAnErrorOfWriting() throws {
    try withWorkplace { place in
      let arguments = ["generate", "effusion", "--model", "tiny", "--seed", "1", "--output", "a.png", "--quiet"]
      // One block of 512 or 1024 bytes: less than the image and its texts, more than the line of the error.
      let result = try place.run(arguments, shell: "ulimit -f 1; exec")
      #expect(result.status == 74, "\(result.errors)")
      #expect(result.errorLines.count == 1 && result.errors.contains("no space left"), "\(result.errors)")
      #expect(!result.errors.contains("nothing was changed"), "images before it were written")
      #expect(try place.files().isEmpty)
    }
  }

  @Test(.enabled(if: FullDisk.isPossible, "mounting a small disk takes root and the right to mount"))
  func aFullDiskLosesNothing() throws {
    try withWorkplace { place in
      let disk = try FullDisk(at: place.folder.appendingPathComponent("disk"), bytes: 16_384)
      defer { disk.unmount() }
      try Data([7]).write(to: place.folder.appendingPathComponent("disk/a-000.png"))
      let result = try place.run([
        "generate", "effusion", "--model", "tiny", "--seed", "1", "--count", "40", "--output", "disk/a.png",
        "--overwrite", "--quiet",
      ])
      #expect(result.status == 74, "\(result.errors)")
      #expect(result.errorLines.count == 1 && result.errors.contains("no space left"), "\(result.errors)")
      #expect(try place.images() == place.files().filter { $0 != "disk" }, "nothing half-written is left")
      try place.expectWholePNGs()
    }
  }

  @Test func ofTwoProcessesWritingOneNameOneWins() throws {
    try withWorkplace { place in
      let arguments = ["generate", "effusion", "--model", "tiny", "--steps", "400", "--output", "a.png", "--seed"]
      let results = Results()
      DispatchQueue.concurrentPerform(iterations: 2) { index in
        results.append(Result { try place.run(arguments + ["\(index)"]) })
      }
      let runs = try results.all.map { try $0.get() }
      #expect(runs.map(\.status).sorted() == [0, 73], "\(runs.map(\.errors))")
      #expect(try place.files() == ["a.png"])
    }
  }

  @Test func killingInTheMiddleOfWritingLeavesOnlyWholeImages() throws {
    try withWorkplace { place in
      for round in 1...4 {
        let result = try place.run(
          [
            "generate", "effusion", "--model", "tiny", "--steps", "1", "--count", "90000", "--seed", "1", "--output",
            "\(round)/a.png", "--quiet",
          ], signal: SIGKILL, when: { (try? place.images().contains("\(round)/a-000\(round)0.png")) ?? false })
        #expect(result.wasKilled)
      }
      try place.expectWholePNGs()
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func interruptingLeavesNoPartialFile(number: Int32) throws {
    try withWorkplace { place in
      let result = try place.run(
        ["generate", "effusion", "--model", "tiny", "--steps", "100", "--count", "9000", "--seed", "1", "--quiet"],
        signal: number, when: { (try? !place.images().isEmpty) ?? false })
      #expect(result.status == 130, "\(result.errors)")
      #expect(!result.wasKilled)
      #expect(result.errorLines.count == 1)
      // Images that were finished stay, every one of them whole, and nothing else does.
      #expect(try place.images() == place.files())
      try place.expectWholePNGs()
    }
  }

  @Test func underNohupTheClosingOfTheTerminalIsNotNoticed() throws {
    try withWorkplace { place in
      let result = try place.run(
        ["generate", "effusion", "--model", "tiny", "--steps", "20", "--count", "30", "--seed", "1", "--quiet"],
        shell: "trap '' HUP; exec", signal: SIGHUP, when: { (try? !place.images().isEmpty) ?? false })
      #expect(result.status == 0, "\(result.errors)")
      #expect(try place.images().count == 30)
    }
  }

  @Test func infoTellsOfModelPresetAndMachine() throws {
    try withWorkplace { place in
      func json(_ arguments: [String]) throws -> [String: Any] {
        let result = try place.run(["info"] + arguments + ["--json"])
        #expect(result.status == 0, "\(result.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      }
      let tiny = try json(["tiny"])
      #expect(tiny["name"] as? String == "tiny" && tiny["licence"] as? String == "CC0-1.0")
      #expect((tiny["hash"] as? String)?.count == 64 && (tiny["bytes"] as? Int ?? 0) > 1000)
      #expect((tiny["latent"] as? [String: Int]) == ["channels": 4, "height": 8, "width": 8])
      #expect((tiny["image"] as? [String: Int]) == ["channels": 1, "height": 32, "width": 32])
      let released = try json(["released"])
      let parameters = try #require(released["parameters"] as? [String: Int])
      #expect(parameters["vae"] == 3_246_353 && parameters["unet"] == 39_658_856)
      #expect(parameters["text_trainable"] == 593_664 && parameters["text_encoder"] == 108_310_272)
      #expect(released["hash"] is NSNull)
      let all = try json([])
      let names = (all["models"] as? [[String: Any]])?.compactMap { $0["name"] as? String } ?? []
      // The model that ships stands beside it in a checkout.
      #expect(names.filter { $0 != "thorax-small" } == ["tiny"])
      #expect((all["machine"] as? [String: Any])?["cores"] is Int)
      #expect(try place.run(["info", "nothing"]).status == 66)
    }
  }
}

private final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var results: [Result<Program.Result, any Error>] = []

  var all: [Result<Program.Result, any Error>] { lock.withLock { results } }
  func append(_ result: Result<Program.Result, any Error>) { lock.withLock { results.append(result) } }
}
