import Foundation
import RadiographModels
import Support

/// What a row of a grid changes in the networks of the recipe.
public struct NetworkChange: Decodable, Sendable, Equatable {
  /// The channels of the latents.
  public var latentChannels: Int?
  /// False takes all attention out of the autoencoder.
  public var autoencoderAttention: Bool?
  /// A factor of the widths of the U-Net, more than 0, at most 4. Each is rounded to what its attention heads and groups
  /// divide. The parameters fall or grow by about the factor's square.
  public var unetWidth: Double?
  /// False takes the text's ways into the U-Net out: attention to its tokens, and what is pooled of it.
  public var text: Bool?

  /// The greatest factor of widths.
  static let greatestWidth = 4.0

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case latentChannels, autoencoderAttention, unetWidth, text
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// - Throws: `DecodingError` for values that are not of these types, a width out of range, and for other keys.
  public init(from decoder: any Decoder) throws {
    let known = CodingKeys.allCases.map(\.rawValue)
    let other = try decoder.container(keyedBy: AnyKey.self).allKeys.first { !known.contains($0.stringValue) }
    if let other { throw Self.corrupted("no network has \(other.stringValue)", decoder) }
    let values = try decoder.container(keyedBy: CodingKeys.self)
    latentChannels = try values.decodeIfPresent(Int.self, forKey: .latentChannels)
    autoencoderAttention = try values.decodeIfPresent(Bool.self, forKey: .autoencoderAttention)
    unetWidth = try values.decodeIfPresent(Double.self, forKey: .unetWidth)
    text = try values.decodeIfPresent(Bool.self, forKey: .text)
    if let unetWidth, !(unetWidth > 0 && unetWidth <= Self.greatestWidth) {
      throw Self.corrupted("unetWidth is \(unetWidth)", decoder)
    }
  }

  private static func corrupted(_ text: String, _ decoder: any Decoder) -> DecodingError {
    .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
  }

  /// Whether the autoencoder is another one.
  var changesAutoencoder: Bool { latentChannels != nil || autoencoderAttention == false }

  /// The changed networks.
  ///
  /// - Throws: `ArchitectureError` if they do not fit together.
  func applied(to architecture: ModelArchitecture) throws -> ModelArchitecture {
    var changed = architecture
    if let latentChannels {
      changed.autoencoder.latentChannels = latentChannels
      changed.unet.latentChannels = latentChannels
      // Mean and log variance.
      if let last = changed.autoencoder.encoder.popLast() {
        // What is beyond any limit stays beyond it and is refused by name, without overflow.
        let channels = 2 * min(max(latentChannels, 0), 1 << 40)
        let resized: AutoencoderLayer =
          switch last {
          case .convolution(_, let kernel, let stride): .convolution(channels: channels, kernel: kernel, stride: stride)
          case .normalisedConvolution(_, let stride): .normalisedConvolution(channels: channels, stride: stride)
          default: last
          }
        changed.autoencoder.encoder.append(resized)
      }
    }
    if autoencoderAttention == false {
      changed.autoencoder.encoder.removeAll(where: \.isAttention)
      changed.autoencoder.decoder.removeAll(where: \.isAttention)
    }
    if let unetWidth {
      let unit = changed.unet.widthUnit
      for level in changed.unet.levels.indices {
        let width = Double(changed.unet.levels[level].channels) * unetWidth / Double(unit)
        changed.unet.levels[level].channels = unit * max(1, Int(width.rounded()))
      }
    }
    if text == false {
      for level in changed.unet.levels.indices { changed.unet.levels[level].crossAttention = .none }
      changed.unet.middle.crossAttention = .none
      changed.textProjection.pooling = nil
    }
    try changed.validate()
    return changed
  }
}

extension AutoencoderLayer {
  fileprivate var isAttention: Bool {
    if case .selfAttention = self { true } else { false }
  }
}

extension UNetArchitecture {
  /// What every width is a multiple of.
  fileprivate var widthUnit: Int {
    let heads =
      switch attentionHeads {
      case .count(let count): count
      case .width(let width): width
      }
    var (a, b) = (max(heads, 1), max(normalisationGroups, 1))
    let product = a * b
    while b != 0 { (a, b) = (b, a % b) }
    return product / a
  }
}
