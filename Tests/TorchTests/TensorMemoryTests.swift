import Foundation
import Testing

@testable import Torch

/// Counts are the process's, so each test has a process to itself: other tests make tensors as well.
@Suite("Memory of tensors")
struct TensorMemoryTests {
  @Test("known tensors count to the byte, freed ones are taken off, and the peak stays until it is reset")
  func exactCounts() async {
    await #expect(processExitsWith: .success) {
      let start = try #require(try TensorMemory.liveBytes())
      #expect(start == 0)
      var kept: [Tensor] = [try Tensor.empty([1000, 7])]
      #expect(try TensorMemory.liveBytes() == 28_000)
      kept.append(try Tensor.empty([13], dtype: .float64))
      kept.append(try Tensor.empty([5], dtype: .uint8))
      kept.append(try Tensor.empty([0, 4]))
      #expect(try TensorMemory.liveBytes() == 28_000 + 104 + 5)
      // A view takes nothing, and holds what it looks at.
      let view = try kept[0].narrow(dim: 0, start: 1, length: 2)
      kept.removeFirst()
      #expect(try TensorMemory.liveBytes() == 28_109)
      #expect(view.shape == [2, 7])
      kept.removeAll()
      #expect(try TensorMemory.liveBytes() == 28_000)
      #expect(try TensorMemory.peakBytes() == 28_109)
      try TensorMemory.resetPeak()
      #expect(try TensorMemory.peakBytes() == 28_000)
      _ = try Tensor.empty([2, 3], dtype: .float16)
      #expect(try TensorMemory.peakBytes() == 28_012)
      #expect(try TensorMemory.liveBytes() == 28_000)
      _ = view.shape
    }
  }

  @Test("a trace has the bytes in use after each allocation since its last beginning")
  func trace() async {
    await #expect(processExitsWith: .success) {
      let kept = try Tensor.empty([1000])
      let trace = try TensorMemory.trace { begin in
        _ = try Tensor.empty([5], dtype: .uint8)
        begin()
        let more = try Tensor.empty([10])
        _ = try Tensor.empty([7], dtype: .uint8)
        _ = try Tensor.empty([9], dtype: .uint8)
        _ = more.shape
      }
      #expect(trace == [4040, 4047, 4049])
      #expect(try TensorMemory.trace { _ in } == [])
      _ = kept.shape
    }
  }

  #if os(Linux)
    @Test("large blocks serve the next tensors of their size, and no more are kept than were in use at the peak")
    func keptBlocks() async {
      await #expect(processExitsWith: .success) {
        // The pages that the system gave this thread anew while it filled a tensor of 48 MB.
        func pages() throws -> Int {
          var (before, after) = (rusage(), rusage())
          let thread = __rusage_who_t(1)
          getrusage(thread, &before)
          _ = try Tensor.ones([12 << 20])
          getrusage(thread, &after)
          return after.ru_minflt - before.ru_minflt
        }
        func resident() throws -> Int {
          let words = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
          return (Int(words[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
        }
        try LibTorch.setThreads(1)
        #expect(try pages() > 10)
        #expect(try pages() < 5)
        let start = try resident()
        // Of other sizes each: nothing fits twice, and all of it would be 1.2 GB.
        for more in 1...25 { _ = try Tensor.ones([(12 << 20) - more * 4096]) }
        #expect(try resident() < start + (64 << 20))
      }
    }
  #endif

  @Test("results, gradients and intermediate values count")
  func gradients() async {
    await #expect(processExitsWith: .success) {
      let x = try Tensor.ones([100]).setRequiresGrad(true)
      try TensorMemory.resetPeak()
      let y = try x * x
      #expect(try TensorMemory.liveBytes() == 800)
      try y.backward(gradient: Tensor.ones([100]))
      // The gradient stays; y's graph is gone, y itself is not.
      #expect(try TensorMemory.liveBytes() == 1200)
      try x.setGrad(nil)
      #expect(try TensorMemory.liveBytes() == 800)
      _ = y.shape
    }
  }

  @Test("memory that is not LibTorch's does not count")
  func foreignMemory() async {
    await #expect(processExitsWith: .success) {
      final class Owner {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 64)
        deinit { memory.deallocate() }
      }
      let owner = Owner()
      let tensor = try Tensor(
        over: UnsafeRawBufferPointer(owner.memory), shape: [1024], dtype: .float32, keepingAlive: owner)
      #expect(try TensorMemory.liveBytes() == 0)
      #expect(tensor.shape == [1024])
    }
  }

  @Test("threads that make and free tensors at once lose no byte")
  func threads() async {
    await #expect(processExitsWith: .success) {
      await withTaskGroup(of: Bool.self) { group in
        for seed in 1...4 {
          group.addTask {
            var kept: [Tensor] = []
            for step in 0..<5_000 {
              guard let tensor = try? Tensor.empty([seed * 100 + step % 37]) else { return false }
              kept.append(tensor)
              if kept.count > 10 { kept.removeFirst(5) }
            }
            return true
          }
        }
        for await succeeded in group { #expect(succeeded) }
      }
      #expect(try TensorMemory.liveBytes() == 0)
      // At least what one thread held at some time, at most what all could hold.
      let peak = try #require(try TensorMemory.peakBytes())
      #expect(peak >= 11 * 4 * 400 && peak <= 11 * 4 * (136 + 236 + 336 + 436))
    }
  }

  @Test("checkpointing lowers the peak of a chain of layers")
  func checkpointing() async {
    await #expect(processExitsWith: .success) {
      func peak(checkpointing: Bool) throws -> Int {
        let weights = try (0..<16).map { _ in try Tensor.full([32, 32], value: 0.03).setRequiresGrad(true) }
        var x = try Tensor.ones([1024, 32]).setRequiresGrad(true)
        try TensorMemory.resetPeak()
        for weight in weights {
          let layer: ([Tensor]) throws -> Tensor = { try $0[0].matmul(weight).tanh().exp().square().sigmoid() }
          x = checkpointing ? try checkpointed([x], layer) : try layer([x])
        }
        try x.sum().backward()
        return try #require(try TensorMemory.peakBytes())
      }
      let (plain, saving) = (try peak(checkpointing: false), try peak(checkpointing: true))
      // A layer keeps three values of 128 KiB for its backward pass, a checkpointed one its input alone.
      let value = 1024 * 32 * 4
      #expect(plain > 16 * 3 * value)
      #expect(saving < 30 * value)
      #expect(try peak(checkpointing: true) == saving)
    }
  }

  @Test("a device that is not there has no count")
  func otherDevices() throws {
    #expect(try TensorMemory.liveBytes(on: .cpu) != nil)
    for device in [Device.cuda(0), .mps] where try !device.isAvailable() {
      #expect(try TensorMemory.liveBytes(on: device) == nil)
      #expect(try TensorMemory.peakBytes(on: device) == nil)
      try TensorMemory.resetPeak(on: device)
    }
  }

  @Test("on a GPU a tensor counts", .enabled("no CUDA GPU here") { try Device.cuda(0).isAvailable() })
  func onAGPU() throws {
    let before = try TensorMemory.liveBytes(on: .cuda(0)) ?? 0
    let tensor = try Tensor.empty([1 << 22], device: .cuda(0))
    let live = try #require(try TensorMemory.liveBytes(on: .cuda(0)))
    let peak = try #require(try TensorMemory.peakBytes(on: .cuda(0)))
    #expect(live >= before && live >= 1 << 24 && peak >= live)
    #expect(tensor.count == 1 << 22)
  }

  @Test("more memory than an address can name is refused, and counts nothing")
  func tooMuch() throws {
    for shape in [[1 << 40, 1 << 20], [(1 << 62) - 1 + (1 << 62)]] {
      #expect {
        try Tensor.empty(shape, dtype: .uint8)
      } throws: {
        if case TorchError.outOfMemory = $0 { true } else { false }
      }
      // Other tests run beside this one, and take less.
      #expect(try #require(try TensorMemory.peakBytes()) < 1 << 50)
    }
  }
}
