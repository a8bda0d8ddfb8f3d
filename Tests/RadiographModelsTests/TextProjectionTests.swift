import RadiographModels
import Testing
import Torch
import TorchNN

@Suite struct TextProjectionTests {
  private func make(
    _ change: (inout TextProjectionArchitecture) -> Void = { _ in }
  ) throws -> TextProjection {
    var architecture = TinyNetworks.textProjection
    change(&architecture)
    return try TextProjection(ParameterStore(generator: Generator(seed: 1)).root, architecture)
  }

  @Test("Padding reaches neither the mask nor the pooled text")
  func padding() throws {
    let projection = try make()
    let hidden = try Tensor.randn([1, 5, 6], generator: Generator(seed: 2))
    let mask = try Tensor([1, 1, 1, 0, 0] as [Int64], shape: [1, 5])
    let padded = try projection(hidden, mask_BS: mask)
    let short = try projection(
      hidden.narrow(dim: 1, start: 0, length: 3), mask_BS: mask.narrow(dim: 1, start: 0, length: 3))
    #expect(padded.context_BSC.shape == [1, 5, 12])
    #expect(try relativeMaximumError(#require(padded.pooled_BE), #require(short.pooled_BE)) < 1e-5)
    #expect(try padded.mask_BS?.to(.int64).int64s() == [1, 1, 1, 0, 0])
  }

  @Test("No text is one learned token and a learned vector")
  func learnedNull() throws {
    let projection = try make()
    let null = try projection.null(count: 2, tokens: 3)
    #expect(null.context_BSC.shape == [2, 3, 12])
    #expect(try null.mask_BS?.to(.int64).int64s() == [1, 0, 0, 1, 0, 0])
    #expect(null.pooled_BE?.shape == [2, 16])
    #expect(null.context_BSC.requiresGrad)
    #expect(try null.context_BSC.detach().abs().max().item() > 0)
  }

  @Test("No text is zeros, and every token of it is seen where padding is")
  func zeroNull() throws {
    let projection = try make {
      $0.nullCondition = .zeros
      $0.pooling = nil
      $0.attendsToPadding = true
    }
    let null = try projection.null(count: 2, tokens: 3)
    #expect(try null.context_BSC.abs().max().item() == 0)
    #expect(null.mask_BS == nil)
    #expect(null.pooled_BE == nil)
  }

  @Test("Dropped prompts become no text, the others stay")
  func replacing() throws {
    let projection = try make()
    let hidden = try Tensor.randn([2, 4, 6], generator: Generator(seed: 2))
    let condition = try projection(hidden, mask_BS: Tensor.ones([2, 4], dtype: .bool))
    let mixed = try projection.replacing(condition, whereNull: Tensor([1, 0] as [Int64], shape: [2]).to(.bool))
    let null = try projection.null(count: 2, tokens: 4)
    for (row, source) in [(0, null), (1, condition)] {
      func same(_ a: Tensor?, _ b: Tensor?) throws -> Bool {
        try #require(a).detach().select(dim: 0, index: row).doubles()
          == #require(b).detach().select(dim: 0, index: row).doubles()
      }
      #expect(try same(mixed.context_BSC, source.context_BSC))
      #expect(try same(mixed.mask_BS, source.mask_BS))
      #expect(try same(mixed.pooled_BE, source.pooled_BE))
    }
  }
}
