import Torch
import TorchNN

/// Processes that compute together over the network, or over the loopback of one machine.
final class GlooProcesses: ProcessGroup {
  let share: RankShare
  private let group: ProcessGroupGloo
  private let bucketBytes: Int
  private var reducer: GradientReducer?
  private var hasBegun = false
  /// How many buckets of the last step had left before its backward pass was over.
  private(set) var overlappedBuckets = 0

  /// Joins the others.
  ///
  /// - Throws: `ProcessGroupError`, `TorchError`.
  init(_ place: ProcessPlace, bucketBytes: Int = 25 << 20) throws {
    share = RankShare(rank: place.rank, count: place.count)
    self.bucketBytes = bucketBytes
    group = try ProcessGroupGloo(place.groupOptions)
  }

  var isBroken: Bool { group.hasFailed }

  func beginSum(gradientsOf parameters: [Parameter]) throws {
    let values = try parameters.map { try $0.value }
    if reducer?.isOf(values) != true {
      // The former one's hooks go before the new one's come.
      reducer = nil
      reducer = try GradientReducer(group, parameters: values, bucketBytes: bucketBytes)
    }
    try reducer?.begin()
    hasBegun = true
  }

  func sum(gradientsOf parameters: [Parameter]) throws {
    if !hasBegun { try beginSum(gradientsOf: parameters) }
    hasBegun = false
    overlappedBuckets = try reducer?.finish() ?? 0
  }

  func sum(_ values: [Double], limited: Bool) throws -> [Double] {
    guard !values.isEmpty else { return [] }
    let tensor = try Tensor(values, shape: [values.count])
    try group.sum(tensor, limited: limited)
    return try tensor.doubles()
  }

  func takeFromFirst(_ parameters: [Parameter]) throws {
    for parameter in parameters where parameter.hasValue { try group.broadcast(parameter.value.detach()) }
  }

  func fromFirst(_ bytes: [UInt8]) throws -> [UInt8] {
    let count = try Tensor([Int64(bytes.count)], shape: [1])
    try group.broadcast(count, limited: false)
    let length = Int(try count.int64s()[0])
    guard length > 0 else { return [] }
    let own = share.rank == 0 ? bytes : [UInt8](repeating: 0, count: length)
    let content = try Tensor(bytes: own, shape: [length], dtype: .uint8)
    try group.broadcast(content)
    return try content.bytes()
  }

  func waitForAll() throws { try group.barrier(limited: false) }

  func leave() throws { try group.leave() }

  func end(because error: any Error) {
    if !(error is ProcessGroupError) { group.report("\(error)") }
  }
}
