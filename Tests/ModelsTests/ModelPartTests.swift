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
    func refuses(_ change: (inout ModelArchitecture) -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
      var architecture = ModelArchitecture.small
      change(&architecture)
      #expect(throws: ArchitectureError.self, sourceLocation: sourceLocation) {
        _ = try architecture.parameterCounts()
      }
    }
    refuses { $0.unet.levels[0].channels = 1_000_000_000_000 }
    refuses { $0.unet.levels[0].channels = -64 }
    refuses { $0.unet.levels[0].channels = 65 }
    refuses { $0.unet.levels = [] }
    refuses { $0.unet.levels[1].blocks = .max }
    refuses { $0.unet.normalisationGroups = 0 }
    refuses { $0.unet.attentionHeads = .count(7) }
    refuses { $0.unet.attentionHeads = .width(0) }
    refuses { $0.unet.dropout = .nan }
    refuses { $0.unet.latentChannels = 4 }
    refuses { $0.unet.contextWidth = 128 }
    refuses { $0.unet.timeEmbedding.width = 128 }
    refuses { $0.unet.timeEmbedding.sinusoids = 63 }
    refuses { $0.textProjection.pooling?.hiddenWidth = 0 }
    refuses { $0.autoencoder.encoder = [] }
    refuses { $0.autoencoder.encoder.removeLast() }
    refuses { $0.autoencoder.encoder[0] = .pixelUnshuffle(factor: .max) }
    refuses { $0.autoencoder.encoder = Array(repeating: .pixelUnshuffle(factor: 32), count: 1000) }
    refuses { $0.autoencoder.decoder.append(.pixelShuffle(factor: 3)) }
    refuses { $0.autoencoder.decoder.append(.selfAttention(heads: 0)) }
    refuses { $0.imageSide = 250 }
    refuses { $0.imageSide = -256 }
    refuses { $0.imageSide = 1 << 62 }
  }
}
