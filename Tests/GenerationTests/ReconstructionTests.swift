import ImageFiles
import Models
import TestSupport
import Testing

@testable import Generation

@Suite struct ReconstructionTests {
  @Test func anImageGoesThroughTheAutoencoderAndNoOtherSizeDoes() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      let dark = try GrayscaleImage(width: 32, height: 32, pixels: [UInt8](repeating: 20, count: 32 * 32))
      let striped = try GrayscaleImage(
        width: 32, height: 32, pixels: (0..<32 * 32).map { $0 % 8 < 4 ? 230 : 20 })
      let reconstructed = try await host.reconstruct(striped)
      #expect(reconstructed.width == 32 && reconstructed.height == 32)
      #expect(try await host.reconstruct(striped) == reconstructed)
      #expect(try await host.reconstruct(dark) != reconstructed)

      let small = try GrayscaleImage(width: 16, height: 32, pixels: [UInt8](repeating: 0, count: 16 * 32))
      await #expect(throws: ModelError.imageSize(width: 16, height: 32, wanted: 32)) {
        try await host.reconstruct(small)
      }
    }
  }
}
