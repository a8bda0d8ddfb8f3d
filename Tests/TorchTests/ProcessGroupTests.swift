import Foundation
import Testing
import Torch

/// Ranks are threads of this process: each has a group of its own, as if it were a process.
@Suite("Processes that compute together", .serialized)
struct ProcessGroupTests {
  /// A socket of the loopback that listens on a free port.
  private static func listeningSocket() throws -> (descriptor: Int32, port: UInt16) {
    #if os(Linux)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(isBound)
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  /// Runs `body` in each rank of a group, and returns the result of each.
  private static func inRanks(
    _ count: Int, stepSeconds: Double = 60, _ body: @escaping @Sendable (ProcessGroupGloo) throws -> [Double]
  ) throws -> [Result<[Double], any Error>] {
    let socket = try listeningSocket()
    let results = Results(count: count)
    let threads = (0..<count).map { rank in
      Thread {
        results[rank] = Result {
          var options = ProcessGroupGloo.Options(host: "127.0.0.1", port: socket.port, rank: rank, count: count)
          options.listening = rank == 0 ? socket.descriptor : nil
          options.stepSeconds = stepSeconds
          return try body(ProcessGroupGloo(options))
        }
      }
    }
    threads.forEach { $0.start() }
    return results.wait()
  }

  private final class Results: @unchecked Sendable {
    // Guarded by `condition`.
    private var values: [Result<[Double], any Error>?]
    private let condition = NSCondition()

    init(count: Int) { values = Array(repeating: nil, count: count) }

    subscript(rank: Int) -> Result<[Double], any Error> {
      get { condition.withLock { values[rank] ?? .failure(CancellationError()) } }
      set {
        condition.withLock {
          values[rank] = newValue
          condition.broadcast()
        }
      }
    }

    func wait() -> [Result<[Double], any Error>] {
      condition.withLock {
        while values.contains(where: { $0 == nil }) { condition.wait() }
        return values.compactMap { $0 }
      }
    }
  }

  @Test("sums and broadcasts reach all processes, of any number format and layout", arguments: [2, 3, 4])
  func collectives(count: Int) throws {
    let found = try Self.inRanks(count) { group in
      let rank = Double(group.options.rank)
      let sum = try Tensor([rank + 1, 2 * rank], shape: [2])
      try group.sum(sum)
      let transposed = try Tensor([Float(rank), 1, 2, 3, 4, 5], shape: [2, 3]).transpose(dim0: 0, dim1: 1)
      try group.sum(transposed)
      let bytes = try Tensor(bytes: [UInt8(group.options.rank), 7], shape: [2], dtype: .uint8)
      try group.broadcast(bytes, from: 1)
      try group.barrier()
      let values = try sum.doubles() + transposed.doubles() + bytes.bytes().map(Double.init)
      try group.leave()
      return values
    }
    let (n, pairs) = (Double(count), Double(count * (count - 1) / 2))
    for result in found {
      #expect(try result.get() == [n + pairs, 2 * pairs, pairs, 3 * n, n, 4 * n, 2 * n, 5 * n, 1, 7])
    }
  }

  @Test("gradients are added up while the backward pass goes on; a process without one counts as zero")
  func gradients() throws {
    let found = try Self.inRanks(2) { group in
      let rank = group.options.rank
      let parameters = try (0..<6).map { try Tensor([Float($0), 1, 2, 3], shape: [2, 2]).setRequiresGrad(true) }
      // Each bucket holds one parameter.
      let reducer = try GradientReducer(group, parameters: parameters, bucketBytes: 16)
      var overlapped: [Double] = []
      for step in 0..<3 {
        for parameter in parameters { try parameter.setGrad(nil) }
        try reducer.begin()
        // Parameter 1 has a gradient in one process only, parameter 5 in none; the third step uses parameter 4 twice.
        var chain = parameters[0]
        for index in [2, 3, 4] { chain = try chain * parameters[index] }
        if rank == 1 { chain = try chain + parameters[1] * 3 }
        try (chain * Double(rank + 1)).sum().backward()
        if step == 2 { try (parameters[4] * 1).sum().backward() }
        overlapped.append(Double(try reducer.finish()))
      }
      let values = try parameters[..<5].flatMap { try $0.grad?.doubles() ?? [] }
      #expect(try parameters[5].grad == nil)
      try group.leave()
      return overlapped + values
    }
    // Of a product, the gradient of a factor is the product of the others; the ranks' losses are 1 and 2 times it.
    func others(_ index: Int) -> [Double] {
      let factors = [0, 2, 3, 4].filter { $0 != index }
      let first = factors.reduce(3.0) { $0 * Double($1) }
      return [first, 3, 24, 81]
    }
    let last = others(4).map { $0 + 2 }
    let expected = others(0) + [6, 6, 6, 6] + others(2) + others(3) + last
    for result in found {
      let values = try result.get()
      #expect(values[0] == 0 && values[1] > 0)
      #expect(Array(values[3...]) == expected)
    }
  }

  @Test("an error of one process reaches the others with its reason")
  func report() throws {
    let found = try Self.inRanks(3) { group in
      if group.options.rank == 2 {
        group.report("the disk is full: make room")
        return []
      }
      try group.barrier(limited: false)
      return []
    }
    for result in found[..<2] {
      #expect(throws: ProcessGroupError.failed(.init(rank: 2), reason: "the disk is full: make room")) {
        try result.get()
      }
    }
  }

  @Test("a process that does not come is named when the time of a step is over")
  func late() throws {
    let found = try Self.inRanks(3, stepSeconds: 2) { group in
      if group.options.rank == 1 {
        while !group.hasFailed { Thread.sleep(forTimeInterval: 0.02) }
        try group.requireWhole()
      }
      try group.barrier()
      return []
    }
    for result in found {
      #expect(throws: ProcessGroupError.silent(.init(rank: 1), seconds: 1.5)) { try result.get() }
    }
  }

  @Test("waiting without a limit outlasts the time of a step while the others live")
  func unlimited() throws {
    let found = try Self.inRanks(2, stepSeconds: 0.4) { group in
      if group.options.rank == 0 { Thread.sleep(forTimeInterval: 1.2) }
      try group.barrier(limited: false)
      try group.leave()
      return [1]
    }
    for result in found { #expect(try result.get() == [1]) }
  }

  @Test("a port that is taken, an address where no one is, and a process that does not come are errors of one line")
  func joining() throws {
    let socket = try Self.listeningSocket()
    defer { close(socket.descriptor) }
    var options = ProcessGroupGloo.Options(host: "127.0.0.1", port: socket.port, rank: 0, count: 2)
    options.joinSeconds = 1
    #expect(throws: ProcessGroupError.portTaken(port: Int(socket.port))) { try ProcessGroupGloo(options) }
    options.port = 1
    options.rank = 1
    #expect(throws: ProcessGroupError.unreachable(host: "127.0.0.1", port: 1, seconds: 1, reason: "")) {
      try ProcessGroupGloo(options)
    }
    let free = try Self.listeningSocket()
    (options.rank, options.port, options.listening) = (0, free.port, free.descriptor)
    #expect(throws: ProcessGroupError.notJoined(rank: 1, count: 2, seconds: 1)) { try ProcessGroupGloo(options) }
  }
}
