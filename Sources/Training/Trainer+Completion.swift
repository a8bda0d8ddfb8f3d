import Models

extension Trainer {
  /// Trains what is missing of a run: all of it, what follows its newest checkpoint, or nothing if it has ended.
  ///
  /// - Parameters:
  ///   - request: With the settings of the whole run, of which it may have followed a part already.
  ///   - steps: The steps of the whole run.
  ///   - shouldStop: As for ``train(_:_:shouldStop:report:)``.
  ///   - report: As there.
  /// - Throws: As there; ``TrainingError/interrupted(step:)`` or ``TrainingError/interruptedPreparing`` if it was stopped.
  public static func complete(
    _ stage: TrainingStageName, _ request: TrainingRequest, steps: Int, shouldStop: () -> Bool,
    report: (TrainingReport) -> Void
  ) throws {
    let folder = RunFolder(request.run, stage: stage)
    if folder.newestStep() == steps { return }
    var request = request
    request.options.resume = folder.newestStep() != nil
    if request.options.resume { request.recipe = nil }
    switch try train(stage, request, shouldStop: shouldStop, report: report) {
    case .finished: break
    case .stopped(let step), .timeUp(let step): throw TrainingError.interrupted(step: step)
    case .endedPreparing: throw TrainingError.interruptedPreparing
    }
  }
}

extension TrainingRequest {
  /// The settings that a new classifier would be trained by, checked.
  ///
  /// - Returns: The settings, and all of them by their keys.
  /// - Throws: ``TrainingError``, `FileAccessError`.
  public func classifierRecipe() throws -> (recipe: ClassifierStageRecipe, listing: [String: String]) {
    try namingLines(of: .classifier) {
      let recipe = try ClassifierStageRecipe.ofNewRun(recipe, file: configuration, settings: settings)
      return (recipe, try ConfigurationResolver.listing(of: recipe))
    }
  }
}
