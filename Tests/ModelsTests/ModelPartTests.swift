import Models
import RadiographModels
import Testing

@Suite struct ModelPartTests {
  @Test("The released preset has the author's counts")
  func released() throws {
    let counts = try ModelArchitecture.released.parameterCounts()
    #expect(counts[.autoencoder] == 3_246_353)
    #expect(counts[.unet] == 39_658_856)
    #expect(counts[.textProjection] == 593_664)
  }

  @Test("The paper preset is within 1 % of the article's counts, the text exact")
  func paper() throws {
    let counts = try ModelArchitecture.paper.parameterCounts()
    #expect(counts[.autoencoder] == 3_259_393)
    #expect(abs(Double(counts[.autoencoder] ?? 0) / 3.25e6 - 1) < 0.01)
    #expect(counts[.unet] == 39_377_800)
    #expect(abs(Double(counts[.unet] ?? 0) / 39.66e6 - 1) < 0.01)
    #expect(counts[.textProjection] == 593_280)
  }

  @Test("The default fits 24 MB in half precision and 60 GFLOP an image")
  func small() throws {
    let counts = try ModelArchitecture.small.parameterCounts()
    #expect(counts.values.reduce(0, +) * 2 < 24_000_000)
    let cost = try ModelArchitecture.small.cost(tokens: 64)
    #expect(cost.image(calls: 14, guidedCalls: 14) < 60_000_000_000)
    #expect(cost.decoder < 11_000_000_000)
  }

  @Test("An architecture that cannot be built is refused before anything is allocated")
  func refusals() throws {
    func refuses(
      _ reason: String, sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout ModelArchitecture) -> Void
    ) {
      var architecture = ModelArchitecture.small
      change(&architecture)
      let error = #expect(throws: ArchitectureError.self, sourceLocation: sourceLocation) {
        _ = try architecture.parameterCounts()
      }
      let text = error?.description ?? ""
      #expect(text.hasPrefix(reason), "\(text)", sourceLocation: sourceLocation)
    }
    refuses("1000000000000 channels asked for") { $0.unet.levels[0].channels = 1_000_000_000_000 }
    refuses("-64 channels asked for") { $0.unet.levels[0].channels = -64 }
    refuses("65 channels cannot be divided by 8 (normalisation groups)") { $0.unet.levels[0].channels = 65 }
    refuses("0 levels") { $0.unet.levels = [] }
    refuses("9223372036854775807 blocks at a level") { $0.unet.levels[1].blocks = .max }
    refuses("0 normalisation groups asked for") { $0.unet.normalisationGroups = 0 }
    refuses("128 channels cannot be divided by 7 (attention heads)") { $0.unet.attentionHeads = .count(7) }
    refuses("128 channels cannot be divided by 0") { $0.unet.attentionHeads = .width(0) }
    refuses("a dropout of nan") { $0.unet.dropout = .nan }
    refuses("the autoencoder has 8 latent channels and the U-Net 4") { $0.unet.latentChannels = 4 }
    refuses("the text projection gives 256 channels and the U-Net takes 128") { $0.unet.contextWidth = 128 }
    refuses("the pooled text has 256 channels and the time embedding 128") { $0.unet.timeEmbedding.width = 128 }
    refuses("63 sinusoids cannot be divided by 2 (cosine and sine)") { $0.unet.timeEmbedding.sinusoids = 63 }
    refuses("0 channels of the pooled text asked for") { $0.textProjection.pooling?.hiddenWidth = 0 }
    refuses("0 layers") { $0.autoencoder.encoder = [] }
    refuses("the encoder ends with 128 channels") { $0.autoencoder.encoder.removeLast() }
    refuses("a resampling factor of 9223372036854775807") { $0.autoencoder.encoder[0] = .pixelUnshuffle(factor: .max) }
    refuses("256 pixels a side cannot be divided by 131072") {
      $0.autoencoder.encoder = Array(repeating: .pixelUnshuffle(factor: 32), count: 1000)
    }
    refuses("1 channels cannot be divided by 9") { $0.autoencoder.decoder.append(.pixelShuffle(factor: 3)) }
    refuses("0 attention heads asked for") { $0.autoencoder.decoder.append(.selfAttention(heads: 0)) }
    refuses("250 pixels a side cannot be divided by 32") { $0.imageSide = 250 }
    refuses("images of -256 pixels a side") { $0.imageSide = -256 }
    refuses("images of 4611686018427387904 pixels a side") { $0.imageSide = 1 << 62 }
  }
}
