import Foundation
import Support

/// The shape of a BERT encoder (Devlin et al., 2018), as Hugging Face's `config.json` describes it.
public struct BertArchitecture: Equatable, Sendable {
  public var vocabularySize: Int
  /// The width of the hidden states.
  public var hiddenSize: Int
  public var layers: Int
  public var heads: Int
  /// The width inside the feed-forward layers.
  public var intermediateSize: Int
  /// The most tokens that the encoder reads at once.
  public var maximumPositions: Int
  public var tokenTypes: Int
  public var layerNormEpsilon: Double

  public init(
    vocabularySize: Int, hiddenSize: Int, layers: Int, heads: Int, intermediateSize: Int, maximumPositions: Int = 512,
    tokenTypes: Int = 2, layerNormEpsilon: Double = 1e-12
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads
    self.intermediateSize = intermediateSize
    self.maximumPositions = maximumPositions
    self.tokenTypes = tokenTypes
    self.layerNormEpsilon = layerNormEpsilon
  }

  /// BERT base, cased: BioBERT's architecture. 107,719,680 parameters, and 590,592 more in the pooler, which is not
  /// used here.
  public static let base = BertArchitecture(
    vocabularySize: 28_996, hiddenSize: 768, layers: 12, heads: 12, intermediateSize: 3_072)

  /// all-MiniLM-L6-v2 (Wang et al., 2020). 22,565,376 parameters without the pooler.
  public static let miniLM = BertArchitecture(
    vocabularySize: 30_522, hiddenSize: 384, layers: 6, heads: 12, intermediateSize: 1_536)

  /// Floating-point operations for one text of `tokens` tokens; a multiply-add counts as two.
  public func flops(tokens: Int) -> Int {
    let projections = 2 * tokens * (4 * hiddenSize * hiddenSize + 2 * hiddenSize * intermediateSize)
    return layers * (projections + 4 * tokens * tokens * hiddenSize)
  }
}

extension BertArchitecture {
  /// Reads a `config.json`.
  ///
  /// - Throws: ``TextEncoderError`` for a file that is not a BERT configuration, or asks for a variant of BERT that this
  ///   encoder does not compute.
  public init(contentsOf url: URL) throws {
    struct Configuration: Decodable {
      var model_type: String?
      var vocab_size: Int
      var hidden_size: Int
      var num_hidden_layers: Int
      var num_attention_heads: Int
      var intermediate_size: Int
      var max_position_embeddings: Int?
      var type_vocab_size: Int?
      var layer_norm_eps: Double?
      var hidden_act: String?
      var position_embedding_type: String?
      var is_decoder: Bool?
    }
    let path = url.path
    guard let data = try? BoundedFile.contents(of: path) else {
      throw TextEncoderError.unreadable(path: path, reason: "the file cannot be opened")
    }
    let configuration: Configuration
    do {
      configuration = try JSONDecoder().decode(Configuration.self, from: data)
    } catch let error as DecodingError {
      if let content = data.withUnsafeBytes(MistakenContent.init(inPlaceOfText:)) {
        throw TextEncoderError.mistaken(path: path, content: content)
      }
      throw TextEncoderError.unreadable(path: path, reason: Self.reason(of: error))
    }
    let variants = [
      ("model_type", configuration.model_type, "bert"), ("hidden_act", configuration.hidden_act, "gelu"),
      ("position_embedding_type", configuration.position_embedding_type, "absolute"),
      ("is_decoder", configuration.is_decoder.map { "\($0)" }, "false"),
    ]
    for (option, value, supported) in variants {
      guard let value, value != supported else { continue }
      throw TextEncoderError.unsupported(path: path, option: option, value: value, supported: supported)
    }
    self.init(
      vocabularySize: configuration.vocab_size, hiddenSize: configuration.hidden_size,
      layers: configuration.num_hidden_layers, heads: configuration.num_attention_heads,
      intermediateSize: configuration.intermediate_size,
      maximumPositions: configuration.max_position_embeddings ?? 512, tokenTypes: configuration.type_vocab_size ?? 2,
      layerNormEpsilon: configuration.layer_norm_eps ?? 1e-12)
    if let problem { throw TextEncoderError.unreadable(path: path, reason: problem) }
  }

  /// The first setting that no encoder can have, in words; nil if all are plausible.
  var problem: String? {
    let sizes = [
      ("vocab_size", vocabularySize, 1 << 22), ("hidden_size", hiddenSize, 1 << 14),
      ("num_hidden_layers", layers, 1 << 8), ("num_attention_heads", heads, 1 << 10),
      ("intermediate_size", intermediateSize, 1 << 16), ("max_position_embeddings", maximumPositions, 1 << 16),
      ("type_vocab_size", tokenTypes, 1 << 10),
    ]
    for (name, size, most) in sizes where !(1...most).contains(size) {
      return "\(name) is \(size) and must be 1 to \(most)"
    }
    if hiddenSize % heads != 0 { return "hidden_size \(hiddenSize) is not a multiple of \(heads) heads" }
    if !(layerNormEpsilon > 0 && layerNormEpsilon < 1) { return "layer_norm_eps is \(layerNormEpsilon)" }
    return nil
  }

  private static func reason(of error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "it has no \(key.stringValue)"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is of another kind"
    default: "it is not JSON"
    }
  }
}
