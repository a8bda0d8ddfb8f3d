import Foundation
import ImageFiles
import TestSupport
import Testing

/// `generate --like`: what an image says of itself is enough to draw it again.
@Suite(.serialized) struct LikeTests {
  private static let model = ["--model", "tiny", "--threads", "1"]

  private func generate(_ arguments: [String], in place: Workplace) throws -> Program.Result {
    let result = try place.run(["generate"] + arguments)
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  @Test(
    arguments: ["png", "jpg"],
    [
      ["A \"<quoted>\" prompt\nof two lines & Épanchement 胸水", "--seed", "18446744073709551615"],
      [
        "effusion", "--seed", "7", "--steps", "5", "--guidance", "1.7", "--guidance-rescale", "0.3",
        "--guidance-interval",
        "0.1-0.7", "--negative", "no lungs", "--sampler", "heun",
      ],
      [
        "effusion", "--seed", "3", "--sampler", "ddim", "--eta", "0.5", "--guidance-interval", "none", "--precision",
        "bf16",
      ],
      ["", "--guidance", "1", "--seed", "0"],
      ["effusion", "--guidance", "3", "--guidance-from", "opposites", "--seed", "1"],
    ])
  func theSameBytesAreDrawnAgain(format: String, arguments: [String]) throws {
    try withWorkplace { place in
      _ = try generate(arguments + Self.model + ["--output", "a.\(format)"], in: place)
      let again = try generate(["--like", "a.\(format)", "--output", "b.\(format)"], in: place)
      #expect(try place.data("a.\(format)") == place.data("b.\(format)"), "\(again.errors)")
      #expect(again.errors == "the same bytes as 'a.\(format)'\n" && again.output == "b.\(format)\n")
    }
  }

  @Test func everySettingIsInTheFileAndInTheJSON() throws {
    try withWorkplace { place in
      let result = try generate(
        [
          "effusion", "--seed", "7", "--guidance-rescale", "0.3", "--guidance-interval", "0.1-0.7", "--json",
          "--output", "a.png",
        ] + Self.model, in: place)
      let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      #expect(json["guidance_rescale"] as? Double == 0.3)
      #expect(json["guidance_interval"] as? [Double] == [0.1, 0.7])
      let encoder = try #require(json["text_encoder"] as? [String: Any])
      #expect(encoder["name"] as? String == "tiny" && (encoder["hash"] as? String)?.count == 64)
      let texts = try ImageText.read(from: [UInt8](place.data("a.png")))
      func value(_ key: String) -> String? { texts.first { $0.key == "thorax:" + key }?.value }
      #expect(value("guidance-rescale") == "0.3" && value("guidance-interval") == "0.1-0.7")
      #expect(value("text-encoder-hash") == encoder["hash"] as? String)
      #expect(value("initial-latents") == nil)

      let plain = try generate(["effusion", "--seed", "7", "--json", "--output", "b.png"] + Self.model, in: place)
      #expect(plain.output.contains("\"guidance_interval\" : null"))
      #expect(try place.data("a.png") != place.data("b.png"))
      let pixels = try ["a.png", "b.png"].map { try GrayscaleImage(decoding: [UInt8](place.data($0))).pixels }
      #expect(pixels[0] != pixels[1], "rescale and interval shape the image")
    }
  }

  @Test func whatIsGivenGoesFirstAndIsSaid() throws {
    try withWorkplace { place in
      _ = try generate(["effusion", "--seed", "7", "--output", "a.png"] + Self.model, in: place)
      let other = try generate(
        ["--like", "a.png", "--seed", "8", "--steps", "3", "--output", "b.png", "--json"], in: place)
      #expect(other.errors.contains("seed is 8 and not 7") && other.errors.contains("steps is 3 and not 4"))
      let json = try #require(try JSONSerialization.jsonObject(with: Data(other.output.utf8)) as? [String: Any])
      let like = try #require(json["like"] as? [String: Any])
      #expect(like["same_bytes"] as? Bool == false && like["same_pixels"] as? Bool == false)
      let differences = try #require(like["differences"] as? [[String: String]])
      #expect(differences.map { $0["key"] } == ["seed", "steps"])
      #expect(differences.first == ["key": "seed", "image": "7", "now": "8"])
      _ = try generate(["effusion", "--seed", "8", "--steps", "3", "--output", "c.png"] + Self.model, in: place)
      #expect(try place.data("b.png") == place.data("c.png"))
    }
  }

  @Test func qualityGoesBeforeWhatTheImageSays() throws {
    try withWorkplace { place in
      _ = try generate(["effusion", "--seed", "7", "--steps", "3", "--output", "a.png"] + Self.model, in: place)
      let best = try generate(["--like", "a.png", "--quality", "best", "--output", "b.png"], in: place)
      #expect(best.errors.contains("steps is 8 and not 3"))
      _ = try generate(
        ["effusion", "--seed", "7", "--quality", "best", "--output", "c.png"] + Self.model, in: place)
      #expect(try place.data("b.png") == place.data("c.png"))
      _ = try generate(
        ["effusion", "--seed", "7", "--quality", "best", "--steps", "4", "--output", "d.png"] + Self.model, in: place)
      _ = try generate(["effusion", "--seed", "7", "--output", "e.png"] + Self.model, in: place)
      #expect(try place.data("d.png") == place.data("e.png"), "a setting that is given goes before the quality's")
      let wrong = try place.run(["generate", "effusion", "--quality", "superb"] + Self.model)
      #expect(wrong.status == 64 && wrong.errors.contains("fast"))
    }
  }

  @Test func anotherModelIsSaidByItsHash() throws {
    try withWorkplace { place in
      _ = try generate(["effusion", "--seed", "7", "--output", "a.png"] + Self.model, in: place)
      let description = place.model.folder.appendingPathComponent("model.json")
      let text = try String(contentsOf: description, encoding: .utf8)
      try Data((text + "\n").utf8).write(to: description)
      let again = try generate(["--like", "a.png", "--output", "b.png"], in: place)
      // The watermark names the model, so that another one marks otherwise.
      #expect(again.errors.contains("model-hash is ") && !again.errors.contains("the same "), "\(again.errors)")
      try FileManager.default.removeItem(at: description)
      let gone = try place.run(["generate", "--like", "a.png", "--output", "c.png"])
      #expect(gone.status != 0 && gone.errorLines.count == 1 && gone.errors.contains("tiny"), "\(gone.errors)")
    }
  }

  @Test func latentsAreNeededAndHeldToTheirHash() throws {
    try withWorkplace { place in
      let common = ["--guidance", "1"] + Self.model
      for seed in ["1", "2"] {
        _ = try generate(
          ["effusion", "--seed", seed, "--output", "n\(seed).png", "--save-latents", "l\(seed).safetensors"] + common,
          in: place)
      }
      _ = try generate(
        ["effusion", "--seed", "1", "--output", "a.png", "--initial-latents", "l1.safetensors"] + common, in: place)
      let without = try place.run(["generate", "--like", "a.png", "--output", "b.png"])
      #expect(without.status == 66 && without.errors.contains("--initial-latents"), "\(without.errors)")
      let again = try generate(
        ["--like", "a.png", "--output", "b.png", "--initial-latents", "l1.safetensors"], in: place)
      #expect(try place.data("a.png") == place.data("b.png"), "\(again.errors)")
      let other = try generate(
        ["--like", "a.png", "--output", "c.png", "--initial-latents", "l2.safetensors"], in: place)
      #expect(other.errors.contains("initial-latents is "), "\(other.errors)")
    }
  }

  /// Files of earlier versions name neither rescale nor interval, nor the text encoder.
  @Test func anImageOfBeforeIsDrawnWithTheModelsOwn() throws {
    try withWorkplace { place in
      _ = try generate(["effusion", "--seed", "7", "--output", "a.png"] + Self.model, in: place)
      let bytes = [UInt8](try place.data("a.png"))
      let added = ["guidance-rescale", "guidance-interval", "text-encoder", "text-encoder-hash"]
      let texts = try ImageText.read(from: bytes).filter { !added.contains(String($0.key.dropFirst(7))) }
      try Data(GrayscaleImage(decoding: bytes).pngBytes(metadata: texts))
        .write(to: place.folder.appendingPathComponent("old.png"))
      let again = try generate(["--like", "old.png", "--output", "b.png"], in: place)
      #expect(again.errors.contains("does not say its guidance-rescale and guidance-interval: the model's own"))
      #expect(again.errors.contains("the same picture as 'old.png'"))
      #expect(try place.data("a.png") == place.data("b.png"))
    }
  }

  @Test(arguments: [
    ("thorax:steps", "99999999999999999999", "steps"), ("thorax:steps", "1001", "1 to 1000"),
    ("thorax:device", "toaster", "device"), ("thorax:precision", "fp2", "precision"),
    ("thorax:model", "../tiny", "model"), ("thorax:threads", "1000000", "threads"),
  ])
  func aFileThatSaysWhatCannotBeIsBadData(key: String, value: String, says: String) throws {
    try withWorkplace { place in
      _ = try generate(["effusion", "--seed", "7", "--output", "a.png"] + Self.model, in: place)
      let bytes = [UInt8](try place.data("a.png"))
      let texts = try ImageText.read(from: bytes).map { $0.key == key ? ImageText(key, value) : $0 }
      try Data(GrayscaleImage(decoding: bytes).pngBytes(metadata: texts))
        .write(to: place.folder.appendingPathComponent("bad.png"))
      let result = try place.run(["generate", "--like", "bad.png", "--output", "b.png"])
      #expect(result.status == 65 && result.errorLines.count == 1 && result.output.isEmpty, "\(result.errors)")
      #expect(result.errors.contains(says) && result.errors.contains("bad.png"), "\(result.errors)")
      #expect(try place.files() == ["a.png", "bad.png"])
    }
  }

  @Test func anImageWithoutTextsIsNotOurs() throws {
    try withWorkplace { place in
      let image = try GrayscaleImage(width: 8, height: 8, pixels: Array(repeating: 9, count: 64))
      for (name, bytes) in [("a.png", try image.pngBytes()), ("a.jpg", try image.jpegBytes())] {
        try Data(bytes).write(to: place.folder.appendingPathComponent(name))
        let result = try place.run(["generate", "--like", name, "--output", "b.png"])
        #expect(result.status == 65 && result.errors.contains("does not say how it was drawn"), "\(result.errors)")
      }
    }
  }
}
