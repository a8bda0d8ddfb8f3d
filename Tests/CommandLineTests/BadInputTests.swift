import Foundation
import TestBasics
import TestSupport
import Testing

/// One bad input: what is typed, what lies in the folder, and how the program must answer.
struct BadInput: CustomTestStringConvertible, Sendable {
  var name: String
  var arguments: [String]
  var files: [String: Data] = [:]
  /// What is done to the working folder or the model before the call.
  var harm: @Sendable (Workplace) throws -> Void = { _ in }
  var status: Int32
  /// Words that the one line must hold.
  var says: String

  var testDescription: String { name }

  init(
    _ name: String, _ arguments: [String], files: [String: Data] = [:], status: Int32, says: String,
    harm: @escaping @Sendable (Workplace) throws -> Void = { _ in }
  ) {
    self.name = name
    self.arguments = arguments
    self.files = files
    self.harm = harm
    self.status = status
    self.says = says
  }
}

/// Every bad input ends with one clear line, the right exit code, an empty standard output and nothing lost.
@Suite(.serialized) struct BadInputTests {
  /// What newcomers type, and what they give.
  @Test(arguments: BadInput.slips)
  func aSlipIsAnsweredWithWhatWasMeant(input: BadInput) throws { try check(input) }

  @Test func nothingOfAFileIsQuotedThatIsNoModel() throws {
    try withWorkplace { place in
      try Data("secret:x:0:0\n".utf8).write(to: place.folder.appendingPathComponent("shadow"))
      for arguments in [["generate", "a", "--model", "./shadow"], ["info", "./shadow"]] {
        let result = try place.run(arguments)
        #expect(result.status == 65 && result.errorLines.count == 1, "\(result.errors)")
        #expect(result.errors.contains("shadow") && !result.errors.contains("secret"), "\(result.errors)")
      }
    }
  }

  @Test func eitherNameOfAPrecisionIsTaken() throws {
    try withWorkplace { place in
      for (name, file) in [("fp32", "a.png"), ("float32", "b.png")] {
        let result = try place.run([
          "generate", "effusion", "--model", "tiny", "--seed", "1", "--precision", name, "--output", file,
        ])
        #expect(result.status == 0, "\(result.errors)")
      }
      #expect(try place.data("a.png") == place.data("b.png"))
    }
  }

  /// A few of each kind.
  @Test(arguments: BadInput.kinds.flatMap { $0.prefix(3) })
  func isAnsweredWithOneLine(input: BadInput) throws { try check(input) }

  @Test(.slow, .tags(.slow), arguments: BadInput.kinds.flatMap { $0.dropFirst(3) })
  func everyOtherIsAnsweredWithOneLine(input: BadInput) throws { try check(input) }

  private func check(_ input: BadInput) throws {
    try withWorkplace { place in
      for (name, content) in input.files {
        let url = place.folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try content.write(to: url)
      }
      try input.harm(place)
      let before = try contents(of: place.folder)
      let usesModel = input.arguments.first == "generate" && !input.arguments.contains("--model")
      let result = try place.run(input.arguments + (usesModel ? ["--model", "tiny"] : []))
      #expect(!result.wasKilled, "\(result.errors)")
      #expect(result.status == input.status, "\(result.errors)")
      #expect(result.output.isEmpty)
      #expect(result.errorLines.count == 1, "\(result.errors)")
      #expect(result.errors.hasPrefix("error: "))
      #expect(result.errors.contains(input.says), "\(result.errors)")
      #expect(result.errors.utf8.count < 1_000)
      #expect(try contents(of: place.folder) == before, "a refused call changes nothing")
    }
  }

  /// Every file below `folder` with its bytes.
  private func contents(of folder: URL) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      files[name] = FileManager.default.contents(atPath: folder.appendingPathComponent(name).path)
    }
    return files
  }
}

extension BadInput {
  static let kinds = [commandLine, promptsFiles, outputs, models, modelsOfInfo, latents, choices]

  static let slips: [BadInput] = [
    BadInput(
      "a verb misspelt", ["genrate", "x"], status: 64,
      says: "no command 'thorax genrate': did you mean 'thorax generate'?"),
    BadInput(
      "a verb of data misspelt", ["data", "improt", "x"], status: 64, says: "did you mean 'thorax data import'?"),
    BadInput("a verb like none", ["paint", "x"], status: 64, says: "choose one of generate, info"),
    BadInput(
      "an option twice", ["generate", "a", "--seed", "1", "--seed=2"], status: 64, says: "--seed is given twice"),
    BadInput(
      "a prompt twice in options", ["info", "--threads", "1", "--threads", "1"], status: 64, says: "--threads is given"),
    BadInput(
      "latents over the image, said so", ["generate", "a", "--output", "x.png", "--save-latents", "./x.png"],
      status: 64, says: "would be both the latents and an image: give --save-latents a name of its own"),
    BadInput(
      "latents over a preview",
      [
        "generate", "a", "--output", "x.png", "--steps", "4", "--preview-every", "2", "--save-latents",
        "x-step-002.png",
      ], status: 64, says: "would be both the latents and an image"),
    BadInput(
      "memory below zero", ["train", "plan", "--data", "d", "--memory", "-3GB"], status: 64, says: "memory is -3GB"),
    BadInput(
      "an image in place of its folder", ["data", "import", "folder", "a.png", "--output", "d"],
      files: ["a.png": Data([1])], status: 66, says: "a.png is a file: name the folder that holds it"),
    BadInput(
      "the prompts of phantoms endless", ["data", "phantom", "--check", "/dev/zero", "a.png"], status: 65,
      says: "/dev/zero, it has more than"),
    BadInput(
      "a table endless", ["data", "import", "table", "/dev/zero", "--mapping", "chexpert", "--output", "d"], status: 74,
      says: "/dev/zero"),
    BadInput(
      "a grid that is a folder", ["ablate", "--data", "d", "--grid", ".", "--output", "o"], status: 74,
      says: "is a folder"),
  ]

  static let commandLine: [BadInput] = [
    BadInput("unknown verb", ["generat"], status: 64, says: "generat"),
    BadInput("unknown option", ["generate", "a", "--stepz", "3"], status: 64, says: "--stepz"),
    BadInput("value missing", ["generate", "a", "--steps"], status: 64, says: "--steps"),
    BadInput("no prompt", ["generate"], status: 64, says: "no prompt"),
    BadInput("no prompt under --json", ["generate", "--json"], status: 64, says: "no prompt"),
    BadInput("empty prompt", ["generate", ""], status: 64, says: "prompt 1 is empty"),
    BadInput("blank prompt among others", ["generate", "a", " \t"], status: 64, says: "prompt 2 is empty"),
    BadInput("empty prompt with guidance", ["generate", "", "--guidance", "2"], status: 64, says: "empty"),
    BadInput("empty negative prompt", ["generate", "a", "--negative", " "], status: 64, says: "negative"),
    BadInput(
      "a control character in a prompt", ["generate", "a", "b\u{1B}[1m"], status: 64,
      says: "prompt 2 holds the control character ESC (U+001B) as its character 2"),
    BadInput(
      "a control character in a negative prompt", ["generate", "a", "--negative", "\u{7F}"], status: 64,
      says: "the negative prompt holds the control character DEL (U+007F)"),
    BadInput(
      "a name longer than a file's", ["generate", "a", "--output", String(repeating: "a", count: 300) + ".png"],
      status: 73, says: "too long for a file"),
    BadInput("steps 0", ["generate", "a", "--steps", "0"], status: 64, says: "steps is 0"),
    BadInput("steps negative", ["generate", "a", "--steps=-3"], status: 64, says: "steps is -3"),
    BadInput("steps above T", ["generate", "a", "--steps", "1001"], status: 64, says: "1 to 1000"),
    BadInput("no GPU", ["generate", "a", "--device", "cuda:97"], status: 69, says: "cuda:97"),
    BadInput("unknown model", ["generate", "a", "--model", "no-such"], status: 66, says: "no-such"),
    BadInput("model folder missing", ["generate", "a", "--model", "./no/such"], status: 66, says: "./no/such"),
    BadInput("info of an unknown model", ["info", "no-such"], status: 66, says: "released"),
    BadInput("steps a word", ["generate", "a", "--steps", "many"], status: 64, says: "'many' is invalid"),
    BadInput("steps a fraction", ["generate", "a", "--steps", "2.5"], status: 64, says: "is not a whole number"),
    BadInput("steps not a number", ["generate", "a", "--steps", "nan"], status: 64, says: "is not a number"),
    BadInput("steps empty", ["generate", "a", "--steps", ""], status: 64, says: "is not a number"),
    BadInput(
      "steps beyond integers", ["generate", "a", "--steps", "99999999999999999999"], status: 64,
      says: "the largest is 9223372036854775807"),
    BadInput(
      "steps below integers", ["generate", "a", "--steps", "-99999999999999999999"], status: 64,
      says: "the least is -9223372036854775808"),
    BadInput("steps negative, apart", ["generate", "a", "--steps", "-3"], status: 64, says: "steps is -3"),
    BadInput("an option in place of a number", ["generate", "a", "--seed", "--steps"], status: 64, says: "'--steps'"),
    BadInput("guidance a word", ["generate", "a", "--guidance", "1,5"], status: 64, says: "is not a number"),
    BadInput("guidance negative, apart", ["generate", "a", "--guidance", "-1"], status: 64, says: "guidance is -1"),
    BadInput("guidance NaN", ["generate", "a", "--guidance", "nan"], status: 64, says: "guidance is nan"),
    BadInput("guidance infinite", ["generate", "a", "--guidance", "inf"], status: 64, says: "guidance is inf"),
    BadInput("guidance negative", ["generate", "a", "--guidance=-1"], status: 64, says: "guidance is -1"),
    BadInput("guidance absurd", ["generate", "a", "--guidance", "1e300"], status: 64, says: "guidance"),
    BadInput("eta NaN", ["generate", "a", "--eta", "nan"], status: 64, says: "eta is nan"),
    BadInput("eta above 1", ["generate", "a", "--eta", "1.5"], status: 64, says: "eta is 1.5"),
    BadInput("count 0", ["generate", "a", "--count", "0"], status: 64, says: "count is 0"),
    BadInput("count negative", ["generate", "a", "--count=-1"], status: 64, says: "count is -1"),
    BadInput("count absurd", ["generate", "a", "--count", "1000000000000"], status: 64, says: "count"),
    BadInput("seed negative", ["generate", "a", "--seed=-1"], status: 64, says: "is negative"),
    BadInput("seed negative, apart", ["generate", "a", "--seed", "-1"], status: 64, says: "is negative"),
    BadInput(
      "seed beyond 64 bits", ["generate", "a", "--seed", "18446744073709551616"], status: 64,
      says: "too great, the largest is 18446744073709551615"),
    BadInput(
      "threads beyond integers", ["info", "--threads", "99999999999999999999"], status: 64, says: "is too great"),
    BadInput(
      "training of an unknown stage", ["bench", "train", "--stage", "classifier"], status: 64, says: "classifier"),
    BadInput("training of an unknown recipe", ["bench", "train", "--preset", "huge"], status: 64, says: "huge"),
    BadInput("training without steps", ["bench", "train", "--runs", "0"], status: 64, says: "runs is 0"),
    BadInput("two stages in a file", ["bench", "train", "--save-step", "a"], status: 64, says: "give --stage too"),
    BadInput("training without a GPU", ["bench", "train", "--device", "cuda:97"], status: 69, says: "cuda:97"),
    BadInput("runs a fraction", ["bench", "generate", "--runs", "1.5"], status: 64, says: "is not a whole number"),
    BadInput(
      "seed without room", ["generate", "a", "--seed", "18446744073709551615", "--count", "2"], status: 64,
      says: "seed"),
    BadInput("unknown sampler", ["generate", "a", "--sampler", "plms"], status: 64, says: "plms"),
    BadInput("unknown device", ["generate", "a", "--device", "tpu"], status: 64, says: "tpu"),
    BadInput("device index a word", ["generate", "a", "--device", "cuda:x"], status: 64, says: "cuda:x"),
    BadInput(
      "a training in integers", ["train", "vae", "--data", "d", "--output", "r", "--precision", "int8"], status: 64,
      says: "cannot compute in int8"),
    BadInput("unknown precision", ["generate", "a", "--precision", "fp8"], status: 64, says: "fp8"),
    BadInput("threads 0", ["generate", "a", "--threads", "0"], status: 64, says: "threads is 0"),
    BadInput("threads absurd", ["generate", "a", "--threads", "100000"], status: 64, says: "threads"),
    BadInput("preview every 0", ["generate", "a", "--preview-every", "0"], status: 64, says: "preview-every is 0"),
    BadInput("quiet and verbose", ["generate", "a", "--quiet", "--verbose"], status: 64, says: "exclude"),
    BadInput(
      "rescale NaN", ["generate", "a", "--guidance-rescale", "nan"], status: 64, says: "guidance-rescale is nan"),
    BadInput("rescale above 1", ["generate", "a", "--guidance-rescale", "1.5"], status: 64, says: "0 to 1"),
    BadInput("rescale negative", ["generate", "a", "--guidance-rescale", "-0.5"], status: 64, says: "is -0.5"),
    BadInput("interval reversed", ["generate", "a", "--guidance-interval", "0.9-0.3"], status: 64, says: "0.9-0.3"),
    BadInput("interval outside", ["generate", "a", "--guidance-interval", "0.5-1.5"], status: 64, says: "0.5-1.5"),
    BadInput("interval of one time", ["generate", "a", "--guidance-interval", "0.5"], status: 64, says: "hyphen"),
    BadInput("interval a word", ["generate", "a", "--guidance-interval", "all"], status: 64, says: "none"),
    BadInput("interval NaN", ["generate", "a", "--guidance-interval", "nan-1"], status: 64, says: "nan-1"),
    BadInput("prompt and image", ["generate", "a", "--like", "x.png"], status: 64, says: "--like"),
    BadInput("file and image", ["generate", "--prompts", "p.txt", "--like", "x.png"], status: 64, says: "--like"),
    BadInput("image missing", ["generate", "--like", "x.png"], status: 66, says: "x.png"),
    BadInput("image a folder", ["generate", "--like", "/"], status: 74, says: "folder"),
    BadInput(
      "image empty", ["generate", "--like", "x.png"], files: ["x.png": Data()], status: 65, says: "'x.png'"),
    BadInput(
      "image a text", ["generate", "--like", "x.png"], files: ["x.png": Data("hello".utf8)], status: 65,
      says: "not an image"),
    BadInput("prompt and file", ["generate", "a", "--prompts", "p.txt"], status: 64, says: "--prompts"),
    BadInput("line ends in a value", ["generate", "a", "--sampler", "x\ny\u{1B}[31m"], status: 64, says: "sampler"),
  ]

  private static func promptsFile(
    _ name: String, _ file: String, _ content: Data, status: Int32 = 65, says: String
  ) -> BadInput {
    BadInput(name, ["generate", "--prompts", file, "--json"], files: [file: content], status: status, says: says)
  }

  static let promptsFiles: [BadInput] = [
    BadInput("prompts file missing", ["generate", "--prompts", "p.txt"], status: 66, says: "p.txt"),
    BadInput(
      "prompts file a folder", ["generate", "--prompts", "/"], status: 74, says: "cannot be read (is a folder)"),
    BadInput("prompts file endless", ["generate", "--prompts", "/dev/zero"], status: 65, says: "bytes"),
    promptsFile("prompts file empty", "p.txt", Data(), says: "no prompt"),
    promptsFile("prompts file a byte-order mark", "p.txt", Data([0xEF, 0xBB, 0xBF, 0x0D, 0x0A]), says: "no prompt"),
    promptsFile("prompts file binary", "p.txt", Data([0x7F, 0x45, 0x4C, 0x46, 0, 1, 2]), says: "UTF-8"),
    promptsFile("prompts file with NUL", "p.txt", Data("a\nb\0c\n".utf8), says: "NUL (U+0000) at line 2, character 2"),
    promptsFile("CSV with NUL", "p.csv", Data("prompt\na\0\n".utf8), says: "NUL (U+0000) at line 2, character 2"),
    promptsFile("JSONL with NUL", "p.jsonl", Data("{\"prompt\":\"a\\u0000\"}".utf8), says: "NUL"),
    promptsFile("prompts file with a bell", "p.txt", Data("a\u{7}".utf8), says: "BEL (U+0007)"),
    promptsFile(
      "CSV with a seed too great", "p.csv", Data("prompt,seed\na,18446744073709551616\n".utf8),
      says: "18446744073709551615"),
    promptsFile(
      "JSONL with a seed too great", "p.jsonl", Data("{\"prompt\":\"a\",\"seed\":18446744073709551616}".utf8),
      says: "18446744073709551615"),
    promptsFile("prompts file Latin-1", "p.txt", Data([0x63, 0x6F, 0xE9, 0x75, 0x72]), says: "UTF-8"),
    promptsFile("prompts file UTF-16", "p.csv", Data([0xFF, 0xFE, 0x70, 0x00]), says: "UTF-16"),
    promptsFile("CSV without the column", "p.csv", Data("text\r\na\r\n".utf8), says: "line 1"),
    promptsFile("CSV with a header alone", "p.csv", Data("prompt\r\n".utf8), says: "no prompt"),
    promptsFile("CSV ragged", "p.csv", Data("prompt,seed\r\na,1\r\nb,2,3\r\n".utf8), says: "line 3"),
    promptsFile("CSV with an open quote", "p.csv", Data("prompt\n\"a\nb".utf8), says: "line 2"),
    promptsFile("CSV with a bad seed", "p.csv", Data("prompt,seed\na,x\n".utf8), says: "seed 'x'"),
    promptsFile("CSV that leaves the folder", "p.csv", Data("prompt,output\na,../x.png\n".utf8), says: "../x.png"),
    promptsFile(
      "CSV with one name twice", "p.csv", Data("prompt,output\na,x.png\nb,x.png\n".utf8), status: 64, says: "x.png"),
    promptsFile("CSV with an empty prompt", "p.csv", Data("prompt,seed\n,4\n".utf8), status: 64, says: "empty"),
    promptsFile(
      "CSV with an unknown extension", "p.csv", Data("prompt,output\na,x.bmp\n".utf8), status: 64, says: "x.bmp"),
    promptsFile("JSONL broken", "p.jsonl", Data("{\"prompt\":\"a\"}\n{\"prompt\"".utf8), says: "line 2"),
    promptsFile("JSONL without prompt", "p.jsonl", Data("{\"text\":\"a\"}".utf8), says: "line 1"),
    promptsFile("JSONL nested 100,000 deep", "p.jsonl", Data(repeating: 0x5B, count: 100_000), says: "line 1"),
  ]

  static let outputs: [BadInput] = [
    BadInput("output without extension", ["generate", "a", "--output", "x"], status: 64, says: "'x'"),
    BadInput("output of an unknown kind", ["generate", "a", "--output", "x.tiff"], status: 64, says: "x.tiff"),
    BadInput(
      "output in a folder that cannot be made", ["generate", "a", "--output", "/proc/no/x.png"], status: 73,
      says: "/proc/no"),
    BadInput(
      "output below a file", ["generate", "a", "--output", "f/x.png"], files: ["f": Data([1])], status: 73, says: "'f'"),
    BadInput(
      "output exists", ["generate", "a", "--output", "x.png"], files: ["x.png": Data([1, 2])], status: 73,
      says: "--overwrite"),
    BadInput(
      "output a folder with an extension", ["generate", "a", "--count", "2", "--output", "n/x.png", "--overwrite"],
      files: ["n/x-001.png/y": Data([1])], status: 73, says: "x-001.png"),
    BadInput(
      "output a device", ["generate", "a", "--output", "x.png", "--overwrite"], status: 73, says: "not replaced"
    ) {
      try FileManager.default.createSymbolicLink(
        atPath: $0.folder.appendingPathComponent("x.png").path, withDestinationPath: "/dev/null")
    },
    BadInput(
      "a seed for images that are there", ["evaluate", "gate", "images", "--data", "ds", "--seed", "1"], status: 64,
      says: "judged as they are"),
    BadInput(
      "no network and one", ["evaluate", "distance", "a", "b", "--extractor", "none", "--extractor", "x.pt"],
      status: 64, says: "both given"),
    BadInput(
      "a reference of guidance that is none", ["generate", "a", "--guidance-from", "everything"], status: 64,
      says: "opposites"),
    // There is no run: that the model's folder is taken is found before a run is looked at.
    BadInput(
      "a model that exists", ["export", "run", "--output", "m"], files: ["m/model.json": Data("{}".utf8)], status: 73,
      says: "--overwrite"),
    BadInput(
      "a model over another folder", ["export", "run", "--output", "m", "--overwrite"],
      files: ["m/thesis.txt": Data([1])], status: 73, says: "'thesis.txt'"),
    BadInput(
      "preview exists",
      ["generate", "a", "--steps", "4", "--preview-every", "2", "--output", "x.png"],
      files: ["x-step-002.png": Data([1])], status: 73, says: "x-step-002.png"),
    BadInput(
      "latents over weights", ["generate", "a", "--save-latents", "w.safetensors", "--overwrite"],
      files: ["w.safetensors": Data("weights".utf8)], status: 73, says: "not a file of latents"),
    BadInput(
      "latents over the image", ["generate", "a", "--output", "x.png", "--save-latents", "./x.png"], status: 64,
      says: "x.png"),
    BadInput(
      "one of several outputs exists", ["generate", "a", "--count", "3", "--output", "n/x.png"],
      files: ["n/x-002.png": Data([1])], status: 73, says: "x-002.png"),
  ]
}
