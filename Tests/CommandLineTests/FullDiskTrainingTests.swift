import Foundation
import Testing

/// Runs whose disk is full, or may not be written.
@Suite(.serialized, .enabled(if: FullDisk.isPossible, "mounting a small disk takes root and the right to mount"))
struct FullDiskTrainingTests {
  /// A run on a disk that has room for it, resumed with less and less room for what it writes.
  @Test func aFullDiskLosesNoCheckpointAndTheRunGoesOnWithRoom() throws {
    try StageRun.with("vae", steps: 2) { run in
      var whole = run
      (whole.name, whole.steps) = ("whole", 6)
      #expect(try whole.run().status == 0)
      let size = try Data(contentsOf: whole.checkpoint(6)).count
      let disk = try FullDisk(at: run.url, bytes: 5 * size)
      defer { disk.unmount() }
      // The run knows from the beginning how many steps it will make, and is stopped after two.
      var run = run
      run.steps = 6
      let stopped = try run.run(signal: SIGTERM, when: { run.isThere("vae/checkpoints/step-00000002.safetensors") })
      #expect(stopped.status == 130, "\(stopped.errors)")
      let checkpoints = try run.checkpoints()
      let newest = try #require(checkpoints.last { $0.hasPrefix("step-") })
      let stored = try Data(contentsOf: run.file("checkpoints/\(newest)"))

      let filler = run.url.appendingPathComponent("filler")
      var failed: Set<String> = []
      for room in [0, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072, size / 2, size] {
        try fill(filler, leaving: room, of: run.url)
        let result = try run.run()
        #expect(result.status == 74, "\(room) bytes: \(result.errors)")
        let errors = result.errorLines.filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 1 && result.errorLines.last == errors.first, "\(result.errors)")
        #expect(errors.first?.contains("no space left: free some") == true, "\(room) bytes: \(result.errors)")
        if let path = errors.first?.dropFirst(7).prefix(while: { $0 != ":" }) {
          failed.insert(URL(fileURLWithPath: String(path)).lastPathComponent)
        }
        try FileManager.default.removeItem(at: filler)
        #expect(try Data(contentsOf: run.file("checkpoints/\(newest)")) == stored, "\(room) bytes")
        let unfinished = try FileManager.default.subpathsOfDirectory(atPath: run.url.path).filter {
          $0.hasSuffix(".tmp")
        }
        #expect(unfinished == [], "\(room) bytes")
      }
      // What there was no room for: settings first, then a record, and with the most room a checkpoint.
      #expect(failed.contains("config.yaml"), "\(failed)")
      #expect(failed.contains { $0.hasSuffix(".safetensors") }, "\(failed)")
      #expect(failed.count >= 3, "\(failed)")
      let result = try run.run()
      #expect(result.status == 0, "\(result.errors)")
      #expect(
        FileManager.default.contentsEqual(atPath: run.checkpoint(6).path, andPath: whole.checkpoint(6).path))
      #expect(try run.rows() == whole.rows())
    }
  }

  @Test func aRunThatMayNotBeWrittenIsRefused() throws {
    try StageRun.with("vae", steps: 2) { run in
      let disk = try FullDisk(at: run.url, bytes: 500 << 20)
      defer { disk.unmount() }
      #expect(try run.run().status == 0)
      #expect(disk.forbidWriting())
      for arguments in [run.arguments(), run.arguments("--resume")] {
        let result = try Program.run(arguments, in: run.folder)
        #expect(result.status == 73, "\(result.errors)")
        #expect(result.errorLines.count == 1, "\(result.errors)")
        #expect(result.errors.contains("the file system is read-only: choose another place"), "\(result.errors)")
      }
    }
  }

  /// Writes zeros until so many bytes are free on the disk.
  private func fill(_ file: URL, leaving room: Int, of folder: URL) throws {
    let free = try FileManager.default.attributesOfFileSystem(forPath: folder.path)[.systemFreeSize] as? Int ?? 0
    #expect(FileManager.default.createFile(atPath: file.path, contents: Data(count: max(0, free - room))))
  }
}
