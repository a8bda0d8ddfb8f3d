import Testing
import Torch

@testable import TorchNN

// B batch, N heads, L queries, S keys, D width of a head

@Suite struct ChunkedAttentionTests {
  enum Mask: String, CaseIterable {
    case none, ofKeys, ofBatch, ofPairs, ofPairsAlone, bias

    /// True for what may be seen, or for `bias` numbers that are added; every query sees a key.
    func tensor(batch: Int, heads: Int, queries: Int, keys: Int, _ generator: Generator) throws -> Tensor? {
      func drawn(_ shape: [Int]) throws -> Tensor {
        let seen = try Tensor.rand(shape, generator: generator).gt(other: 0.3).to(.float32)
        let first = try (Tensor.arange(keys).eq(other: 0)).to(.float32)
        return try (seen + first).gt(other: 0)
      }
      return switch self {
      case .none: nil
      case .ofKeys: try drawn([1, 1, 1, keys])
      case .ofBatch: try drawn([batch, 1, 1, keys])
      case .ofPairs: try drawn([batch, heads, queries, keys])
      case .ofPairsAlone: try drawn([queries, keys])
      case .bias: try Tensor.randn([1, heads, queries, keys], generator: generator)
      }
    }
  }

  /// Softmax and two products, as the formula has it.
  private func plain(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ mask: Tensor?) throws -> Tensor {
    var scores = try q.matmul(k.transpose(dim0: -1, dim1: -2)) / Double(q.shape[3]).squareRoot()
    if let mask {
      scores =
        mask.dtype == .bool
        ? try Tensor.where(mask, tensors: scores, other: Tensor.full([], value: -.infinity)) : try scores + mask
    }
    return try scores.softmax(dim: -1).matmul(v)
  }

  @Test("Chunks give the output and the gradients of plain attention", arguments: Mask.allCases)
  func parity(mask kind: Mask) throws {
    // Odd sizes; chunks of 1 to 40 queries, the last one short.
    for (batch, heads, queries, keys, width) in [(2, 3, 37, 23, 5), (1, 1, 101, 101, 8), (3, 2, 7, 65, 4)] {
      for limit in [7 * batch * heads * keys, 40 * batch * heads * keys] + (queries < 10 ? [1] : []) {
        let generator = try Generator(seed: 5)
        func drawn(_ length: Int) throws -> Tensor {
          try Tensor.randn([batch, heads, length, width], generator: generator)
        }
        let values = [try drawn(queries), try drawn(keys), try drawn(keys)]
        let outer = try drawn(queries)
        var mask = try kind.tensor(batch: batch, heads: heads, queries: queries, keys: keys, generator)
        func results(_ attention: (Tensor, Tensor, Tensor) throws -> Tensor) throws -> [Tensor] {
          let leaves = try values.map { try $0.clone().setRequiresGrad(true) }
          if kind == .bias { mask = try mask?.detach().clone().setRequiresGrad(true) }
          let output = try attention(leaves[0], leaves[1], leaves[2])
          try (output * outer).sum().backward()
          let inputs = leaves + (kind == .bias ? [try #require(mask)] : [])
          return try [output] + inputs.map { try #require(try $0.grad) }
        }
        let expected = try results { try plain($0, $1, $2, mask) }
        let found = try results {
          try ImageAttention.chunked(query_BNLD: $0, key_BNSD: $1, value_BNSD: $2, mask: mask, scoreLimit: limit)
        }
        #expect(found.count == expected.count)
        for (index, (a, b)) in zip(found, expected).enumerated() {
          #expect(try maximumError(a, b) < 1e-5, "\(index) of \(queries) x \(keys), limit \(limit)")
        }
        let inference = try withoutGradients {
          try ImageAttention.chunked(
            query_BNLD: values[0], key_BNSD: values[1], value_BNSD: values[2], mask: mask, scoreLimit: limit)
        }
        #expect(try maximumError(inference, expected[0]) < 1e-5)
      }
    }
  }

  @Test("Attention that holds its scores gives what plain attention gives", arguments: Mask.allCases)
  func withScores(mask kind: Mask) throws {
    let (batch, heads, queries, keys, width) = (2, 3, 37, 23, 5)
    let generator = try Generator(seed: 5)
    func drawn(_ length: Int) throws -> Tensor {
      try Tensor.randn([batch, heads, length, width], generator: generator)
    }
    let values = [try drawn(queries), try drawn(keys), try drawn(keys)]
    let outer = try drawn(queries)
    let mask = try kind.tensor(batch: batch, heads: heads, queries: queries, keys: keys, generator)
    func results(_ attention: (Tensor, Tensor, Tensor) throws -> Tensor) throws -> [Tensor] {
      let leaves = try values.map { try $0.clone().setRequiresGrad(true) }
      let output = try attention(leaves[0], leaves[1], leaves[2])
      try (output * outer).sum().backward()
      return try [output] + leaves.map { try #require(try $0.grad) }
    }
    let expected = try results { try plain($0, $1, $2, mask) }
    let found = try results {
      try ImageAttention.withScores(query_BNLD: $0, key_BNSD: $1, value_BNSD: $2, mask: mask)
    }
    for (index, (a, b)) in zip(found, expected).enumerated() { #expect(try maximumError(a, b) < 1e-5, "\(index)") }
  }

  @Test("Scores are held for bfloat16 on a CPU that computes with it, and only if they are few")
  func prefersScores() throws {
    func prefers(_ dtype: DType, _ queries: Int, _ keys: Int) throws -> Bool {
      func zeros(_ length: Int) throws -> Tensor { try Tensor.zeros([1, 2, length, 4], dtype: dtype) }
      return try ImageAttention.prefersScores(zeros(queries), zeros(keys))
    }
    #expect(try prefers(.bfloat16, 64, 256) == Tensor.packsConvolutions(of: .bfloat16))
    #expect(try !prefers(.float32, 64, 256))
    #expect(try !prefers(.bfloat16, 4096, 257))
  }

  @Test("Under autocast, chunks are computed again in the type of the forward pass")
  func autocast() throws {
    let generator = try Generator(seed: 6)
    let values = try (0..<3).map { _ in try Tensor.randn([1, 2, 33, 8], generator: generator) }
    func results(limit: Int) throws -> [Tensor] {
      let leaves = try values.map { try $0.clone().setRequiresGrad(true) }
      let output = try withAutocast(.bfloat16) {
        try ImageAttention.chunked(query_BNLD: leaves[0], key_BNSD: leaves[1], value_BNSD: leaves[2], scoreLimit: limit)
      }
      try output.to(.float32).square().sum().backward()
      return try [output] + leaves.map { try #require(try $0.grad) }
    }
    let (whole, chunks) = (try results(limit: 1 << 20), try results(limit: 500))
    #expect(chunks[0].dtype == .bfloat16)
    #expect(chunks[1].dtype == .float32)
    for (a, b) in zip(chunks, whole) { #expect(try maximumError(a.to(.float32), b.to(.float32)) < 0.1) }
  }

  @Test("A kernel is found where LibTorch has one, and not for a mask with gradients; both ways give one result")
  func choice() throws {
    let generator = try Generator(seed: 7)
    let q = try Tensor.randn([1, 2, 1500, 8], generator: generator)
    let mask = try Tensor.randn([1500, 1500], generator: generator)
    #expect(try q.fusesAttention(key: q, value: q))
    #expect(try q.fusesAttention(key: q, value: q, attnMask: mask))
    let expected = try ImageAttention.attend(query_BNLD: q, key_BNSD: q, value_BNSD: q, mask: mask, height: 30)
    try mask.setRequiresGrad(true)
    #expect(try !q.fusesAttention(key: q, value: q, attnMask: mask))
    let found = try ImageAttention.attend(query_BNLD: q, key_BNSD: q, value_BNSD: q, mask: mask, height: 30)
    #expect(found.shape == [1, 16, 30, 50])
    #expect(try maximumError(found, expected) < 1e-5)
  }

  @Test("Memory grows with the tokens, not with their square, in both passes")
  func memory() async {
    await #expect(processExitsWith: .success) {
      /// The peak of a pass over `tokens` tokens, beside what was there before.
      func peak(tokens: Int, chunks: Bool) throws -> Int {
        let q = try Tensor.full([1, 2, tokens, 8], value: 0.1).setRequiresGrad(true)
        // A mask with gradients, for which there is no kernel: `[1, 1, 1, S]`.
        let mask = try Tensor.zeros([1, 1, 1, tokens]).setRequiresGrad(true)
        let before = try #require(try TensorMemory.liveBytes())
        try TensorMemory.resetPeak()
        let output =
          chunks
          ? try ImageAttention.chunked(query_BNLD: q, key_BNSD: q, value_BNSD: q, mask: mask, scoreLimit: 1 << 14)
          : try q.scaledDotProductAttention(key: q, value: q, attnMask: mask)
        try output.sum().backward()
        return try #require(try TensorMemory.peakBytes()) - before
      }
      let sizes = [500, 1000, 2000]
      let plain = try sizes.map { try peak(tokens: $0, chunks: false) }
      let chunked = try sizes.map { try peak(tokens: $0, chunks: true) }
      #expect(plain[2] > 3 * plain[1] && plain[1] > 3 * plain[0])
      #expect(chunked[2] < 2 * chunked[1] + 200_000 && chunked[1] < 2 * chunked[0] + 200_000)
      #expect(chunked[2] * 20 < plain[2])
    }
  }
}
