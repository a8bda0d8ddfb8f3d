import Foundation
import Generation
import ImageFiles
import ImageOutput
import Support
import TestBasics
import Testing

@testable import Serving

@Suite struct JobTests {
  @Test func aJobIsFollowedToItsImages() async throws {
    try await withTinyPlace { place in
      let wanted = try await place.drawn(GenerationRequest(prompt: "Clear lungs.", seed: 3, count: 2))
      try await place.serve { service async throws in
        let made = try await service.post("/api/jobs", #"{"prompt": "Clear lungs.", "seed": 3, "count": 2}"#)
        #expect(made.status == 202)
        let id = try #require(made.json["id"] as? String)
        #expect(made.headers.first(name: "Location") == "/api/jobs/\(id)")
        #expect(id.count == 32)
        #expect(
          try await service.waitUntil {
            try await service.get("/api/jobs/\(id)").json["state"] as? String == "finished"
          })
        let job = try await service.get("/api/jobs/\(id)").json
        let images = try #require(job["images"] as? [[String: Any]])
        #expect(images.map { $0["seed"] as? Int } == [3, 4])
        for (index, bytes) in wanted.enumerated() {
          let png = try await service.get("/api/jobs/\(id)/images/\(index).png")
          #expect(png.bytes == bytes && png.headers.first(name: "Content-Type") == "image/png")
          #expect((images[index]["sha256"] as? [String: String])?["png"] == ContentHash.of(bytes))
          let jpeg = try await service.get("/api/jobs/\(id)/images/\(index).jpg")
          #expect(OutputFormat(detecting: Array(jpeg.bytes)) == .jpeg)
        }
        #expect(try await service.get("/api/jobs/\(id)/preview.png").bytes == wanted[1])
        for name in ["2.png", "-1.png", "0.gif", "00.png", "0", "..%2f..%2faudit.sqlite", "99999999999999999999.png"] {
          #expect(try await service.get("/api/jobs/\(id)/images/\(name)").status == 404, "\(name)")
        }
        #expect(try await service.get("/api/jobs").text.contains(id))
        #expect(try await service.send(.DELETE, "/api/jobs/\(id)").status == 204)
        #expect(try await service.get("/api/jobs/\(id)").code == "not_found")
        #expect(try await service.get("/api/jobs/\(id)/images/0.png").code == "not_found")
        #expect(try FileManager.default.contentsOfDirectory(atPath: service.state + "/images").isEmpty)
      }
    }
  }

  @Test func aRunningJobShowsItsStepAndPreview() async throws {
    try await withService { service async throws in
      let body = #"{"prompt": "effusion", "steps": 900, "count": 20, "preview_every": 5}"#
      let made = try await service.post("/api/jobs", body)
      let id = try #require(made.json["id"] as? String)
      #expect(
        try await service.waitUntil {
          let job = try await service.get("/api/jobs/\(id)").json
          return job["state"] as? String == "running" && (job["step"] as? Int ?? 0) > 5 && job["preview"] != nil
        })
      let preview = try await service.get("/api/jobs/\(id)/preview.png")
      #expect(preview.status == 200 && (try? GrayscaleImage(decoding: preview.bytes).width) == 32)
      #expect(try await service.get("/api/jobs/\(id)/images/19.png").code == "not_finished")
      #expect(try await service.get("/api/jobs/\(id)/archive.zip").code == "not_finished")
      #expect(try await service.send(.DELETE, "/api/jobs/\(id)").status == 204)
      #expect(try await service.waitUntil { try await service.metric("thorax_queue_running") == 0 })
    }
  }

  @Test func imagesOfOnePromptAreFramesOfOneFile() async throws {
    try await withTinyPlace { place in
      let images = try await place.images(GenerationRequest(prompt: "Clear lungs.", seed: 3, count: 3))
      try await place.serve { service async throws in
        func job(_ body: String, type: String = "application/json") async throws -> String {
          let made = try await service.send(.POST, "/api/jobs", body: body, type: type)
          let id = try #require(made.json["id"] as? String, "\(made.text)")
          #expect(
            try await service.waitUntil {
              try await service.get("/api/jobs/\(id)").json["state"] as? String == "finished"
            })
          return id
        }
        let id = try await job(#"{"prompt": "Clear lungs.", "seed": 3, "count": 3}"#)
        #expect(try await service.get("/api/jobs/\(id)").json["frames"] as? String == "/api/jobs/\(id)/images.dcm")
        let file = try await service.get("/api/jobs/\(id)/images.dcm")
        #expect(file.headers.first(name: "Content-Type") == "application/dicom")
        #expect(try file.bytes == SyntheticImage.encodedFrames(images.map(\.drawn)))

        let batch = try await job("prompt\nClear lungs.\nEffusion.\n", type: "text/csv")
        #expect(try await service.get("/api/jobs/\(batch)").json["frames"] == nil)
        #expect(try await service.get("/api/jobs/\(batch)/images.dcm").code == "out_of_range")
        let long = try await service.post("/api/jobs", #"{"prompt": "a", "steps": 900, "count": 5}"#)
        let running = try #require(long.json["id"] as? String)
        #expect(try await service.get("/api/jobs/\(running)/images.dcm").code == "not_finished")
        #expect(try await service.get("/api/jobs/\(running)/preview.png").code == "not_finished")
        _ = try await service.send(.DELETE, "/api/jobs/\(running)")
        #expect(try await service.get("/api/jobs/\(running)/images.dcm").code == "not_found")
      }
    }
  }

  @Test func aTableGivesAnArchiveOfImagesAndLabels() async throws {
    try await withTinyPlace { place in
      let wanted = try await place.drawn(
        GenerationRequest(prompt: "No pneumothorax.", seed: 9, settings: SamplingOverrides(steps: 2)))
      try await place.serve { service async throws in
        let table =
          "case,prompt,seed,File\r\nA-1,\"Large left effusion, no fracture.\",,x\r\n"
          + "\"B,\"\"2\"\"\",No pneumothorax.,9,y\r\n"
        let made = try await service.send(
          .POST, "/api/jobs?steps=2&seed=4", body: table, type: "text/csv; charset=utf-8")
        #expect(made.status == 202, "\(made.text)")
        let id = try #require(made.json["id"] as? String)
        #expect(
          try await service.waitUntil {
            try await service.get("/api/jobs/\(id)").json["state"] as? String == "finished"
          })
        let archive = try await service.get("/api/jobs/\(id)/archive.zip")
        #expect(archive.headers.first(name: "Content-Type") == "application/zip")
        let folder = try TemporaryFolder()
        try Data(archive.bytes).write(to: folder.url.appendingPathComponent("a.zip"))
        try unzip("a.zip", in: folder.url)
        #expect(try Data(contentsOf: folder.url.appendingPathComponent("images/0001.png")) == Data(wanted[0]))
        let labels = try String(contentsOf: folder.url.appendingPathComponent("labels.csv"), encoding: .utf8)
        let lines = labels.components(separatedBy: "\r\n")
        #expect(lines.count == 4 && lines[3].isEmpty)
        #expect(lines[0].hasPrefix("file,prompt,seed,model,steps,guidance,sampler,sha256,case,table.File,No Finding,"))
        #expect(lines[1].hasPrefix("images/0000.png,\"Large left effusion, no fracture.\",4,tiny,2,2.0,euler,"))
        #expect(lines[2].contains(",9,tiny,2,2.0,euler,\(ContentHash.of(wanted[0])),\"B,\"\"2\"\"\",y,"))
        let heads = lines[0].split(separator: ",", omittingEmptySubsequences: false)
        func label(_ line: String, _ finding: Substring) throws -> Substring {
          let place = try #require(heads.firstIndex(of: finding))
          // The labels are at the end, where no cell has a comma.
          return line.split(separator: ",", omittingEmptySubsequences: false).suffix(heads.count - place).first ?? "?"
        }
        #expect(try label(lines[1], "Pleural Effusion") == "1")
        #expect(try label(lines[1], "Fracture") == "0")
        #expect(try label(lines[1], "Edema") == "")
        #expect(try label(lines[2], "Pneumothorax") == "0")
      }
    }
  }

  @Test(arguments: [
    "", "a,b\n1,2\n", "prompt,seed\nx,minus\n", "prompt\n\"open\n", "prompt,seed\nx\n", "prompt\n",
    "prompt\n\u{FFFF}\u{0}\n",
  ])
  func aTableThatCannotBeReadIsRefused(table: String) async throws {
    try await withService { service async throws in
      let answer = try await service.send(.POST, "/api/jobs", body: table, type: "text/csv")
      #expect(answer.status == 400, "\(answer.text)")
      #expect(["invalid_table", "invalid_field", "empty_prompt"].contains(answer.code ?? ""), "\(answer.text)")
    }
  }

  private func unzip(_ name: String, in folder: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["unzip", "-q", name]
    process.currentDirectoryURL = folder
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "unzip finds the archive damaged")
  }
}

@Suite struct JobStoreTests {
  private func job(_ id: String, _ state: JobState, finished: Date? = nil) -> Job {
    Job(
      id: id, account: "a", state: state, created: Date(), finished: finished, model: "tiny", images: 1, request: "{}")
  }

  private func add(_ bytes: Int, to id: String, _ store: JobStore) async throws {
    let image = JobImage(index: 0, prompt: "a", seed: .max, hashes: ["png": "x"])
    try await store.add(image, files: [(.png, [UInt8](repeating: 1, count: bytes))], to: id)
  }

  @Test func jobsOfAnEndedProcessAreInterrupted() async throws {
    let folder = try TemporaryFolder()
    let state = try StateFolder(folder.path("s"))
    do {
      let store = try JobStore(state: state)
      try await store.insert(job("w", .waiting))
      try await store.insert(job("r", .waiting))
      try await store.begin("r")
      try await add(5, to: "r", store)
      try await store.insert(job("f", .finished, finished: Date()))
    }
    try FileManager.default.createDirectory(atPath: folder.path("s/images/stray"), withIntermediateDirectories: true)
    let store = try JobStore(state: state)
    #expect(Set(store.interrupted.map(\.id)) == ["r", "w"] && store.interrupted.allSatisfy { $0.account == "a" })
    #expect(try JobStore(state: state).interrupted.isEmpty)
    #expect(try await store.job("w")?.state == .interrupted)
    #expect(try await store.job("r")?.state == .interrupted)
    #expect(try await store.job("f")?.state == .finished)
    #expect(try await store.images(of: "r").map(\.seed) == [.max])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("s/images")).sorted() == ["f", "r", "w"])
  }

  @Test func jobsAreKeptByTimeAndBytes() async throws {
    let folder = try TemporaryFolder()
    let store = try JobStore(state: try StateFolder(folder.path("s")))
    let now = Date()
    for (id, age) in [("old", 7_200.0), ("middle", 1_800), ("new", 60)] {
      try await store.insert(job(id, .finished, finished: now.addingTimeInterval(-age)))
      try await add(100, to: id, store)
    }
    try await store.insert(job("runs", .running))
    try await add(100, to: "runs", store)
    var retention = Retention()
    // A clock that was set back removes nothing.
    #expect(try await store.sweep(retention, now: now.addingTimeInterval(-1e6)) == 0)
    retention.time = .seconds(3_600)
    #expect(try await store.sweep(retention, now: now) == 1)
    #expect(try await store.job("old") == nil)
    retention.bytes = 250
    #expect(try await store.sweep(retention, now: now) == 1)
    #expect(try await store.job("middle") == nil)
    retention.bytes = 0
    #expect(try await store.sweep(retention, now: now) == 1)
    #expect(try await store.jobs(of: nil, limit: 10).map(\.id) == ["runs"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("s/images")) == ["runs"])
  }
}
