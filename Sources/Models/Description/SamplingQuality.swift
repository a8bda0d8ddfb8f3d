/// Whose settings stand where a request says nothing: those of a quick look, or those of the best picture.
public enum SamplingQuality: String, CaseIterable, Codable, Sendable {
  /// The model's own settings.
  case fast
  /// The settings that its maker found best, whatever they cost.
  case best
}

extension ModelDescription {
  /// The settings of a quality.
  ///
  /// A model that names none for ``SamplingQuality/best`` takes twice its own steps, as far as it has timesteps.
  public func sampling(at quality: SamplingQuality) -> SamplingSettings {
    switch quality {
    case .fast: return sampling
    case .best:
      if let bestSampling { return bestSampling }
      var settings = sampling
      let most = max(settings.steps, scheduler.schedule.trainTimesteps)
      settings.steps = settings.steps <= most / 2 ? 2 * settings.steps : most
      return settings
    }
  }
}
