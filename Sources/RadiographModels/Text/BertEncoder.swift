import Torch
import TorchNN

// B batch, L real tokens, S tokens with padding, D width of the hidden states, N heads, H width of a head

/// A BERT encoder (Devlin et al., 2018): token identifiers to hidden states, without pooler and heads.
///
/// Parameters have Hugging Face's names, so that its checkpoints are this encoder's. Nothing is computed on padding:
/// texts run in batches of one length, and if a caller wants the states at padding tokens too, these see the real
/// tokens and are seen by none, as under an attention mask.
public final class BertEncoder {
  public let architecture: BertArchitecture
  private let embeddings: BertEmbeddings
  private let layers: [BertLayer]

  /// - Throws: `ParameterError`, `TorchError`.
  public init(_ scope: ParameterScope, _ architecture: BertArchitecture) throws {
    self.architecture = architecture
    embeddings = try BertEmbeddings(scope["embeddings"], architecture)
    layers = try (0..<architecture.layers).map { try BertLayer(scope["encoder.layer", $0], architecture) }
  }

  /// The last hidden states of each text.
  ///
  /// - Parameters:
  ///   - texts: The identifiers of the real tokens of each text, at least one and at most `maximumPositions`.
  ///   - length: Computes padding up to this length as well; nil for real tokens alone.
  ///   - paddingID: The token that pads.
  /// - Returns: For each text `[L, D]`, or `[length, D]`.
  /// - Throws: ``TextEncoderError``, `TorchError`.
  public func callAsFunction(_ texts: [[Int]], paddedTo length: Int? = nil, paddingID: Int = 0) throws -> [Tensor] {
    try check(texts, length: length, paddingID: paddingID)
    var results: [Tensor?] = Array(repeating: nil, count: texts.count)
    for (count, indices) in Dictionary(grouping: texts.indices, by: { texts[$0].count }).sorted(by: { $0.key < $1.key })
    {
      let padding = Array(repeating: paddingID, count: max(0, (length ?? count) - count))
      for start in stride(from: 0, to: indices.count, by: Self.batchSize) {
        let batch = indices[start..<min(start + Self.batchSize, indices.count)]
        let ids_BS = try self.ids(batch.map { texts[$0] + padding })
        var hidden_BSD = try embeddings(ids_BS)
        for layer in layers { hidden_BSD = try layer(hidden_BSD, realTokens: count) }
        for (row, index) in batch.enumerated() { results[index] = try hidden_BSD.select(dim: 0, index: row) }
      }
    }
    return results.compactMap { $0 }
  }

  /// The hidden states after the embeddings and after every layer, as transformers' `output_hidden_states`.
  ///
  /// - Returns: `layers + 1` tensors of `[L, D]`.
  /// - Throws: `TorchError` for token numbers beyond the vocabulary, more tokens than positions, or if memory runs out.
  func allHiddenStates(_ text: [Int]) throws -> [Tensor] {
    try check([text], length: nil, paddingID: 0)
    var states = [try embeddings(ids([text]))]
    for layer in layers { states.append(try layer(states[states.count - 1], realTokens: text.count)) }
    return try states.map { try $0.select(dim: 0, index: 0) }
  }

  /// Texts that run at once; more bring no speed and take memory.
  private static let batchSize = 32

  private func ids(_ rows: [[Int]]) throws -> Tensor {
    let ids = try Tensor(rows.joined().map(Int64.init), shape: [rows.count, rows[0].count])
    return try ids.to(embeddings.device)
  }

  private func check(_ texts: [[Int]], length: Int?, paddingID: Int) throws {
    for count in texts.map(\.count) + [length ?? 1] where !(1...architecture.maximumPositions).contains(count) {
      throw TextEncoderError.tooManyTokens(count: count, limit: architecture.maximumPositions)
    }
    for id in [[[paddingID]], texts].joined().joined() where !(0..<architecture.vocabularySize).contains(id) {
      throw TextEncoderError.tokenOutOfRange(id, vocabularySize: architecture.vocabularySize)
    }
  }
}

/// Word, position and type embeddings, added and normalised.
private struct BertEmbeddings {
  let words: Embedding
  let positions: Embedding
  let types: Embedding
  let norm: LayerNorm

  init(_ scope: ParameterScope, _ architecture: BertArchitecture) throws {
    func table(_ name: String, _ rows: Int) throws -> Embedding {
      try Embedding(
        scope[name], rows: rows, width: architecture.hiddenSize, initialisation: .normal(standardDeviation: 0.02))
    }
    words = try table("word_embeddings", architecture.vocabularySize)
    positions = try table("position_embeddings", architecture.maximumPositions)
    types = try table("token_type_embeddings", architecture.tokenTypes)
    norm = try LayerNorm(scope["LayerNorm"], architecture.hiddenSize, epsilon: architecture.layerNormEpsilon)
  }

  var device: Device { get throws { try words.weight.value.device } }

  func callAsFunction(_ ids_BS: Tensor) throws -> Tensor {
    let positions_SD = try positions.weight.value.narrow(dim: 0, start: 0, length: ids_BS.shape[1])
    // A single text is of the first type throughout.
    let type_1D = try types.weight.value.narrow(dim: 0, start: 0, length: 1)
    return try norm(words(ids_BS) + type_1D + positions_SD)
  }
}

/// Self-attention and a feed-forward layer, each added to its input and then normalised.
private struct BertLayer {
  let heads: Int
  let query: Linear
  let key: Linear
  let value: Linear
  let attentionOutput: Linear
  let attentionNorm: LayerNorm
  let intermediate: Linear
  let output: Linear
  let norm: LayerNorm

  init(_ scope: ParameterScope, _ architecture: BertArchitecture) throws {
    heads = architecture.heads
    let width = architecture.hiddenSize
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) throws -> Linear {
      try Linear(scope[name], inputs, outputs, initialisation: .normal(standardDeviation: 0.02))
    }
    query = try linear("attention.self.query", width, width)
    key = try linear("attention.self.key", width, width)
    value = try linear("attention.self.value", width, width)
    attentionOutput = try linear("attention.output.dense", width, width)
    attentionNorm = try LayerNorm(
      scope["attention.output.LayerNorm"], width, epsilon: architecture.layerNormEpsilon)
    intermediate = try linear("intermediate.dense", width, architecture.intermediateSize)
    output = try linear("output.dense", architecture.intermediateSize, width)
    norm = try LayerNorm(scope["output.LayerNorm"], width, epsilon: architecture.layerNormEpsilon)
  }

  /// - Parameter realTokens: How many of the S tokens, from the first, are attended to.
  func callAsFunction(_ hidden_BSD: Tensor, realTokens: Int) throws -> Tensor {
    let real_BLD = try hidden_BSD.narrow(dim: 1, start: 0, length: realTokens)
    let mixed_BNSH = try split(query(hidden_BSD)).scaledDotProductAttention(
      key: split(key(real_BLD)), value: split(value(real_BLD)))
    let mixed_BSD = try mixed_BNSH.transpose(dim0: 1, dim1: 2).reshape(hidden_BSD.shape)
    let attended_BSD = try attentionNorm(attentionOutput(mixed_BSD) + hidden_BSD)
    return try norm(output(intermediate(attended_BSD).gelu()) + attended_BSD)
  }

  /// `[B, S, D]` to `[B, N, S, H]`.
  private func split(_ x_BSD: Tensor) throws -> Tensor {
    let shape = x_BSD.shape
    return try x_BSD.reshape([shape[0], shape[1], heads, shape[2] / heads]).transpose(dim0: 1, dim1: 2)
  }
}
