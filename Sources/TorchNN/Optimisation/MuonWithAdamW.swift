import Torch

/// ``Muon`` for the matrices of a model's hidden layers, ``AdamW`` for all else, under one learning rate.
public final class MuonWithAdamW: Optimiser {
  public struct Configuration: Codable, Sendable, Equatable {
    /// Muon's steps are as large as AdamW's unless its adjustment is set to another, and one rate then does for both.
    public var muon: Muon.Configuration
    public var adamW: AdamW.Configuration
    /// What Muon's learning rate is multiplied by.
    public var muonRateFactor: Double

    public init(
      muon: Muon.Configuration = Muon.Configuration(adjustment: .matchRMSOfAdamW),
      adamW: AdamW.Configuration = AdamW.Configuration(), muonRateFactor: Double = 1
    ) {
      self.muon = muon
      self.adamW = adamW
      self.muonRateFactor = muonRateFactor
    }
  }

  public let configuration: Configuration
  public let parameters: [Parameter]
  /// Moves the parameters that were chosen.
  public let muon: Muon
  /// Moves the others.
  public let adamW: AdamW

  /// - Parameter isHidden: whether a parameter of two dimensions or more is a hidden layer's, and Muon's; embeddings
  ///   and the first and last layers should not be. It is not called for vectors, which are AdamW's.
  /// - Throws: ``ParameterError/noValue(path:)`` for a parameter without a value; `TorchError` if memory runs out.
  public init(
    _ parameters: [Parameter], _ configuration: Configuration = Configuration(), isHidden: (Parameter) -> Bool
  ) throws {
    self.parameters = parameters
    self.configuration = configuration
    var matrices: [Parameter] = []
    var others: [Parameter] = []
    for parameter in parameters {
      if parameter.shape.count >= 2, isHidden(parameter) {
        matrices.append(parameter)
      } else {
        others.append(parameter)
      }
    }
    muon = try Muon(matrices, configuration.muon)
    adamW = try AdamW(others, configuration.adamW)
  }

  public func step(learningRate: Double) throws {
    try muon.step(learningRate: learningRate * configuration.muonRateFactor)
    try adamW.step(learningRate: learningRate)
  }

  /// The state of both by name; no name is in both: `momentum.PATH`, and those of ``AdamW/state()``.
  ///
  /// - Throws: `TorchError` if memory runs out.
  public func state() throws -> [String: Tensor] {
    muon.state().merging(try adamW.state()) { first, _ in first }
  }

  /// Continues from a stored state. Nothing changes unless all of it fits.
  ///
  /// - Throws: ``ParameterLoadingError`` with every offending name, also if parameters were divided otherwise.
  public func restore(_ state: [String: Tensor]) throws {
    var reader = StateReader(state)
    let apply = [try muon.restoration(&reader), try adamW.restoration(&reader)]
    try reader.finish()
    for part in apply { try part() }
  }
}
