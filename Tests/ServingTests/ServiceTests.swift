import Foundation
import Testing

@testable import Serving

@Suite struct ServiceTests {
  @Test func healthIsAnsweredBeforeTheModelIsLoaded() async throws {
    try await withTinyPlace { place in
      try await place.serve(waiting: false) { service async throws in
        #expect(try await service.get("/healthz").status == 200)
        #expect(try await service.waitUntilReady())
        let ready = try await service.get("/readyz")
        #expect(ready.json["ready"] as? Bool == true)
        #expect(ready.json["models"] as? [String: String] == ["tiny": "ready"])
      }
    }
  }

  @Test func everyAnswerHasSafeHeaders() async throws {
    try await withService { service async throws in
      for path in ["/healthz", "/nothing", "/api/capabilities"] {
        let headers = try await service.get(path).headers
        #expect(headers.first(name: "Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'")
        #expect(headers.first(name: "X-Content-Type-Options") == "nosniff")
        #expect(headers.first(name: "X-Frame-Options") == "DENY")
        #expect(headers.first(name: "Cache-Control") == "no-store")
      }
    }
  }

  @Test func whatIsNotThereIsSaidInJSON() async throws {
    try await withService { service async throws in
      let missing = try await service.get("/nothing?secret=1")
      #expect(missing.status == 404 && missing.code == "not_found")
      let method = try await service.send(.PUT, "/api/images", body: "{}")
      #expect(method.status == 405 && method.code == "method_not_allowed")
      #expect(method.headers.first(name: "Allow") == "POST")
      #expect(try await service.send(.HEAD, "/healthz").status == 200)
    }
  }

  @Test func metricsAreInPrometheusForm() async throws {
    try await withService { service async throws in
      #expect(try await service.post("/api/images", #"{"prompt": "effusion", "seed": 1}"#).status == 200)
      #expect(try await service.metric(#"thorax_images_total{model="tiny"}"#) == 1)
      #expect(try await service.metric(#"thorax_model_ready{model="tiny"}"#) == 1)
      #expect(try await service.metric("thorax_queue_running") == 0)
      #expect(try await service.metric(#"thorax_image_seconds_count{model="tiny"}"#) == 1)
      let text = try await service.get("/metrics").text
      #expect(text.contains("# TYPE thorax_request_seconds histogram\n"))
      let form = #/(#\ (HELP|TYPE)\ .+|[a-z_]+(\{[^}]*\})?\ [-+0-9.eEinfa]+)/#
      #expect(text.split(separator: "\n").allSatisfy { $0.wholeMatch(of: form) != nil }, "\(text)")
    }
  }

  @Test func aForeignNameOrPageIsRefused() async throws {
    try await withService({ settings in
      settings.names = ["xray.example.org"]
      settings.origins = ["https://teaching.example.org"]
    }) { service async throws in
      func draw(_ headers: [(String, String)]) async throws -> RunningService.Answer {
        try await service.post("/api/images", #"{"prompt": "effusion", "seed": 1, "steps": 1}"#, headers: headers)
      }
      #expect(try await draw([("Host", "evil.example.com")]).code == "host_refused")
      // A header that anybody can write is no token.
      #expect(
        try await draw([("Host", "evil.example.com"), ("Authorization", "Bearer x")]).code == "host_refused")
      #expect(try await draw([("Host", "xray.example.org")]).status == 200)
      #expect(try await draw([("Host", "localhost:1")]).status == 200)
      #expect(try await draw([("Origin", "https://evil.example.com")]).code == "origin_refused")
      #expect(try await draw([("Origin", "null")]).code == "origin_refused")
      #expect(try await draw([("Origin", service.url)]).status == 200)
      #expect(try await draw([("Origin", "https://teaching.example.org")]).status == 200)
      #expect(try await draw([("Sec-Fetch-Site", "cross-site")]).code == "origin_refused")
    }
  }

  @Test func aPageOfAListedOriginIsAnswered() async throws {
    let page = "https://teaching.example.org"
    try await withService({ $0.origins = [page] }) { service async throws in
      func ask(_ origin: String) async throws -> RunningService.Answer {
        try await service.send(
          .OPTIONS, "/api/jobs", headers: [("Origin", origin), ("Access-Control-Request-Method", "POST")])
      }
      let answer = try await ask(page)
      #expect(answer.status == 204 && answer.headers.first(name: "Access-Control-Allow-Origin") == page)
      #expect(answer.headers.first(name: "Access-Control-Allow-Methods") == "GET, HEAD, POST")
      let made = try await service.post(
        "/api/images", #"{"prompt": "effusion", "seed": 1, "steps": 1}"#, headers: [("Origin", page)])
      #expect(made.status == 200 && made.headers.first(name: "Access-Control-Allow-Origin") == page)
      let other = try await ask("https://evil.example.com")
      #expect(other.status == 405 && other.headers.first(name: "Access-Control-Allow-Origin") == nil)
      #expect(try await service.get("/healthz").headers.first(name: "Cross-Origin-Resource-Policy") == "same-origin")
    }
  }

  @Test func theDescriptionHasEveryRouteAndNoOther() async throws {
    try await withService { service async throws in
      let document = try await service.get("/openapi.json").json
      let paths = try #require(document["paths"] as? [String: [String: Any]])
      let described = Set(paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } })
      // The page is for people, and its files are no part of the API.
      let page = Set(PageRoutes().routes.map(\.path))
      let routes = Set(
        service.service.routes.filter { !page.contains($0.path) }.map { "\($0.method.rawValue) \($0.path)" })
      #expect(described == routes)
      let capabilities = try await service.get("/api/capabilities").json
      let known = Set(try #require(capabilities["error_codes"] as? [String]))
      #expect(known == Set(APIError.Code.allCases.map(\.rawValue)))
    }
  }

  @Test func thePageIsThereWithAllThatItNames() async throws {
    try await withService { service async throws in
      let page = try await service.get("/")
      #expect(page.status == 200)
      let text = String(decoding: page.bytes, as: UTF8.self)
      let named = text.matches(of: /(?:href|src)="(\/[^"]+)"/).map { String($0.1) }
      #expect(Set(named) == ["/page/page.css", "/page/page.js"])
      for path in named + ["/page/texts.json"] { #expect(try await service.get(path).status == 200) }
      // Every text that the page names is there, and nothing comes from anywhere else.
      let texts = try await service.get("/page/texts.json").json
      for key in text.matches(of: /data-text="(\w+)"/) { #expect(texts[String(key.1)] is String, "\(key.1)") }
      let script = String(decoding: try await service.get("/page/page.js").bytes, as: UTF8.self)
      for key in script.matches(of: /say\("(\w+)"/) { #expect(texts[String(key.1)] is String, "\(key.1)") }
      for content in [text, script] { #expect(!content.contains("http://") && !content.contains("https://")) }
      #expect(!text.contains("<script>") && !text.contains(" style=") && !text.contains(" onclick="))
    }
  }

  @Test func whatAModelCannotDoIsReadFromItsFolder() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-cautions-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try ModelCaution.all(in: folder.path).isEmpty)
    let file = folder.appendingPathComponent("cautions.yaml")
    try Data("- words: [left, right]\n  note: no sides\n".utf8).write(to: file)
    #expect(try ModelCaution.all(in: folder.path) == [ModelCaution(words: ["left", "right"], note: "no sides")])
    for text in ["- words: [\"(a+)+$\"]\n  note: x\n", "words: 3", "", "- [", "- note: x\n"] {
      try Data(text.utf8).write(to: file)
      #expect(throws: ServingError.self, "\(text)") { try ModelCaution.all(in: folder.path) }
    }
  }

  @Test func aModelThatCannotBeLoadedEndsTheService() async throws {
    try await withTinyPlace { place in
      try FileManager.default.removeItem(atPath: place.folder.path + "/unet.safetensors")
      await #expect(throws: (any Error).self) {
        try await place.serve { _ in Issue.record("it must not become ready") }
      }
    }
  }

  @Test func aModelFolderThatIsRemovedLaterDoesNotMatter() async throws {
    try await withTinyPlace { place in
      try await place.serve { service async throws in
        let body = #"{"prompt": "effusion", "seed": 1}"#
        let before = try await service.post("/api/images", body)
        try FileManager.default.removeItem(atPath: place.folder.path)
        try FileManager.default.removeItem(at: place.encoder)
        let after = try await service.post("/api/images", body)
        #expect(before.status == 200 && after.bytes == before.bytes)
      }
    }
  }

  @Test func aModelFolderThatIsRemovedBeforeItIsLoadedIsAPlainError() async throws {
    try await withTinyPlace { place in
      let other = URL(fileURLWithPath: place.folder.path).deletingLastPathComponent().appendingPathComponent("other")
      try FileManager.default.copyItem(atPath: place.folder.path, toPath: other.path)
      let file = other.appendingPathComponent("model.json")
      var text = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      text["name"] = "other"
      try JSONSerialization.data(withJSONObject: text).write(to: file)
      try await place.serve(
        { $0.models = ["tiny", "other"] }, opened: { try FileManager.default.removeItem(at: other) }
      ) { service async throws in
        let body = #"{"prompt": "effusion", "seed": 1, "model": "other"}"#
        for path in ["/api/images", "/api/jobs"] {
          let answer = try await service.post(path, body)
          #expect(answer.status == 503 && answer.code == "model_unavailable", "\(answer.text)")
          #expect(!answer.text.contains(place.root.path))
        }
        #expect(try await service.post("/v1/images/generations", body).code == "model_unavailable")
        #expect(try await service.post("/api/images", #"{"prompt": "effusion", "seed": 1}"#).status == 200)
      }
    }
  }

  @Test func anAddressInUseIsNamed() async throws {
    try await withTinyPlace { place in
      try await place.serve { first in
        await #expect(throws: ServingError.addressInUse(address: "127.0.0.1:\(first.port)")) {
          try await place.serve({ settings in
            settings.port = first.port
            settings.state = place.root.appendingPathComponent("other").path
          }) { _ in Issue.record("two services listen at one port") }
        }
        #expect(throws: ServingError.stateInUse(folder: first.state)) {
          try ThoraxService(place.settings, catalog: place.catalog) { _ in }
        }
      }
    }
  }
}
