// Four radiographs of one prompt, by the library: swift build && swift run draw-radiographs
//
// Needs the model (models/thorax-small) and the text encoder that scripts/setup brings. Synthetic; not for diagnosis.

import Foundation
import Generation

do {
  let host = try await ModelHost.load("thorax-small")
  let request = GenerationRequest(prompt: "Normal chest radiograph of an adult, clear lungs", seed: 7, count: 4)
  let result = try await host.generate(request)
  for image in result.images {
    try Data(image.encoded(as: .png)).write(to: URL(fileURLWithPath: "normal-\(image.index).png"))
  }
  print("\(result.images.count) images in \(Int(result.timings.total)) ms")
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(1)
}
