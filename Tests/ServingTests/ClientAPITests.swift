import Foundation
import Generation
import ImageFiles
import ImageOutput
import Testing

@testable import Serving

@Suite struct OpenAITests {
  @Test func anAnswerHasTheFieldsOfOpenAI() async throws {
    try await withService { service async throws in
      let answer = try await service.post(
        "/v1/images/generations",
        #"{"prompt": "effusion", "model": "tiny", "size": "32x32", "background": "transparent", "style": "vivid", "#
          + #""output_format": "jpeg", "user": "u", "new_field": 1}"#)
      #expect(answer.status == 200, "\(answer.text.prefix(300))")
      #expect(answer.json["size"] as? String == "32x32" && answer.json["output_format"] as? String == "jpeg")
      let notes = try #require(answer.json["notes"] as? [String])
      #expect(
        notes == [
          "background has no effect: a radiograph is opaque", "style has no effect",
          "new_field is not known and has no effect",
        ])
      #expect(answer.json["quality"] as? String == "medium")
      let data = try #require((answer.json["data"] as? [[String: Any]])?.first)
      let bytes = try #require(Data(base64Encoded: data["b64_json"] as? String ?? ""))
      #expect(OutputFormat(detecting: Array(bytes)) == .jpeg)
      let models = try await service.get("/v1/models").json
      #expect((models["data"] as? [[String: Any]])?.map { $0["id"] as? String } == ["tiny"])
      #expect(try await service.get("/v1/models/tiny").json["object"] as? String == "model")
      #expect(try await service.get("/v1/models/other").code == "model_not_found")
    }
  }

  @Test(arguments: [
    (#"{"model": "tiny"}"#, "invalid_field"), (#"{"prompt": "a", "n": 0}"#, "out_of_range"),
    (#"{"prompt": "a", "n": 11}"#, "out_of_range"), (#"{"prompt": "a", "size": "1024x1024"}"#, "out_of_range"),
    (#"{"prompt": "a", "response_format": "url"}"#, "out_of_range"),
    (#"{"prompt": "a", "model": "dall-e-3"}"#, "model_not_found"),
    (#"{"prompt": "a", "output_format": "webp"}"#, "out_of_range"),
    (#"{"prompt": "a", "partial_images": 4}"#, "out_of_range"),
    (#"{"prompt": "a", "stream": true, "steps": 0}"#, "out_of_range"),
  ])
  func whatCannotBeDoneIsRefused(body: String, code: String) async throws {
    try await withService { service async throws in
      let answer = try await service.post("/v1/images/generations", body)
      #expect(answer.code == code && (400..<500).contains(answer.status), "\(answer.text)")
    }
  }

  @Test func usageCountsTheTokensOfThePrompt() async throws {
    try await withService { service async throws in
      func usage(_ fields: String) async throws -> [String: Any] {
        let answer = try await service.post("/v1/images/generations", #"{"steps": 1, \#(fields)}"#)
        return try #require(answer.json["usage"] as? [String: Any], "\(answer.text.prefix(300))")
      }
      func tokens(_ fields: String) async throws -> Int {
        let usage = try await usage(fields)
        #expect(usage["output_tokens"] as? Int == 0 && usage["total_tokens"] as? Int == usage["input_tokens"] as? Int)
        let details = try #require(usage["input_tokens_details"] as? [String: Int])
        #expect(details == ["text_tokens": usage["input_tokens"] as? Int ?? -1, "image_tokens": 0])
        return usage["input_tokens"] as? Int ?? -1
      }
      // The encoder's two marks, and the pieces of each word.
      let word = try await tokens(#""prompt": "effusion""#) - 2
      #expect(word >= 1)
      #expect(try await tokens(#""prompt": "effusion effusion effusion""#) == 3 * word + 2)
      #expect(try await tokens(#""prompt": "effusion", "n": 2"#) == word + 2)
      #expect(try await tokens(#""prompt": "effusion", "negative_prompt": "effusion effusion""#) == 3 * word + 4)
    }
  }

  @Test func aStreamSendsPartialImagesAndThenTheImage() async throws {
    try await withTinyPlace { place in
      let wanted = try await place.drawn(
        GenerationRequest(prompt: "effusion", seed: 5, settings: SamplingOverrides(steps: 8)))
      try await place.serve { service async throws in
        let answer = try await service.post(
          "/v1/images/generations",
          #"{"prompt": "effusion", "seed": 5, "steps": 8, "stream": true, "partial_images": 2}"#)
        #expect(answer.headers.first(name: "Content-Type") == "text/event-stream")
        let events = answer.text.components(separatedBy: "\n\n").filter { $0.hasPrefix("event: ") }
        #expect(
          events.map { $0.prefix { $0 != "\n" } } == [
            "event: image_generation.partial_image", "event: image_generation.partial_image",
            "event: image_generation.completed",
          ])
        let data = try events.map { event -> [String: Any] in
          let json = try #require(event.components(separatedBy: "\ndata: ").last)
          return try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        }
        #expect(data.map { $0["partial_image_index"] as? Int } == [0, 1, nil])
        #expect(Data(base64Encoded: data[2]["b64_json"] as? String ?? "") == Data(wanted[0]))
        #expect(data[0]["b64_json"] as? String != data[2]["b64_json"] as? String)
        #expect(data.map { $0["usage"] != nil } == [false, false, true])
      }
    }
  }

  @Test func aReaderThatLeavesAStreamEndsItsDrawing() async throws {
    try await withService { service async throws in
      let body = #"{"prompt": "effusion", "steps": 1000, "n": 10, "stream": true, "partial_images": 3}"#
      do {
        let connection = try RawConnection(port: service.port)
        await connection.send(
          "POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let begun = await connection.read(until: "partial_image")
        #expect(begun.contains("text/event-stream"))
      }
      #expect(try await service.waitUntil { try await service.metric("thorax_cancelled_total") == 1 })
      #expect(try await service.waitUntil { try await service.metric("thorax_queue_running") == 0 })
    }
  }
}

@Suite struct Automatic1111Tests {
  @Test func anAnswerHasTheFieldsOfAutomatic1111() async throws {
    try await withTinyPlace { place in
      let wanted = try await place.drawn(
        GenerationRequest(prompt: "effusion", seed: 5, count: 2, settings: SamplingOverrides(steps: 3, sampler: .euler))
      )
      try await place.serve { service async throws in
        let answer = try await service.post(
          "/sdapi/v1/txt2img",
          #"{"prompt": "effusion", "seed": 5, "batch_size": 1, "n_iter": 2, "steps": 3, "sampler_name": "Euler", "#
            + #""width": 512, "height": 32, "negative_prompt": "", "enable_hr": false}"#)
        #expect(answer.status == 200, "\(answer.text.prefix(300))")
        let images = try #require(answer.json["images"] as? [String])
        #expect(images.map { Data(base64Encoded: $0) } == wanted.map { Data($0) })
        let text = try #require(answer.json["info"] as? String)
        let info = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(info["all_seeds"] as? [Int] == [5, 6] && info["sampler_name"] as? String == "Euler")
        #expect(
          info["notes"] as? [String] == ["width 512 has no effect: tiny draws 32 pixels", "enable_hr has no effect"])
        let random = try await service.post("/sdapi/v1/txt2img", #"{"prompt": "effusion", "seed": -1, "steps": 1}"#)
        #expect(random.status == 200)
        for (body, code) in [
          (#"{"prompt": ""}"#, "empty_prompt"), (#"{"prompt": "a", "sampler_name": "Magic"}"#, "out_of_range"),
          (#"{"prompt": "a", "batch_size": 1000000, "n_iter": 1000000}"#, "out_of_range"),
          (#"{"prompt": "a", "override_settings": 5}"#, "invalid_field"),
          (#"{"prompt": "a", "override_settings": {"sd_model_checkpoint": "other"}}"#, "model_not_found"),
          (#"{"prompt": "a", "cfg_scale": 1e300}"#, "out_of_range"),
        ] {
          let refused = try await service.post("/sdapi/v1/txt2img", body)
          #expect(refused.code == code && refused.json["detail"] is String, "\(refused.text)")
        }
      }
    }
  }

  @Test func listsAreReadAndNothingIsChanged() async throws {
    try await withService { service async throws in
      let models = try #require(
        try JSONSerialization.jsonObject(with: Data(try await service.get("/sdapi/v1/sd-models").bytes))
          as? [[String: Any]])
      let title = try #require(models.first?["title"] as? String)
      #expect(title.wholeMatch(of: #/tiny \[[0-9a-f]{10}\]/#) != nil)
      let drawn = try await service.post(
        "/sdapi/v1/txt2img", #"{"prompt": "a", "override_settings": {"sd_model_checkpoint": "\#(title)"}}"#)
      #expect(drawn.status == 200)
      #expect(try await service.get("/sdapi/v1/samplers").text.contains(#""name":"DPM++ 2M""#))
      #expect(try await service.get("/sdapi/v1/options").json["sd_model_checkpoint"] as? String == "tiny")
      #expect(try await service.post("/sdapi/v1/options", "{}").code == "method_not_allowed")
    }
  }

  @Test func progressIsThatOfTheRunningRequest() async throws {
    try await withService { service async throws in
      #expect(try await service.get("/sdapi/v1/progress").json["progress"] as? Double == 0)
      async let drawing = service.post("/sdapi/v1/txt2img", #"{"prompt": "effusion", "steps": 1000, "batch_size": 10}"#)
      #expect(
        try await service.waitUntil {
          let now = try await service.get("/sdapi/v1/progress").json
          let share = now["progress"] as? Double ?? 0
          return share > 0.3 && share < 1 && now["current_image"] is String
        })
      #expect(try await service.get("/sdapi/v1/progress?skip_current_image=true").json["current_image"] == nil)
      let drawn = try await drawing
      #expect(drawn.status == 200)
      #expect(try await service.get("/sdapi/v1/progress").json["progress"] as? Double == 0)
    }
  }
}
