import Foundation
import ImageFiles
import Testing

/// `thorax data phantom`, from drawing to checking.
@Suite(.serialized) struct PhantomCommandTests {
  private static let prompt = """
    {"kind":"side","prompt":"a","truth":{"opacity":{"present":false},"effusion":{},"heart_ratio":0.5,"device":{}}}

    """

  static let badInput: [BadInput] = [
    BadInput("nothing to do", ["data", "phantom"], status: 64, says: "nothing to do"),
    BadInput("two things", ["data", "phantom", "--read", "a.png", "--output", "d"], status: 64, says: "one thing"),
    BadInput("no count", ["data", "phantom", "--output", "d"], status: 64, says: "--count is missing"),
    BadInput("count 0", ["data", "phantom", "--count", "0", "--output", "d"], status: 64, says: "count 0"),
    BadInput("count negative", ["data", "phantom", "--count", "-4", "--output", "d"], status: 64, says: "count -4"),
    BadInput(
      "count huge", ["data", "phantom", "--count", "1000000000000", "--output", "d"], status: 64, says: "100000"),
    BadInput(
      "count of prompts", ["data", "phantom", "--count", "0", "--prompts", "p.jsonl"], status: 64, says: "count 0"),
    BadInput("count a word", ["data", "phantom", "--count", "ten", "--output", "d"], status: 64, says: "not a number"),
    BadInput("seed negative", ["data", "phantom", "--seed", "-1", "--output", "d"], status: 64, says: "negative"),
    BadInput(
      "size not of 8", ["data", "phantom", "--count", "2", "--size", "60", "--output", "d"], status: 64,
      says: "multiple of 8"),
    BadInput(
      "size too large", ["data", "phantom", "--count", "2", "--size", "1024", "--export", "d"], status: 64,
      says: "image size 1024"),
    BadInput(
      "split of two", ["data", "phantom", "--count", "2", "--output", "d", "--split", "70/30"], status: 64,
      says: "70/30"),
    BadInput(
      "output is someone's folder", ["data", "phantom", "--count", "2", "--output", "d"],
      files: ["d/diary.txt": Data("mine".utf8)], status: 73, says: "not a dataset's"),
    BadInput(
      "export exists", ["data", "phantom", "--count", "2", "--export", "d", "--output", "x"],
      files: ["d/truth.jsonl": Data("mine".utf8)], status: 73, says: "--overwrite"),
    BadInput(
      "one picture of an export exists", ["data", "phantom", "--count", "2", "--export", "d"],
      files: ["d/phantom-0-000001.png": Data("mine".utf8)], status: 73, says: "phantom-0-000001.png"),
    BadInput(
      "export is a file", ["data", "phantom", "--count", "2", "--export", "d"], files: ["d": Data("mine".utf8)],
      status: 73, says: "a file has this name"),
    BadInput(
      "prompts exist", ["data", "phantom", "--count", "2", "--prompts", "p.jsonl"],
      files: ["p.jsonl": Data("mine".utf8)], status: 73, says: "p.jsonl"),
    BadInput("read nothing", ["data", "phantom", "--read"], status: 64, says: "no image"),
    BadInput("read what is not there", ["data", "phantom", "--read", "a.png"], status: 66, says: "a.png"),
    BadInput(
      "read what is no image", ["data", "phantom", "--read", "a.png", "--json"], files: ["a.png": Data("x".utf8)],
      status: 65, says: "a.png"),
    BadInput(
      "read an empty folder", ["data", "phantom", "--read", "d"], files: ["d/a.txt": Data("x".utf8)], status: 66,
      says: "no PNG or JPEG"),
    BadInput(
      "read and overwrite", ["data", "phantom", "--read", "a.png", "--overwrite"], status: 64, says: "--overwrite"),
    BadInput(
      "images without a purpose", ["data", "phantom", "--count", "1", "--output", "d", "a.png"], status: 64,
      says: "images are given"),
    BadInput(
      "check against what is not there", ["data", "phantom", "--check", "p.jsonl", "a.png"],
      files: ["a.png": Data("x".utf8)], status: 66, says: "p.jsonl"),
    BadInput(
      "check against what are no prompts", ["data", "phantom", "--check", "p.jsonl", "a.png"],
      files: ["a.png": Data("x".utf8), "p.jsonl": Data("[1]\n".utf8)], status: 65, says: "line 1"),
    BadInput(
      "more images than prompts", ["data", "phantom", "--check", "p.jsonl", "a.png", "b.png"],
      files: ["a.png": Data("x".utf8), "b.png": Data("x".utf8), "p.jsonl": Data(prompt.utf8)], status: 65,
      says: "2 images for 1 prompt:"),
  ]

  @Test(arguments: badInput)
  func badInputIsAnsweredWithOneLine(input: BadInput) throws {
    try withTemporaryFolder { folder in
      for (name, content) in input.files {
        let url = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try content.write(to: url)
      }
      let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
      let result = try Program.run(input.arguments, in: folder)
      #expect(!result.wasKilled && result.status == input.status, "\(result.errors)")
      #expect(result.output.isEmpty)
      #expect(result.errorLines.count == 1 && result.errors.hasPrefix("error: "), "\(result.errors)")
      #expect(result.errors.contains(input.says), "\(result.errors)")
      #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == before)
      for (name, content) in input.files {
        #expect(try Data(contentsOf: folder.appendingPathComponent(name)) == content)
      }
    }
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// A value as JSON text, in which null is `null`.
  private func text(_ value: Any?) throws -> String {
    let data = try JSONSerialization.data(withJSONObject: [value ?? NSNull()], options: .sortedKeys)
    return String(decoding: data, as: UTF8.self)
  }

  @Test func whatIsReadIsTheTruthOfTheExport() throws {
    try withTemporaryFolder { folder in
      let arguments = ["data", "phantom", "--count", "40", "--seed", "77", "--output", "set", "--export", "out"]
      let drawn = try Program.run(arguments + ["--json", "--quiet"], in: folder)
      #expect(drawn.status == 0 && drawn.errors.isEmpty, "\(drawn.errors)")
      #expect(try object(drawn.output)["imported"] as? Int == 40)
      let summary = try object(try Program.run(["data", "inspect", "set", "--json"], in: folder).output)
      #expect(summary["images"] as? Int == 40 && summary["eligible"] as? Int == 40)

      let lines = try String(contentsOf: folder.appendingPathComponent("out/truth.jsonl"), encoding: .utf8)
        .split(separator: "\n").map { try object(String($0)) }
      #expect(lines.count == 40)
      let read = try Program.run(["data", "phantom", "--read", "out", "--json"], in: folder)
      let images = try #require(try object(read.output)["images"] as? [[String: Any]])
      for (image, truth) in zip(images, lines) {
        let name = try #require(truth["path"] as? String)
        #expect(image["path"] as? String == "out/\(name)")
        let report = try String(
          contentsOf: folder.appendingPathComponent("out/\(name.dropLast(3))txt"), encoding: .utf8)
        #expect(report.hasPrefix("FINDINGS: ") && report.contains("\n\nIMPRESSION: "))
        for (part, key) in [("opacity", "present"), ("opacity", "side"), ("opacity", "zone"), ("effusion", "side")] {
          let (found, drawn) = (image[part] as? [String: Any], truth[part] as? [String: Any])
          #expect(try text(found?[key]) == text(drawn?[key]), "\(name): \(part) \(key)")
        }
        let (found, drawn) = (image["heart_ratio"] as? Double, truth["heart_ratio"] as? Double)
        #expect(abs((found ?? 0) - (drawn ?? 1)) < 0.03)
      }

      let table = try Program.run(["data", "phantom", "--read", "out/phantom-77-000000.png"], in: folder)
      #expect(table.status == 0 && table.output.contains("heart ratio") && table.output.contains("000000.png"))
      let again = try Program.run(arguments, in: folder)
      #expect(again.status == 73)
      let replaced = try Program.run(arguments + ["--overwrite"], in: folder)
      #expect(replaced.status == 0 && replaced.output.hasPrefix("set: 0 images imported, 40 there before\n"))
    }
  }

  @Test func promptsAreCheckedAgainstPictures() throws {
    try withTemporaryFolder { folder in
      let written = try Program.run(
        ["data", "phantom", "--prompts", "try.jsonl", "--count", "10", "--seed", "4"], in: folder)
      #expect(written.status == 0 && written.output == "try.jsonl\n", "\(written.errors)")
      // Pictures of other phantoms obey by chance alone; a picture of nothing obeys never.
      let drawn = try Program.run(
        ["data", "phantom", "--export", "pictures", "--count", "10", "--seed", "5"], in: folder)
      #expect(drawn.status == 0)
      let black = try GrayscaleImage(width: 64, height: 64, pixels: Array(repeating: 0, count: 4096)).pngBytes()
      try Data(black).write(to: folder.appendingPathComponent("pictures/phantom-5-000000.png"))
      let check = try Program.run(["data", "phantom", "--check", "try.jsonl", "pictures", "--json"], in: folder)
      let found = try object(check.output)
      let all = try #require(found["all"] as? [String: Any])
      let missed = try #require(found["disagreements"] as? [[String: Any]])
      #expect(all["asked"] as? Int == 10 && all["obeyed"] as? Int == 10 - missed.count)
      #expect(found["not_phantoms"] as? Int == 1 && missed.first?["path"] as? String == "pictures/phantom-5-000000.png")
      #expect(
        Set((found["kinds"] as? [String: Any] ?? [:]).keys) == ["side", "zone", "presence", "heart_size", "negation"])
      let table = try Program.run(["data", "phantom", "--check", "try.jsonl", "pictures"], in: folder)
      #expect(table.output.contains("heart size") && table.output.contains("no phantom"))

      try FileManager.default.removeItem(at: folder.appendingPathComponent("pictures/phantom-5-000003.png"))
      let short = try Program.run(["data", "phantom", "--check", "try.jsonl", "pictures"], in: folder)
      #expect(short.status == 65 && short.errors.contains("9 images for 10 prompts"))
    }
  }
}
