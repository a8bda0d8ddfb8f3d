import Testing

@testable import Training

/// Expects `body` to refuse the setting `key`, whatever of it is wrong.
func expectRefused(
  _ key: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any
) {
  #expect(sourceLocation: sourceLocation) {
    _ = try body()
  } throws: { error in
    switch error {
    case TrainingError.invalidSetting(let refused, _, _), TrainingError.unknownSetting(let refused, _): refused == key
    default: false
    }
  }
}
