import Foundation
import Support
import TestBasics
import TestSupport
import Testing

/// `thorax serve` as a user starts it: a process of its own, on a port that the system chooses.
@Suite(.serialized) struct ServeTests {
  /// A service that runs, and the place that it runs in. Nothing in it changes but the process, which is safe to ask.
  final class Service: @unchecked Sendable {
    let place: Workplace
    let process = Process()
    private let output: URL
    private let errorFile: URL

    init(_ place: Workplace, _ arguments: [String] = [], port: Int = 0, shell: String? = nil) throws {
      self.place = place
      output = place.folder.appendingPathComponent(".serve-out-\(UUID().uuidString)")
      errorFile = place.folder.appendingPathComponent(".serve-err-\(UUID().uuidString)")
      for file in [output, errorFile] { try Data().write(to: file) }
      let all =
        ["serve", "--port", "\(port)", "--model", "tiny"] + (arguments.contains("--state") ? [] : ["--state", "state"])
        + arguments
      process.executableURL = URL(fileURLWithPath: shell == nil ? Program.path : "/bin/sh")
      process.arguments = shell.map { ["-c", "\($0) exec \"$0\" \"$@\"", Program.path] + all } ?? all
      process.currentDirectoryURL = place.folder
      process.environment = ProcessInfo.processInfo.environment.merging(place.environment) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: output)
      process.standardError = try FileHandle(forWritingTo: errorFile)
      try process.run()
    }

    deinit { if process.isRunning { end(SIGKILL) } }

    var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// The address that it prints, once it answers.
    var url: String? {
      (try? String(contentsOf: output, encoding: .utf8))?.split(separator: "\n").first.map(String.init)
    }

    func waitUntil(_ moment: () throws -> Bool) rethrows -> Bool {
      let deadline = Date(timeIntervalSinceNow: Program.patience)
      while try !moment() {
        if Date() > deadline || !process.isRunning { return false }
        Thread.sleep(forTimeInterval: 0.01)
      }
      return true
    }

    func waitUntilReady() throws -> Bool { try waitUntil { try url != nil && curl("/readyz").status == 200 } }

    func end(_ signal: Int32) {
      if process.isRunning { kill(process.processIdentifier, signal) }
      process.waitUntilExit()
    }

    /// Sends a request with curl, which set-up needs anyway.
    func curl(_ path: String, _ json: String? = nil, arguments: [String] = []) throws -> (status: Int, body: Data) {
      let process = Process()
      let file = place.folder.appendingPathComponent(".curl-\(UUID().uuidString)")
      let status = Pipe()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      let body = json.map { ["--header", "Content-Type: application/json", "--data", $0] } ?? []
      process.arguments =
        ["curl", "--silent", "--max-time", "100", "--output", file.path, "--write-out", "%{http_code}"] + body
        + arguments
        + [(url ?? "http://127.0.0.1:1") + path]
      process.standardOutput = status
      try process.run()
      process.waitUntilExit()
      defer { try? FileManager.default.removeItem(at: file) }
      let text = String(decoding: status.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      return (Int(text) ?? 0, (try? Data(contentsOf: file)) ?? Data())
    }

    func json(_ path: String, _ body: String? = nil) throws -> [String: Any] {
      try JSONSerialization.jsonObject(with: curl(path, body).body) as? [String: Any] ?? [:]
    }
  }

  @Test func aRequestGivesTheBytesOfGenerate() throws {
    try withWorkplace { place in
      let socket = "/tmp/thorax-\(UUID().uuidString.prefix(8)).sock"
      let service = try Service(place, ["--threads", "1", "--unix", socket])
      #expect(try service.waitUntilReady(), "\(service.errors)")
      let common = ["--seed", "4", "--steps", "3", "--sampler", "heun", "--negative", "effusion", "--guidance", "1.5"]
      let alone = try place.run(
        ["generate", "clear lungs", "--count", "2", "--model", "tiny", "--threads", "1", "--output", "a.png"] + common)
      #expect(alone.status == 0, "\(alone.errors)")
      let via = try place.run(
        ["generate", "clear lungs", "--count", "2", "--via", socket, "--output", "b.png", "--json"] + common)
      #expect(via.status == 0, "\(via.errors)")
      #expect(try place.data("a-000.png") == place.data("b-000.png"))
      #expect(try place.data("a-001.png") == place.data("b-001.png"))
      let report = try #require(try JSONSerialization.jsonObject(with: Data(via.output.utf8)) as? [String: Any])
      #expect((report["model"] as? [String: String])?["name"] == "tiny" && report["steps"] as? Int == 3)
      #expect((report["images"] as? [[String: Any]])?.map { $0["seed"] as? Int } == [4, 5])
      let http = try service.curl(
        "/api/images",
        #"{"prompt": "clear lungs", "seed": 4, "steps": 3, "sampler": "heun", "negative_prompt": "effusion", "guidance": 1.5}"#
      )
      #expect(http.status == 200)
      #expect(try http.body == place.data("a-000.png"))

      let wrong = try place.run(["generate", "a", "--via", socket, "--model", "other", "--output", "c.png"])
      #expect(wrong.status == 66 && wrong.errorLines.last?.contains("is not served") == true, "\(wrong.errors)")
      let steps = try place.run(["generate", "a", "--via", socket, "--steps", "100000", "--output", "c.png"])
      #expect(steps.status == 64, "\(steps.errors)")
      service.end(SIGTERM)
      #expect(service.process.terminationStatus == 0, "\(service.errors)")
      #expect(!FileManager.default.fileExists(atPath: socket))
      let gone = try place.run(["generate", "a", "--via", socket, "--output", "c.png"])
      #expect(gone.status == 69 && gone.errorLines.last?.contains("no service answers") == true, "\(gone.errors)")
      #expect(try place.run(["generate", "a", "--via", socket, "--device", "cpu"]).status == 64)
    }
  }

  @Test func imagesOfOnePromptAreTheFramesThatTheServiceSends() throws {
    try withWorkplace { place in
      let common = ["--model", "tiny", "--threads", "1", "--seed", "4", "--steps", "3"]
      let made = try place.run(
        ["generate", "clear lungs", "--count", "3", "--multi-frame", "--output", "out/x.dcm", "--json"] + common)
      #expect(made.status == 0, "\(made.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder.path + "/out") == ["x.dcm"])
      let file = try place.data("out/x.dcm")
      let report = try #require(try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any])
      let images = try #require(report["images"] as? [[String: Any]])
      #expect(images.map { $0["frame"] as? Int } == [1, 2, 3] && images.map { $0["seed"] as? Int } == [4, 5, 6])
      #expect(images.allSatisfy { $0["path"] as? String == "out/x.dcm" })
      #expect(images.allSatisfy { $0["sha256"] as? String == ContentHash.of(file) })
      let again = try place.run(
        ["generate", "clear lungs", "--count", "3", "--multi-frame", "--output", "again.dcm"] + common)
      #expect(again.status == 0 && again.output == "again.dcm\n", "\(again.errors)")
      #expect(try place.data("again.dcm") == file)

      let service = try Service(place, ["--threads", "1"])
      #expect(try service.waitUntilReady(), "\(service.errors)")
      let job = try service.json("/api/jobs", #"{"prompt": "clear lungs", "seed": 4, "count": 3, "steps": 3}"#)
      let id = try #require(job["id"] as? String)
      #expect(try service.waitUntil { try service.json("/api/jobs/\(id)")["state"] as? String == "finished" })
      #expect(try service.curl("/api/jobs/\(id)/images.dcm").body == file)
      service.end(SIGTERM)

      // Our own importer knows it for what it is.
      let refused = try place.run(["data", "import", "dicom", "out", "--output", "dataset", "--size", "64", "--quiet"])
      #expect(refused.status == 65, "\(refused.status) \(refused.errors)")
      for (arguments, status, says) in [
        (["a", "--output", "x.png"], 64, "only DICOM has frames"), (["a", "b", "--output", "x.dcm"], 64, "one prompt"),
        (["a", "--count", "1001", "--output", "x.dcm"], 64, "1 to 1000"),
        (["a", "--output", "out/x.dcm"], 73, "exists"),
        (["a", "--output", "x.dcm", "--via", "s"], 64, "--multi-frame and --via"),
        (["a", "--output", "x.dcm", "--preview-every", "1"], 64, "--preview-every and --multi-frame"),
      ] {
        let wrong = try place.run(["generate", "--multi-frame", "--model", "tiny"] + arguments)
        #expect(wrong.status == status && wrong.errors.contains(says) && wrong.errorLines.count == 1, "\(wrong.errors)")
      }
    }
  }

  @Test func anImageSaysHowNearItIsToTheTrainingImages() throws {
    try withWorkplace { place in
      for arguments in [
        ["data", "phantom", "--count", "200", "--seed", "1", "--output", "dataset", "--quiet"],
        ["evaluate", "gate", "--data", "dataset", "--save-gate", "gate.safetensors", "--quiet"],
      ] {
        let done = try place.run(arguments)
        try #require(done.status == 0, "\(done.errors)")
      }
      let service = try Service(place, ["--gate", "gate.safetensors"])
      #expect(try service.waitUntilReady(), "\(service.errors)")
      let job = try service.json("/api/jobs", #"{"prompt": "clear lungs", "seed": 4, "steps": 2}"#)
      let id = try #require(job["id"] as? String)
      #expect(try service.waitUntil { try service.json("/api/jobs/\(id)")["state"] as? String == "finished" })
      let image = try #require((try service.json("/api/jobs/\(id)")["images"] as? [[String: Any]])?.first)
      let nearness = try #require(image["nearness"] as? [String: Any], "\(service.errors)")
      // Noise of a model that has learned nothing is like no phantom.
      #expect(nearness["verdict"] as? String == "clear" && (nearness["images"] as? Int ?? 0) > 100)
      let (distance, threshold) = (nearness["distance"] as? Double ?? -1, nearness["threshold"] as? Double ?? -1)
      #expect(distance > threshold && threshold > 0 && distance <= 1)
      service.end(SIGTERM)
      let restarted = try Service(place)
      #expect(try restarted.waitUntilReady(), "\(restarted.errors)")
      let kept = try #require((try restarted.json("/api/jobs/\(id)")["images"] as? [[String: Any]])?.first)
      #expect((kept["nearness"] as? [String: Any])?["distance"] as? Double == distance)
    }
  }

  @Test func whatCannotBeTaughtWithIsRefusedInOneLine() throws {
    try withWorkplace { place in
      try FileManager.default.createDirectory(atPath: place.folder.path + "/empty", withIntermediateDirectories: true)
      try Data("text".utf8).write(to: place.folder.appendingPathComponent("text.csv"))
      for (arguments, status, says) in [
        (["--quiz", "none"], 65, "no such folder"), (["--quiz", "empty"], 65, "holds no PNG"),
        (["--cases", "none.csv"], 66, "none.csv"), (["--cases", "text.csv"], 65, "as cases"),
        (["--gate", "none"], 66, "none"), (["--gate", "text.csv"], 65, "text.csv"),
      ] {
        let wrong = try place.run(["serve", "--port", "0", "--model", "tiny", "--state", "state"] + arguments)
        #expect(wrong.status == status && wrong.errors.contains(says), "\(arguments): \(wrong.status) \(wrong.errors)")
        #expect(wrong.errorLines.count == 1 && wrong.output.isEmpty, "\(wrong.errors)")
      }
    }
  }

  @Test func terminatingFinishesWhatRuns() throws {
    try withWorkplace { place in
      let service = try Service(place)
      #expect(try service.waitUntilReady(), "\(service.errors)")
      let answer = Answer()
      let thread = Thread {
        answer.status = try? service.curl("/api/images", #"{"prompt": "effusion", "steps": 250}"#).status
        answer.done.signal()
      }
      thread.start()
      #expect(
        try service.waitUntil {
          try String(decoding: service.curl("/metrics").body, as: UTF8.self).contains("running 1")
        })
      service.end(SIGTERM)
      answer.done.wait()
      #expect(answer.status == 200)
      #expect(service.process.terminationReason == .exit && service.process.terminationStatus == 0, "\(service.errors)")
    }
  }

  private final class Answer: @unchecked Sendable {
    // Written by the one thread before the semaphore is raised, read afterwards.
    var status: Int?
    let done = DispatchSemaphore(value: 0)
  }

  @Test func afterAKilledProcessTheJobIsInterruptedAndTheLogWhole() throws {
    try withWorkplace { place in
      let first = try Service(place)
      #expect(try first.waitUntilReady(), "\(first.errors)")
      let id = try #require(
        first.json("/api/jobs", #"{"prompt": "effusion", "steps": 250, "count": 10, "seed": 1}"#)["id"] as? String)
      #expect(try first.waitUntil { (try first.json("/api/jobs/\(id)")["images"] as? [Any])?.count ?? 0 > 0 })
      first.end(SIGKILL)
      let second = try Service(place)
      #expect(try second.waitUntilReady(), "\(second.errors)")
      let job = try second.json("/api/jobs/\(id)")
      #expect(job["state"] as? String == "interrupted")
      #expect(try second.curl("/api/jobs/\(id)/images/0.png").status == 200)
      #expect(try second.curl("/api/jobs/\(id)/archive.zip").status == 200)
      let audit = try place.run(["audit", "verify", "--state", "state"])
      // Its beginning, one image or more, and that it was interrupted.
      let entries = audit.output.split(separator: " ").first.flatMap { Int($0) } ?? 0
      #expect(audit.status == 0 && entries >= 3 && audit.output.contains("entries, chain whole"), "\(audit.errors)")
    }
  }

  @Test func accountsAreMadeListedAndRevoked() throws {
    try withWorkplace { place in
      let state = ["--state", "state"]
      let made = try place.run(["serve", "tokens", "add", "anna", "--role", "teach"] + state)
      #expect(made.status == 0 && made.output.wholeMatch(of: #/thx_[0-9a-f]{64}\n/#) != nil, "\(made.errors)")
      #expect(try place.run(["serve", "tokens", "add", "anna"] + state).status == 73)
      #expect(try place.run(["serve", "tokens", "add", "ben", "--role", "king"] + state).status == 64)
      #expect(try place.run(["serve", "tokens", "add", "a b"] + state).status == 64)
      let list = try place.run(["serve", "tokens", "list"] + state)
      #expect(list.output.contains("anna") && list.output.contains("teach") && !list.output.contains("thx_"))
      let service = try Service(place)
      #expect(try service.waitUntilReady(), "\(service.errors)")
      let token = made.output.trimmingCharacters(in: .newlines)
      let bearer = ["--header", "Authorization: Bearer \(token)"]
      #expect(try service.curl("/v1/models").status == 401)
      #expect(try service.curl("/v1/models", arguments: bearer).status == 200)
      #expect(try place.run(["serve", "tokens", "revoke", "anna"] + state).status == 0)
      #expect(try service.curl("/v1/models", arguments: bearer).status == 401)
      #expect(try place.run(["serve", "tokens", "revoke", "anna"] + state).status == 66)
      service.end(SIGINT)
      #expect(service.process.terminationStatus == 0)
    }
  }

  private static let hasOpenSSL = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

  @Test(.enabled(if: hasOpenSSL, "making a certificate takes openssl"))
  func aCertificateMakesTLS() throws {
    try withWorkplace { place in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
      process.arguments = [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
        "-subj",
        "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
      ]
      process.currentDirectoryURL = place.folder
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      let service = try Service(place, ["--certificate", "cert.pem", "--key", "key.pem"])
      let trusted = ["--cacert", place.folder.appendingPathComponent("cert.pem").path]
      #expect(
        try service.waitUntil { try service.url != nil && service.curl("/readyz", arguments: trusted).status == 200 })
      #expect(service.url?.hasPrefix("https://127.0.0.1:") == true)
      #expect(try service.curl("/healthz").status == 0, "a certificate that no one vouches for is not trusted")
      #expect(try service.curl("/healthz", arguments: trusted + ["--tls-max", "1.1"]).status == 0)
      let headers = try service.curl("/healthz", arguments: trusted + ["--include"])
      #expect(
        String(decoding: headers.body, as: UTF8.self).lowercased().contains("strict-transport-security: max-age="))
      // A certificate and the key of another.
      let wrong = try place.run([
        "serve", "--model", "tiny", "--state", "other", "--certificate", "cert.pem", "--key", "cert.pem",
      ])
      #expect(wrong.status == 65 && wrong.errorLines.count == 1, "\(wrong.errors)")
    }
  }

  /// What is typed, the exit code, and words of the one line.
  static let refused: [(arguments: [String], status: Int32, says: String)] = [
    (["--host", "0.0.0.0"], 64, "thorax serve tokens add"), (["--port", "70000"], 64, "0 to 65535"),
    (["--port", "x"], 64, "not a number"), (["--workers", "0"], 64, "workers"),
    (["--model", "nothing"], 66, "nothing"),
    (["--config", "none.yaml"], 66, "no such file"), (["--config", "bad.yaml"], 65, "did you mean 'port'"),
    (["--config", "binary.yaml"], 65, "cannot be used"), (["--certificate", "bad.yaml"], 64, "belong together"),
    (["--certificate", "bad.yaml", "--key", "bad.yaml"], 65, "no certificate"),
    (["--unix", "bad.yaml"], 73, "no socket"),
    (["--unix", "no/such/folder/s"], 69, "cannot listen"), (["--state", "bad.yaml"], 73, "--state"),
    (["--device", "tpu"], 64, "device"), (["--host", "no.such.host.invalid"], 64, "accounts"),
  ]

  @Test func whatCannotServeEndsWithOneLine() throws {
    try withWorkplace { place in
      try Data("prot: 1\n".utf8).write(to: place.folder.appendingPathComponent("bad.yaml"))
      try Data([0xFF, 0xFE, 0, 1]).write(to: place.folder.appendingPathComponent("binary.yaml"))
      for (arguments, status, says) in Self.refused {
        let base = arguments.contains("--model") ? [] : ["--model", "tiny"]
        let state = arguments.contains("--state") ? [] : ["--state", "state"]
        let port = arguments.contains("--port") || arguments.contains("--host") ? [] : ["--port", "0"]
        let result = try place.run(["serve"] + base + state + port + arguments)
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(result.errorLines.count == 1 && result.errors.contains(says), "\(arguments): \(result.errors)")
        #expect(result.output.isEmpty)
      }
    }
  }

  @Test func aPortInUseIsNamed() throws {
    try withWorkplace { place in
      let first = try Service(place)
      #expect(try first.waitUntilReady(), "\(first.errors)")
      let port = try #require(first.url?.split(separator: ":").last)
      let second = try place.run(["serve", "--model", "tiny", "--state", "other", "--port", "\(port)"])
      #expect(second.status == 69 && second.errorLines.count == 1, "\(second.errorLines)")
      #expect(second.errors.contains("127.0.0.1:\(port) is in use"))
      let third = try place.run(["serve", "--model", "tiny", "--state", "state", "--port", "0"])
      #expect(third.status == 73 && third.errors.contains("another service"), "\(third.errors)")
    }
  }

  @Test(.enabled(if: FullDisk.isPossible, "mounting a small disk takes root and the right to mount"))
  func aFullDiskIsAnAnswerAndNoEnd() throws {
    try withWorkplace { place in
      let disk = try FullDisk(at: place.folder.appendingPathComponent("disk"), bytes: 1_500_000)
      defer { disk.unmount() }
      let service = try Service(place, ["--state", "disk/state"])
      defer { service.end(SIGKILL) }
      #expect(try service.waitUntilReady(), "\(service.errors)")
      let id = try #require(
        service.json("/api/jobs", #"{"prompt": "effusion", "steps": 1, "count": 900}"#)["id"] as? String)
      #expect(
        try service.waitUntil {
          try service.json("/api/jobs/\(id)")["state"] as? String == "failed"
        })
      #expect(
        try service.waitUntil {
          let answer = try service.json("/api/images", #"{"prompt": "effusion", "steps": 1}"#)
          return ["storage_full"].contains((answer["error"] as? [String: Any])?["code"] as? String)
        }, "\(service.errors.suffix(500))")
      #expect(try service.curl("/healthz").status == 200)
    }
  }
}
