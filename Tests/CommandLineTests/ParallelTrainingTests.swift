import Foundation
import TensorFiles
import TestBasics
import Testing

/// `thorax train --processes`, and processes that something else has started.
@Suite("Training with several processes", .serialized)
struct ParallelTrainingTests {
  private static let settings = ["batchSize=4", "cadence.log=5", "cadence.checkpoint=5"].flatMap { ["--set", $0] }

  private static func arguments(steps: Int = 100_000, _ more: String...) -> [String] {
    SmallTraining.arguments(steps: steps) + settings + ["--set", "cadence.validate=\(steps)"] + more
  }

  /// The launched processes of a program, by rank.
  private static func children(of parent: Int32) throws -> [Int: Int32] {
    let names = try FileManager.default.contentsOfDirectory(atPath: "/proc")
    return names.compactMap { Int32($0) }.reduce(into: [:]) { found, process in
      guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
        status.contains("PPid:\t\(parent)\n"),
        let environment = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/environ")),
        let rank = environment.split(separator: 0).map({ String(decoding: $0, as: UTF8.self) })
          .first(where: { $0.hasPrefix("RANK=") }).flatMap({ Int($0.dropFirst(5)) })
      else { return }
      found[rank] = process
    }
  }

  private static func losses(_ run: String, in folder: URL) throws -> [Double] {
    let text = try String(contentsOf: folder.appendingPathComponent("\(run)/vae/metrics.jsonl"), encoding: .utf8)
    return text.matches(of: /"loss":([0-9.e-]+)/).compactMap { Double($0.1) }
  }

  @Test("1, 2 and 4 processes have the same losses; only the first prints", .slow, .tags(.slow))
  func losses() throws {
    try SmallTraining.withDataset { folder in
      var all: [[Double]] = []
      for count in [1, 2, 4] {
        let run = "run\(count)"
        let result = try Program.run(
          Self.arguments(steps: 50, "--processes", "\(count)").map { $0 == "run" ? run : $0 }, in: folder)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == folder.appendingPathComponent(run).path + "\n")
        #expect(result.errors.components(separatedBy: "finished after 50 steps").count == 2)
        all.append(try Self.losses(run, in: folder))
      }
      #expect(all[0].count == 11)
      for losses in all[1...] {
        #expect(losses.count == 11 && zip(all[0], losses).allSatisfy { abs($0 - $1) < 1e-5 }, "\(all)")
      }
    }
  }

  #if os(Linux)
    @Test(
      "a process that is killed or stopped ends all with one line that names it; others go on from there", .slow,
      .tags(.slow),
      arguments: [(1, SIGKILL), (0, SIGKILL), (2, SIGSTOP), (0, SIGSTOP)])
    func lost(rank: Int, signal: Int32) throws {
      try SmallTraining.withDataset { folder in
        let run = try RunningProgram(
          Self.arguments("--processes", "3", "--quiet"), in: folder,
          environment: ["THORAX_STEP_TIMEOUT": signal == SIGSTOP ? "6" : "60"])
        defer { run.end() }
        #expect(
          run.waitUntil {
            SmallTraining.isThere("run/vae/checkpoints/step-00000010.safetensors", in: folder)
              || !run.process.isRunning
          })
        let children = try Self.children(of: run.process.processIdentifier)
        #expect(children.keys.sorted() == [0, 1, 2])
        let begin = Date()
        kill(try #require(children[rank]), signal)
        run.process.waitUntilExit()
        #expect(Date().timeIntervalSince(begin) < 60)
        #expect(run.process.terminationStatus == 69, "\(run.errors)")
        let lines = run.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines[0].hasPrefix("error: rank \(rank) (process "), "\(run.errors)")
        #expect(lines.first?.contains(signal == SIGKILL ? " has gone (" : " has not answered for ") == true)
        for child in children.values { #expect(kill(child, 0) != 0, "\(child) is left") }

        let resumed = try Program.run(
          Self.arguments(steps: 100_000, "--resume", "--processes", "2", "--max-time", "3s"), in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.errors.contains("time is up after "), "\(resumed.errors)")
      }
    }

    @Test("a killed launcher leaves no process behind")
    func launcherKilled() throws {
      try SmallTraining.withDataset { folder in
        let run = try RunningProgram(Self.arguments("--processes", "2"), in: folder)
        defer { run.end() }
        #expect(run.waitUntil { SmallTraining.isThere("run/vae/metrics.jsonl", in: folder) })
        let children = try Self.children(of: run.process.processIdentifier).values
        #expect(children.count == 2)
        run.end(SIGKILL)
        #expect(run.waitUntil { children.allSatisfy { kill($0, 0) != 0 } })
      }
    }
  #endif

  @Test(
    "a signal to the launcher ends all with a checkpoint, as one process ends", arguments: [SIGINT, SIGTERM, SIGHUP])
  func signals(signal: Int32) throws {
    try SmallTraining.withDataset { folder in
      let run = try RunningProgram(Self.arguments("--processes", "2"), in: folder)
      defer { run.end() }
      #expect(run.waitUntil { SmallTraining.isThere("run/vae/metrics.jsonl", in: folder) || !run.process.isRunning })
      kill(run.process.processIdentifier, signal)
      run.process.waitUntilExit()
      #expect(run.process.terminationStatus == 130, "\(run.errors)")
      let words = try #require(
        run.errors.firstMatch(of: /error: interrupted after ([0-9]+) steps, which are stored/), "\(run.errors)")
      let step = try #require(Int(words.1))
      let name = "run/vae/checkpoints/step-" + String(format: "%08d", step) + ".safetensors"
      #expect(SmallTraining.isThere(name, in: folder))
    }
  }

  @Test("what is wrong with a launch is one line, and says what to do", .slow, .tags(.slow))
  func badLaunches() throws {
    try SmallTraining.withDataset { folder in
      func expect(_ environment: [String: String], _ more: String..., status: Int32, _ words: String) throws {
        let result = try Program.run(
          Self.arguments(steps: 2) + more, in: folder,
          environment: ["OMP_NUM_THREADS": "1", "THORAX_JOIN_TIMEOUT": "2"].merging(environment) { $1 })
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errorLines.count == 1 && result.errors.contains(words), "\(result.errors)")
      }
      let whole = ["RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29777"]
      try expect(whole.merging(["RANK": "2"]) { $1 }, status: 64, "RANK is 2, and WORLD_SIZE is 2")
      try expect(whole.filter { $0.key != "MASTER_ADDR" }, status: 64, "MASTER_ADDR is not set")
      try expect(whole, "--processes", "2", status: 64, "--processes and the variables RANK and WORLD_SIZE exclude")
      try expect([:], "--processes", "0", status: 64, "processes")
      try expect(whole, status: 69, "rank 1 of 2 has not joined within 2 s")
      try expect(
        whole.merging(["RANK": "1", "MASTER_PORT": "1"]) { $1 }, status: 69, "127.0.0.1:1 has not answered within 2 s")
      try expect([:], "--processes", "5", status: 64, "a step of 4 images (batchSize x accumulation) is too small")
    }
  }

  /// Two network namespaces, joined by a cable: as two machines.
  private struct TwoHosts {
    static let isPossible = getuid() == 0 && shell("unshare -n ip link add tx0 type veth peer name tx1")

    static func shell(_ line: String) -> Bool {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", line]
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      guard (try? process.run()) != nil else { return false }
      process.waitUntilExit()
      return process.terminationStatus == 0
    }
  }

  @Test(
    "two hosts train together",
    .enabled(if: TwoHosts.isPossible, "network namespaces need root, and the tools ip and unshare"))
  func hosts() throws {
    try SmallTraining.withDataset { folder in
      let names = [0, 1].map { "thorax\(getpid())-\($0)" }
      let cables = [0, 1].map { "tx\(getpid() % 100_000)-\($0)" }
      defer { for name in names { _ = TwoHosts.shell("ip netns delete \(name)") } }
      let lines =
        names.map { "ip netns add \($0)" }
        + ["ip link add \(cables[0]) netns \(names[0]) type veth peer name \(cables[1]) netns \(names[1])"]
        + [0, 1].flatMap { host in
          [
            "ip -n \(names[host]) address add 10.77.0.\(host + 1)/24 dev \(cables[host])",
            "ip -n \(names[host]) link set \(cables[host]) up", "ip -n \(names[host]) link set lo up",
          ]
        }
      try #require(TwoHosts.shell(lines.joined(separator: " && ")))
      let arguments = Self.arguments(steps: 6).map { $0 == "run" ? "two" : $0 }
      let line = """
        run() { ip netns exec $1 env RANK=$2 LOCAL_RANK=0 WORLD_SIZE=2 MASTER_ADDR=10.77.0.1 MASTER_PORT=29500 \
        OMP_NUM_THREADS=1 "$3" \(arguments.joined(separator: " ")); }
        run \(names[1]) 1 "$0" & other=$!; run \(names[0]) 0 "$0" || exit 1; wait $other; exit $?; :
        """
      let result = try Program.run([], in: folder, shell: line)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == folder.appendingPathComponent("two").path + "\n")
    }
  }
}
