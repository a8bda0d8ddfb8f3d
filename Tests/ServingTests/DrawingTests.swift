import Foundation
import Generation
import ImageFiles
import ImageOutput
import Testing

@testable import Serving

@Suite struct DrawingTests {
  @Test func theSameRequestGivesTheBytesOfTheLibrary() async throws {
    try await withTinyPlace { place in
      let settings = SamplingOverrides(steps: 3, guidance: 1.5, negative: "effusion", sampler: .dpmSolver)
      let wanted = try await place.drawn(
        GenerationRequest(prompt: "Clear lungs, no effusion.", seed: 11, count: 3, settings: settings))
      try await place.serve({ $0.workers = 2 }) { service async throws in
        for (index, bytes) in wanted.enumerated() {
          let answer = try await service.post(
            "/api/images",
            #"{"prompt": "Clear lungs, no effusion.", "seed": \#(11 + index), "steps": 3, "guidance": 1.5, "#
              + #""negative_prompt": "effusion", "sampler": "dpm++"}"#)
          #expect(answer.status == 200 && answer.bytes == bytes)
          #expect(answer.headers.first(name: "Thorax-Seed") == "\(11 + index)")
        }
        // Several images of one request, drawn by two workers.
        let openAI = try await service.post(
          "/v1/images/generations",
          #"{"prompt": "Clear lungs, no effusion.", "seed": 11, "n": 3, "steps": 3, "guidance": 1.5, "#
            + #""negative_prompt": "effusion", "sampler": "dpm++"}"#)
        let data = try #require(openAI.json["data"] as? [[String: Any]])
        #expect(data.map { Data(base64Encoded: $0["b64_json"] as? String ?? "").map(Array.init) } == wanted)
      }
    }
  }

  @Test func qualityBestTakesTheModelsSlowSettings() async throws {
    try await withService { service async throws in
      let drawn = try await service.post("/api/images", #"{"prompt": "effusion", "seed": 1, "quality": "best"}"#)
      let same = try await service.post("/api/images", #"{"prompt": "effusion", "seed": 1, "steps": 8}"#)
      let fast = try await service.post("/api/images", #"{"prompt": "effusion", "seed": 1, "quality": "fast"}"#)
      #expect(drawn.status == 200 && drawn.bytes == same.bytes && drawn.bytes != fast.bytes)
      let openAI = try await service.post(
        "/v1/images/generations", #"{"prompt": "effusion", "seed": 1, "quality": "hd"}"#)
      let image = try #require((openAI.json["data"] as? [[String: Any]])?.first)
      #expect(Data(base64Encoded: image["b64_json"] as? String ?? "").map(Array.init) == drawn.bytes)
      #expect(openAI.json["quality"] as? String == "high")
      let model = try #require((try await service.get("/api/capabilities").json["models"] as? [[String: Any]])?.first)
      #expect((model["best"] as? [String: Any])?["steps"] as? Int == 8)
    }
  }

  @Test func settingsOfAModelThatTakeMoreStepsThanAllowedAreRefused() async throws {
    try await withTinyPlace { place in
      try await place.serve({ $0.limits.steps = 3 }) { service async throws in
        let refused = try await service.post("/api/images", #"{"prompt": "effusion", "quality": "best"}"#)
        #expect(refused.code == "out_of_range" && refused.text.contains("takes 8 steps"))
        let own = try await service.post("/api/images", #"{"prompt": "effusion"}"#)
        #expect(own.code == "out_of_range" && own.text.contains("takes 4 steps"))
        let fewer = try await service.post(
          "/api/images", #"{"prompt": "effusion", "quality": "best", "steps": 3}"#)
        #expect(fewer.status == 200)
      }
    }
  }

  @Test func aJPEGIsReturnedIfItIsAskedFor() async throws {
    try await withService { service async throws in
      let answer = try await service.post("/api/images", #"{"prompt": "effusion", "seed": 1, "format": "jpg"}"#)
      #expect(answer.headers.first(name: "Content-Type") == "image/jpeg")
      #expect(OutputFormat(detecting: Array(answer.bytes)) == .jpeg)
    }
  }

  /// A request's body, and the code of the error that it must give.
  static let refused: [(body: String, code: String)] = [
    ("", "invalid_json"), ("{", "invalid_json"), ("[]", "invalid_json"), ("null", "invalid_json"),
    (#"{"prompt": "a", "prompt": "b"}"#, "invalid_json"), ("{\"prompt\": \"\u{0}\"}", "invalid_json"),
    (String(repeating: "[", count: 100_000), "invalid_json"), (#"{"prompt": "a", "guidance": NaN}"#, "invalid_json"),
    (#"{"prompt": "a", "guidance": 1e999}"#, "invalid_json"), (#"{"prompt": "\ud800"}"#, "invalid_json"),
    (#"{"prompt": "a", "guidance": "NaN"}"#, "invalid_field"), (#"{"prompt": 5}"#, "invalid_field"),
    ("{}", "invalid_field"),
    (#"{"prompt": "a", "seed": -1}"#, "invalid_field"), (#"{"prompt": "a", "seed": 1.5}"#, "invalid_field"),
    (#"{"prompt": "a", "steps": "many"}"#, "invalid_field"), (#"{"prompt": "a\u0007"}"#, "invalid_field"),
    (#"{"prompt": "a", "step": 5}"#, "unknown_field"), (#"{"prompt": "a", "steps": 0}"#, "out_of_range"),
    (#"{"prompt": "a", "steps": 1001}"#, "out_of_range"), (#"{"prompt": "a", "steps": -5}"#, "out_of_range"),
    (#"{"prompt": "a", "guidance": 1e9}"#, "out_of_range"), (#"{"prompt": "a", "guidance": -1}"#, "out_of_range"),
    (#"{"prompt": "a", "count": 1000000000}"#, "out_of_range"), (#"{"prompt": "a", "count": 0}"#, "out_of_range"),
    (#"{"prompt": "a", "quality": "Best"}"#, "out_of_range"), (#"{"prompt": "a", "quality": 1}"#, "invalid_field"),
    (#"{"prompt": "a", "sampler": "magic"}"#, "out_of_range"), (#"{"prompt": "a", "eta": 7}"#, "out_of_range"),
    (#"{"prompt": "a", "format": "dcm7"}"#, "out_of_range"), (#"{"prompt": "a", "model": "other"}"#, "model_not_found"),
    (#"{"prompt": "a", "guidance_interval": "late"}"#, "out_of_range"),
    (#"{"prompt": "a", "guidance_from": "all"}"#, "out_of_range"),
    (#"{"prompt": "a", "guidance_from": 1}"#, "invalid_field"), (#"{"prompt": " "}"#, "empty_prompt"),
    (#"{"prompt": "a", "negative_prompt": " "}"#, "conflict"),
    (#"{"prompt": "\#(String(repeating: "a", count: 8_193))"}"#, "out_of_range"),
  ]

  @Test func whatCannotBeDrawnIsRefusedWithItsCode() async throws {
    try await withService { service async throws in
      for (body, code) in Self.refused {
        let answer = try await service.post("/api/images", body)
        #expect(answer.code == code, "\(body.prefix(60)): \(answer.text.prefix(200))")
        #expect((400..<500).contains(answer.status))
      }
      let text = try await service.send(.POST, "/api/images", body: "prompt=a", type: "text/plain")
      #expect(text.status == 415 && text.code == "unsupported_media_type")
      let large = try await service.post("/api/images", String(repeating: " ", count: 1_048_577))
      #expect(large.status == 413 && large.code == "body_too_large")
      // The null prompt is drawn without guidance.
      #expect(try await service.post("/api/images", #"{"prompt": "", "guidance": 1, "steps": 1}"#).status == 200)
      #expect(try await service.metric("thorax_queue_waiting") == 0)
      #expect(!service.log.contains { $0.contains("failed") }, "\(service.log)")
    }
  }

  @Test func aBodyWithoutAnEndIsCutOff() async throws {
    try await withService({ $0.limits.bodyBytes = 10_000 }) { service async throws in
      let connection = try RawConnection(port: service.port)
      await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
      let chunk = "1000\r\n\(String(repeating: "a", count: 4_096))\r\n"
      let isCut = try await service.waitUntil { await !connection.send(chunk) }
      #expect(isCut, "the connection stays open")
      #expect(try await service.get("/healthz").status == 200)
    }
  }

  @Test func whoAsksForNothingIsCutOff() async throws {
    try await withService({ settings in
      settings.limits.headTime = .milliseconds(300)
      settings.limits.connections = 8
    }) { service async throws in
      // One that is asked something within that time stays.
      let asking = try RawConnection(port: service.port)
      await asking.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(await asking.read(until: "\r\n").hasPrefix("HTTP/1.1 200"))
      let idle = try (0..<7).map { _ in try RawConnection(port: service.port) }
      for connection in idle.dropFirst(4) { await connection.send("GET /healthz HTTP/1.1\r\nHost: lo") }
      for connection in idle { #expect(await !connection.read().hasPrefix("HTTP/1.1 200")) }
      #expect(try await service.get("/healthz").status == 200)
      await asking.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(await asking.read(until: "HTTP/1.1 200").contains("HTTP/1.1 200"))
    }
  }

  @Test func aSlowBodyIsCutOff() async throws {
    try await withService({ $0.limits.bodyTime = .milliseconds(300) }) { service async throws in
      let connection = try RawConnection(port: service.port)
      await connection.send(
        "POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{")
      let answer = await connection.read()
      #expect(answer.hasPrefix("HTTP/1.1 408") && answer.contains("body_timeout"), "\(answer)")
    }
  }

  @Test(arguments: [
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "X-A: b\r\n", count: 50_000) + "\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: \(String(repeating: "b", count: 200_000))\r\n\r\n",
    "GET /\(String(repeating: "a", count: 200_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", "GET / HTTP/9.9\r\n\r\n",
    "POST /api/images HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    "POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  ])
  func whatIsNoHTTPHarmsNoOneElse(bytes: String) async throws {
    try await withService { service async throws in
      let connection = try RawConnection(port: service.port)
      await connection.send(bytes)
      let answer = await connection.read(until: "\r\n")
      #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(200))")
      #expect(try await service.get("/healthz").status == 200)
    }
  }
}
