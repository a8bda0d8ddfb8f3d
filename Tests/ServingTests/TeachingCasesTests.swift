import Foundation
import ImageFiles
import Support
import TestBasics
import Testing

@testable import Serving

@Suite struct TeachingCasesTests {
  @Test func aCaseShowsItsPictureAndNotItsPrompt() async throws {
    let folder = try TemporaryFolder()
    try
      "\u{FEFF}prompt,seed,question,answer,choices\r\nEffusion.,9,Which side?,left,left|right\r\nClear.,,\"Say, what?\",,\r\n"
      .write(toFile: folder.path("c.csv"), atomically: true, encoding: .utf8)
    try await withTinyPlace { place in
      let first = try await place.drawn(.init(prompt: "Effusion.", seed: 9))[0]
      let second = try await place.drawn(.init(prompt: "Clear.", seed: 1))[0]
      try await place.serve({ $0.cases = folder.path("c.csv") }) { service async throws in
        let list = try await service.get("/api/cases")
        #expect(!list.text.contains("Effusion") && !list.text.contains("Clear"))
        let cases = try #require(list.json["cases"] as? [[String: Any]])
        #expect(cases.map { $0["question"] as? String } == ["Which side?", "Say, what?"])
        #expect(cases.map { $0["choices"] as? [String] } == [["left", "right"], []])
        for (number, wanted) in [first, second].enumerated() {
          for _ in 0..<2 {
            let picture = try await service.get("/api/cases/\(number)/picture.png")
            #expect(try GrayscaleImage(decoding: picture.bytes) == GrayscaleImage(decoding: wanted))
            let texts = try ImageText.read(fromPNG: picture.bytes)
            #expect(texts.contains { $0.key == "thorax:synthetic" })
            #expect(!texts.contains { $0.value.contains("Effusion") || $0.value.contains("Clear") })
            #expect(!texts.contains { $0.key == "thorax:seed" })
          }
        }
        func say(_ number: Int, _ text: String) async throws -> [String: Any] {
          try await service.post("/api/cases/\(number)/answers", #"{"answer": "\#(text)"}"#).json
        }
        let wrong = try await say(0, "right")
        #expect(wrong["right"] as? Bool == false && wrong["answer"] as? String == "left")
        #expect(wrong["prompt"] as? String == "Effusion." && wrong["seed"] as? Int == 9)
        #expect(try await say(0, " LEFT")["right"] as? Bool == true)
        let open = try await say(1, "=1+1, or so")
        #expect(open["right"] == nil && open["prompt"] as? String == "Clear.")
        let csv = try await service.get("/api/cases/answers.csv").text
        // No spreadsheet takes an answer for a formula.
        #expect(csv.contains(",2,,\"'=1+1, or so\",,,Clear.,1\r\n"), "\(csv)")
        for path in ["/api/cases/2/picture.png", "/api/cases/-1/picture.png", "/api/cases/00/picture.png"] {
          #expect(try await service.get(path).code == "not_found")
        }
        #expect(try await service.post("/api/cases/5/answers", #"{"answer": "a"}"#).code == "not_found")
        #expect(try await service.post("/api/cases/0/answers", "{}").code == "invalid_field")
        #expect(try await service.post("/api/quiz", "{}").code == "not_found")
      }
    }
  }

  @Test(arguments: [
    ("", ""), ("prompt\nEffusion.\n", "no column question"), ("question\nWhich?\n", "prompt"),
    ("prompt,question\nEffusion.,\n", "case 1 has no question"),
    ("prompt,question,answer,choices\nA.,B?,up,left|right\n", "not among its choices"),
    ("prompt,question,seed\nA.,B?,-1\n", "seed"), ("prompt,question\n\"A.,B?\n", ""),
  ])
  func filesWithoutCasesAreRefused(text: String, says: String) throws {
    let folder = try TemporaryFolder()
    try text.write(toFile: folder.path("c.csv"), atomically: true, encoding: .utf8)
    let error = #expect(throws: ServingError.self) {
      try TeachingCases(path: folder.path("c.csv"), limits: ServiceLimits())
    }
    #expect(says.isEmpty || "\(error.map { "\($0)" } ?? "")".contains(says), "\(String(describing: error))")
    #expect(throws: FileAccessError.self) { try TeachingCases(path: folder.path("none.csv"), limits: ServiceLimits()) }
  }
}
