import Foundation
import Testing
import TestBasics
import Torch

/// `scripts/check-gpu`, which has to be ready before there is a GPU.
@Suite("The check of a GPU", .serialized)
struct CheckGPUTests {
  private static let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let script = checkout.appendingPathComponent("scripts/check-gpu").path

  /// Runs the script with the tests' program and LibTorch.
  private func run(_ python: String, _ arguments: [String], in folder: URL) throws -> (status: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, Self.script, "--thorax", Program.path] + arguments
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    environment["THORAX_LIBTORCH"] = Self.checkout.appendingPathComponent(".libtorch").path
    process.environment = environment
    let errors = folder.appendingPathComponent("errors.txt")
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOf: errors, encoding: .utf8))
  }

  /// Whether a Python does what `code` says without an error.
  private static func can(_ python: String, _ code: String) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "-c", code]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test(
    "without a GPU it ends with 69 and one line",
    .enabled("python3 is missing") { can("python3", "pass") },
    .enabled("there is a CUDA GPU here") { try !Device.cuda(0).isAvailable() })
  func noGPU() throws {
    try withTemporaryFolder { folder in
      let result = try run("python3", ["--output", "gpu.json"], in: folder)
      #expect(result.status == 69)
      #expect(result.errors == "error: there is no device cuda:0 on this machine: use --device cpu\n")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("gpu.json").path))
    }
  }

  private static let python = ProcessInfo.processInfo.environment["THORAX_PYTHON"] ?? "python3"

  @Test(
    "on the CPU all parts that need no GPU hold",
    .slow, .tags(.slow),
    .enabled("no Python with torch, safetensors and Pillow: name one in THORAX_PYTHON") {
      can(python, "import torch, safetensors, PIL")
    })
  func cpu() throws {
    try withTemporaryFolder { folder in
      let parts = ["parity", "run", "training", "generation"]
      let result = try run(
        Self.python, ["--device", "cpu", "--output", "gpu.json"] + parts.flatMap { ["--only", $0] }, in: folder)
      #expect(result.status == 0, "\(result.errors)")
      let data = try Data(contentsOf: folder.appendingPathComponent("gpu.json"))
      let report = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
      let found = try #require(report["parts"] as? [String: [String: Any]])
      #expect(Set(found.keys) == Set(parts))
      for (name, part) in found { #expect(part["held"] as? Bool == true, "\(name)") }
      // What is the same network on the same inputs computes the same.
      let steps = try #require(found["training"]?["cases"] as? [String: [String: Any]])
      #expect(steps.count == 2)
      for (name, step) in steps {
        let parity = try #require(step["parity"] as? [String: Any])
        #expect(try #require(parity["gradient_difference"] as? Double) < 0.02, "\(name)")
      }
    }
  }
}
