import Foundation
import TestSupport
import Testing

/// `thorax send`, to a real archive.
@Suite(.serialized) struct SendTests {
  /// Orthanc, on ports of its own, with nothing in it.
  private final class Archive {
    let http: Int
    let dicom: Int
    private let process = Process()

    static let program = "/usr/sbin/Orthanc"
    static let plugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
    static let client = "/usr/bin/curl"
    static let isThere = [program, plugin, client].allSatisfy(FileManager.default.fileExists(atPath:))

    init(in folder: URL) throws {
      (http, dicom) = (Int.random(in: 20_000...29_999), Int.random(in: 30_000...39_999))
      let settings: [String: Any] = [
        "Name": "test", "StorageDirectory": folder.appendingPathComponent("storage").path,
        "IndexDirectory": folder.appendingPathComponent("index").path, "HttpPort": http, "DicomPort": dicom,
        "DicomAet": "ORTHANC", "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
        "DicomCheckCalledAet": true, "Plugins": [Self.plugin], "DicomWeb": ["Enable": true],
      ]
      let file = folder.appendingPathComponent("orthanc.json")
      try JSONSerialization.data(withJSONObject: settings).write(to: file)
      process.executableURL = URL(fileURLWithPath: Self.program)
      process.arguments = [file.path]
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      let begin = Date()
      while Date().timeIntervalSince(begin) < 60, process.isRunning {
        if (try? get("system")) != nil { return }
        Thread.sleep(forTimeInterval: 0.1)
      }
      throw CocoaError(.fileNoSuchFile)
    }

    /// An answer of its REST interface.
    func get(_ path: String) throws -> Any {
      let client = Process()
      client.executableURL = URL(fileURLWithPath: Self.client)
      client.arguments = ["--silent", "--fail", "--max-time", "5", "http://127.0.0.1:\(http)/\(path)"]
      let pipe = Pipe()
      client.standardOutput = pipe
      try client.run()
      let data = pipe.fileHandleForReading.readDataToEndOfFile()
      client.waitUntilExit()
      return try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
    }

    deinit {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  private static func draw(_ name: String, seed: Int, in place: Workplace) throws {
    let result = try place.run([
      "generate", "--model", "tiny", "Large left effusion.", "--seed", "\(seed)", "--output", name,
    ])
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test(
    "an archive takes what was drawn, by STOW-RS and by C-STORE",
    .enabled(if: Archive.isThere, "no Orthanc with DICOMweb (Debian's orthanc-dicomweb) here"))
  func archive() throws {
    try withWorkplace { place in
      let archive = try Archive(in: place.folder)
      try Self.draw("a.dcm", seed: 1, in: place)
      try Self.draw("b.dcm", seed: 2, in: place)
      let web = try place.run(["send", "--to", "http://127.0.0.1:\(archive.http)/dicom-web/", "a.dcm"])
      #expect(web.status == 0 && web.output == "a.dcm\n", "\(web.errors)")
      let store = try place.run(["send", "--to", "ORTHANC@127.0.0.1:\(archive.dicom)", "b.dcm", "a.dcm"])
      #expect(store.status == 0 && store.output == "b.dcm\na.dcm\n", "\(store.errors)")
      let instances = try #require(try archive.get("instances") as? [String])
      #expect(instances.count == 2)
      let studies = try #require(try archive.get("studies?expand") as? [[String: Any]])
      let study = try #require(studies.first)
      #expect(studies.count == 1)
      let patient = try #require(study["PatientMainDicomTags"] as? [String: String])
      #expect(patient["PatientName"] == "Synthetic^No Person")
      let main = try #require(study["MainDicomTags"] as? [String: String])
      #expect(main["StudyDescription"] == "Synthetic: Large left effusion.")

      let refused = try place.run(["send", "--to", "OTHER@127.0.0.1:\(archive.dicom)", "a.dcm"])
      #expect(refused.status == 69 && refused.errorLines.count == 1, "\(refused.errors)")
      let lost = try place.run(["send", "--to", "http://127.0.0.1:\(archive.http)/elsewhere", "a.dcm"])
      #expect(lost.status == 69 && lost.errors.contains("does not take it (404"), "\(lost.errors)")
    }
  }

  @Test("what is no archive, or no drawn image, is one line")
  func badInput() throws {
    try withWorkplace { place in
      try Self.draw("a.dcm", seed: 1, in: place)
      try Self.draw("a.png", seed: 1, in: place)
      func expect(_ status: Int32, _ words: String, _ arguments: String...) throws {
        let result = try place.run(["send"] + arguments)
        #expect(result.status == status && result.errorLines.count == 1, "\(arguments): \(result.errors)")
        #expect(result.errors.contains(words), "\(result.errors)")
      }
      for target in [
        "nowhere", "A@host", "A@host:0", "A@host:99999", "@host:104", "http://",
        String(repeating: "A", count: 17) + "@h:1",
      ] {
        try expect(64, "is no archive", "--to", target, "a.dcm")
      }
      try expect(65, "is not sent", "--to", "A@127.0.0.1:1", "a.png")
      try expect(66, "missing.dcm", "--to", "A@127.0.0.1:1", "missing.dcm")
      try expect(69, "cannot be reached", "--to", "A@127.0.0.1:1", "--timeout", "2", "a.dcm")
      try expect(69, "cannot be reached", "--to", "http://127.0.0.1:1/dicom-web", "--timeout", "2", "a.dcm")
      try expect(64, "timeout is 0", "--to", "A@127.0.0.1:1", "--timeout", "0", "a.dcm")
      try expect(64, "calling-title", "--to", "A@127.0.0.1:1", "--calling-title", "", "a.dcm")
    }
  }
}
