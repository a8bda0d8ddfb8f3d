import Foundation
import ImageFiles
import ImageOutput
import Support
import TestBasics
import Testing

@testable import Serving

@Suite struct TeachingTests {
  /// A picture that the tiny model cannot draw: a grating of its own frequency, at the model's size or another.
  private static func radiograph(_ number: Int, side: Int = 32) throws -> GrayscaleImage {
    try GrayscaleImage(
      width: side, height: side,
      pixels: (0..<side * side).map { UInt8((($0 % side) * (number + 2) * 32 / side + number * 40) % 256) })
  }

  /// Textured enough to bear a watermark.
  private static func texture(side: Int = 256) throws -> GrayscaleImage {
    var random = SplitMix64(seed: 5)
    let noise = (0..<side * side).map { _ in Int(random.next(below: 60)) }
    return try GrayscaleImage(
      width: side, height: side,
      pixels: noise.indices.map { UInt8(90 + noise[$0] + ($0 / side) / 4) })
  }

  private static func drawn(_ image: GrayscaleImage) -> SyntheticImage {
    SyntheticImage(
      image,
      provenance: Provenance(
        prompt: "Effusion", negative: nil, seed: 7, steps: 20, guidance: 3, guidanceRescale: 0, guidanceInterval: nil,
        sampler: .dpmSolver, eta: 0, modelName: "m", modelHash: String(repeating: "a", count: 64),
        textEncoderName: "e", textEncoderHash: String(repeating: "b", count: 64), initialLatents: nil, device: "cpu",
        precision: "fp32", threads: 2))
  }

  /// A folder of radiographs whose names and texts are a patient's.
  private static func folder(_ count: Int = 5) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("ward/a"), withIntermediateDirectories: true)
    for number in 0..<count {
      let bytes = try radiograph(number).pngBytes(metadata: [ImageText("Description", "Doe^John, born 1950")])
      try Data(bytes).write(to: URL(fileURLWithPath: folder.path("ward/a/Doe-\(number).png")))
    }
    try Data("no image".utf8).write(to: URL(fileURLWithPath: folder.path("ward/notes.txt")))
    return folder
  }

  private func bearer(_ token: String) -> [(String, String)] { [("Authorization", "Bearer \(token)")] }

  private struct Round {
    var id: String
    var files: [String]
  }

  private func begin(
    _ service: RunningService, _ body: String = "{}", headers: [(String, String)] = []
  ) async throws -> Round {
    let made = try await service.post("/api/quiz", body, headers: headers)
    #expect(made.status == 201, "\(made.text)")
    let pictures = try #require(made.json["pictures"] as? [[String: Any]])
    return Round(
      id: try #require(made.json["id"] as? String), files: pictures.compactMap { $0["file"] as? String })
  }

  @Test func theQuizMixesTheHostsImagesWithDrawnOnes() async throws {
    let folder = try Self.folder()
    let reals = try (0..<5).map { try Self.radiograph($0) }
    let hashes = try (0..<5).map { try ContentHash.ofFile(folder.path("ward/a/Doe-\($0).png")) }
    try await withService({ $0.quiz = folder.path("ward") }) { service async throws in
      var sent: [UInt8] = []
      let round = try await begin(service, #"{"count": 6}"#)
      #expect(round.files.count == 6)
      var real = 0
      for (number, file) in round.files.enumerated() {
        let answer = try await service.get(file)
        #expect(answer.status == 200 && answer.headers.first(name: "Content-Type") == "image/png")
        // No text of the host's file, and none that gives the answer.
        #expect(try ImageText.read(fromPNG: answer.bytes).isEmpty)
        let isReal = reals.contains(try GrayscaleImage(decoding: answer.bytes))
        if isReal { real += 1 }
        let said = try await service.post(
          "/api/quiz/\(round.id)/answers", #"{"picture": \#(number), "real": true}"#)
        #expect(said.status == 200 && said.json["real"] as? Bool == isReal, "\(said.text)")
        #expect(said.json["right"] as? Bool == isReal && (said.json["prompt"] == nil) == isReal)
        sent += answer.bytes + said.bytes
      }
      #expect((2...4).contains(real))
      let again = try await service.post("/api/quiz/\(round.id)/answers", #"{"picture": 0, "real": true}"#)
      #expect(again.code == "conflict")
      let csv = try await service.get("/api/quiz/answers.csv")
      let lines = csv.text.components(separatedBy: "\r\n").dropLast()
      #expect(lines.first == "time,account,round,picture,answer,given,right,seconds,image,prompt,seed")
      #expect(lines.count == 7 && lines.dropFirst().count { $0.contains(",real,real,true,") } == real)
      let found = hashes.count { hash in csv.text.contains(hash) }
      #expect(found == real)
      let all = String(decoding: sent + csv.bytes, as: UTF8.self)
      for secret in ["Doe", "1950", "ward", folder.url.path] { #expect(!all.contains(secret), "\(secret)") }
      // What was shown to whom is recorded.
      let audit = try await service.get("/api/audit").text
      #expect(audit.contains("quiz round") && !audit.contains("Doe"))
      #expect(hashes.count { hash in audit.contains(hash) } == real)
    }
  }

  @Test func everyRoundHasBothKinds() async throws {
    let folder = try Self.folder()
    for number in 0..<5 {
      let place = folder.path("ward/synthetic")
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      try Data(Self.radiograph(number + 20).pngBytes()).write(to: URL(fileURLWithPath: "\(place)/\(number).png"))
    }
    let pictures = QuizRounds(folder: try QuizFolder(folder.path("ward")))
    for _ in 0..<20 {
      let cards = try await pictures.pictures(real: 2, synthetic: 3, side: 32) { Issue.record("\($0)") }
      #expect(cards.count(where: \.isReal) == 2 && cards.count == 5)
    }
    try await withService({ $0.quiz = folder.path("ward") }) { service async throws in
      for _ in 0..<5 {
        let round = try await begin(service, #"{"count": 3}"#)
        var kinds: Set<Bool> = []
        for number in 0..<3 {
          let said = try await service.post(
            "/api/quiz/\(round.id)/answers", #"{"picture": \#(number), "real": false}"#)
          kinds.insert(try #require(said.json["real"] as? Bool))
        }
        #expect(kinds.count == 2)
      }
    }
  }

  @Test func aFileThatSaysOrBearsThatItWasDrawnIsSynthetic() throws {
    let folder = try TemporaryFolder()
    let detector = WatermarkDetector()
    let drawn = Self.drawn(try Self.texture())
    func picture(_ bytes: [UInt8], _ name: String, isReal: Bool? = nil) throws -> QuizFolder.Picture {
      try Data(bytes).write(to: URL(fileURLWithPath: folder.path(name)))
      return try QuizFolder.picture(.init(path: folder.path(name), isReal: isReal), side: 64, detector: detector)
    }
    for format in OutputFormat.allCases {
      #expect(try !picture(drawn.encoded(as: format), "drawn.\(format.pathExtension)").isReal, "\(format)")
    }
    // Without its texts the watermark is left.
    let bare = try GrayscaleImage(decoding: drawn.encoded(as: .png)).pngBytes()
    #expect(try ImageText.read(fromPNG: bare).isEmpty)
    #expect(try !picture(bare, "bare.png").isReal)
    let plain = try picture(Self.texture().pngBytes(), "plain.png")
    #expect(plain.isReal)
    #expect(try picture(bare, "folder.png", isReal: true).isReal)
    let small = try GrayscaleImage(decoding: plain.png)
    #expect(small.width == 64 && small.height == 64)
    // The middle of what is not square.
    let wide = try GrayscaleImage(
      width: 96, height: 32, pixels: (0..<96 * 32).map { (32..<64).contains($0 % 96) ? 200 : 10 })
    let cropped = try GrayscaleImage(decoding: picture(wide.pngBytes(), "wide.png").png)
    #expect(cropped.pixels.allSatisfy { $0 == 200 })
  }

  @Test func foldersThatAreNoQuizAreRefused() throws {
    let folder = try TemporaryFolder()
    func refuses(_ name: String, _ reason: String) {
      let error = #expect(throws: ServingError.self) { try QuizFolder(folder.path(name)) }
      #expect("\(error.map { "\($0)" } ?? "")".contains(reason), "\(String(describing: error))")
    }
    refuses("none", "no such folder")
    for name in ["empty", "one", "texts", "drawn/synthetic", "linked"] {
      try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
    }
    func write(_ bytes: [UInt8], _ name: String) throws {
      try Data(bytes).write(to: URL(fileURLWithPath: folder.path(name)))
    }
    refuses("empty", "no PNG, JPEG or DICOM")
    try write(Self.radiograph(0).pngBytes(), "one/a.png")
    refuses("one", "one real image alone")
    refuses("one/a.png", "no such folder")
    // The ending of a name makes no image.
    for name in ["a.png", "b.jpg", "c.dcm"] { try write(Array("text".utf8), "texts/\(name)") }
    refuses("texts", "no PNG, JPEG or DICOM")
    for number in 0..<3 { try write(Self.radiograph(number).pngBytes(), "drawn/synthetic/\(number).png") }
    refuses("drawn", "no real image")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("linked/x"), withDestinationPath: folder.path("drawn/synthetic"))
    refuses("linked", "no PNG, JPEG or DICOM")
    try write(Self.radiograph(1).pngBytes(), "one/b")
    #expect(try QuizFolder(folder.path("one")).files.count == 2)
  }

  @Test func aFolderThatGoesAwayIsAPlainError() async throws {
    let folder = try Self.folder(3)
    // A damaged file is left out.
    let damaged = try Data(contentsOf: URL(fileURLWithPath: folder.path("ward/a/Doe-0.png"))).prefix(60)
    try damaged.write(to: URL(fileURLWithPath: folder.path("ward/a/Doe-0.png")))
    try await withService({ $0.quiz = folder.path("ward") }) { service async throws in
      let round = try await begin(service, #"{"count": 6}"#)
      try FileManager.default.removeItem(atPath: folder.path("ward"))
      // A round that was begun goes on.
      #expect(try await service.get(round.files[0]).status == 200)
      let gone = try await service.post("/api/quiz", "{}")
      #expect(gone.status == 503 && gone.code == "quiz_unavailable", "\(gone.text)")
      #expect(gone.headers.first(name: "Retry-After") != nil && !gone.text.contains("ward"))
      #expect(try await service.get("/healthz").status == 200)
    }
  }

  @Test(arguments: [
    (#"{"count": 1}"#, "out_of_range"), (#"{"count": 41}"#, "out_of_range"), (#"{"count": "6"}"#, "invalid_field"),
    (#"{"pictures": 6}"#, "unknown_field"), ("[]", "invalid_json"),
  ])
  func roundsThatCannotBeAreRefused(body: String, code: String) async throws {
    let folder = try Self.folder()
    try await withService({ $0.quiz = folder.path("ward") }) { service async throws in
      #expect(try await service.post("/api/quiz", body).code == code)
      let round = try await begin(service, #"{"count": 2}"#)
      for (answer, code) in [
        (#"{"picture": 2, "real": true}"#, "out_of_range"), (#"{"picture": -1, "real": true}"#, "out_of_range"),
        (#"{"real": true}"#, "invalid_field"), (#"{"picture": 0}"#, "invalid_field"),
        (#"{"picture": 0, "real": "yes"}"#, "invalid_field"),
      ] {
        #expect(try await service.post("/api/quiz/\(round.id)/answers", answer).code == code, "\(answer)")
      }
      for name in ["2.png", "00.png", "0", "..%2f0.png", "0.jpg"] {
        #expect(try await service.get("/api/quiz/\(round.id)/pictures/\(name)").status == 404, "\(name)")
      }
      #expect(try await service.get("/api/quiz/none/pictures/0.png").code == "not_found")
    }
  }

  @Test func studentsAnswerAndTeachersReadTheAnswers() async throws {
    let folder = try Self.folder()
    try "prompt,question,answer\nLarge left effusion.,Which side?,left\n"
      .write(toFile: folder.path("cases.csv"), atomically: true, encoding: .utf8)
    try await withTinyPlace { place in
      let accounts = try AccountStore(state: place.settings.state)
      let anna = bearer(try await accounts.add(name: "anna", role: .draw))
      let ben = bearer(try await accounts.add(name: "ben", role: .draw))
      let teacher = bearer(try await accounts.add(name: "teacher", role: .teach))
      func change(_ settings: inout ServiceSettings) {
        settings.quiz = folder.path("ward")
        settings.cases = folder.path("cases.csv")
      }
      try await place.serve(change) { service async throws in
        #expect(try await service.post("/api/quiz", "{}").code == "unauthorized")
        let round = try await begin(service, headers: anna)
        #expect(try await service.get(round.files[0], headers: ben).code == "not_found")
        let answer = #"{"picture": 0, "real": true}"#
        #expect(try await service.post("/api/quiz/\(round.id)/answers", answer, headers: ben).code == "not_found")
        #expect(try await service.post("/api/quiz/\(round.id)/answers", answer, headers: anna).status == 200)
        #expect(try await service.post("/api/cases/0/answers", #"{"answer": "Left "}"#, headers: ben).status == 200)
        for path in ["/api/quiz/answers.csv", "/api/cases/answers.csv"] {
          #expect(try await service.get(path, headers: anna).code == "forbidden")
          #expect(try await service.get(path, headers: teacher).status == 200)
        }
      }
      // Answers outlive the service, and its terms hold here too.
      try await place.serve({
        change(&$0)
        $0.terms = "For teaching."
      }) { service async throws in
        #expect(try await service.post("/api/quiz", "{}", headers: anna).code == "terms_not_accepted")
        let terms = try await service.get("/api/terms", headers: teacher).json
        let hash = try #require(terms["sha256"] as? String)
        #expect(try await service.post("/api/terms", #"{"sha256": "\#(hash)"}"#, headers: teacher).status == 200)
        let quiz = try await service.get("/api/quiz/answers.csv", headers: teacher).text
        #expect(quiz.contains(",anna,") && !quiz.contains(",ben,"))
        let cases = try await service.get("/api/cases/answers.csv", headers: teacher).text
        #expect(cases.contains(",ben,1,left,Left ,true,,Large left effusion.,0\r\n"), "\(cases)")
      }
    }
  }
}
