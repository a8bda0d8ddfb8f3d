/// The names that the article author's checkpoints give the parameters of ``ModelArchitecture/released``, and the way
/// back. The networks themselves use only their own names.
public struct ReleasedNames: Sendable {
  /// The parts of the author's checkpoint, by the names of their entries.
  public enum Part: String, Sendable, CaseIterable {
    case autoencoder = "vae_state_dict"
    case unet = "unet_state_dict"
    case textProjection = "text_encoder_state_dict"
  }

  /// One prefix of ours and the author's for it; the rest of a name stays.
  private let prefixes: [(ours: String, authors: String)]

  public init(_ part: Part) {
    switch part {
    case .autoencoder: prefixes = ReleasedNames.autoencoder
    case .unet: prefixes = ReleasedNames.unet
    case .textProjection: prefixes = ReleasedNames.textProjection
    }
  }

  /// The author's name for a parameter of ours; nil for one that the author's networks do not have.
  public func authors(_ path: String) -> String? {
    for (ours, authors) in prefixes where path.hasPrefix(ours + ".") {
      return authors + path.dropFirst(ours.count)
    }
    return nil
  }

  /// Our path for a name of the author's; nil for one that our networks do not have.
  public func ours(_ name: String) -> String? {
    for (ours, authors) in prefixes where name.hasPrefix(authors + ".") {
      return ours + name.dropFirst(authors.count)
    }
    return nil
  }

  private static let autoencoder: [(ours: String, authors: String)] = {
    func pair(_ ours: String, _ authors: String) -> [(ours: String, authors: String)] {
      [(ours + ".norm", authors + ".0"), (ours + ".convolution", authors + ".2")]
    }
    func attention(_ ours: String, _ authors: String) -> [(ours: String, authors: String)] {
      [
        (ours + ".norm", authors + ".norm"), (ours + ".qkv", authors + ".to_qkv"),
        (ours + ".output", authors + ".to_out"),
      ]
    }
    // Attention makes an author's block a list of two, and its absence a list of one.
    return [("encoder.0", "encoder.conv_in")]
      + pair("encoder.1", "encoder.down_blocks.0.0") + pair("encoder.2", "encoder.down_blocks.1.0")
      + pair("encoder.3", "encoder.down_blocks.2.0") + pair("encoder.4", "encoder.final")
      + [("decoder.0", "decoder.conv_in")]
      + attention("decoder.1", "decoder.up_blocks.0.0") + pair("decoder.2", "decoder.up_blocks.0.1")
      + attention("decoder.3", "decoder.up_blocks.1.0") + pair("decoder.4", "decoder.up_blocks.1.1")
      + pair("decoder.5", "decoder.up_blocks.2.0") + pair("decoder.6", "decoder.final")
  }()

  private static let unet: [(ours: String, authors: String)] = {
    func block(_ ours: String, _ authors: String) -> [(ours: String, authors: String)] {
      [
        ("norm1", "block1.0"), ("convolution1", "block1.2"), ("time", "time_emb.1"), ("norm2", "block2.0"),
        ("convolution2", "block2.3"), ("shortcut", "shortcut"), ("crossAttention.norm", "attention.norm"),
        ("crossAttention.query", "attention.to_q"), ("crossAttention.key", "attention.to_k"),
        ("crossAttention.value", "attention.to_v"), ("crossAttention.output", "attention.to_out"),
      ].map { ("\(ours).\($0.0)", "\(authors).\($0.1)") }
    }
    var names = [
      (ours: "time.linear1", authors: "time_embed.main.0"), (ours: "time.linear2", authors: "time_embed.main.2"),
      (ours: "input", authors: "input_blocks.0"),
    ]
    var index = 1
    for level in 0..<4 {
      for i in 0..<2 {
        names += block("down.\(level).blocks.\(i)", "input_blocks.\(index)")
        index += 1
      }
      if level < 3 {
        names.append((ours: "down.\(level).downsample", authors: "input_blocks.\(index).downsample"))
        index += 1
      }
    }
    names += block("middle.0", "middle_block.0") + block("middle.1", "middle_block.1")
    index = 0
    for level in (0..<4).reversed() {
      for i in 0..<3 {
        names += block("up.\(level).blocks.\(i)", "output_blocks.\(index)")
        index += 1
      }
      if level > 0 {
        names.append((ours: "up.\(level).upsample.transposed", authors: "output_blocks.\(index).upsample"))
        names.append((ours: "up.\(level).upsample.convolution", authors: "output_blocks.\(index).conv"))
        index += 1
      }
    }
    return names + [(ours: "output.norm", authors: "out.0"), (ours: "output.convolution", authors: "out.2")]
  }()

  private static let textProjection: [(ours: String, authors: String)] = [
    ("inputNorm", "projection.0"), ("linear", "projection.1"), ("outputNorm", "projection.2"),
  ]
}
