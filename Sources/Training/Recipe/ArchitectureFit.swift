import RadiographModels

extension ModelArchitecture {
  /// The image sides that the autoencoder and, with it, the U-Net take are multiples of this.
  func sideMultiple(withUNet: Bool) -> Int {
    autoencoder.downsamplingFactor * (withUNet ? unet.latentSideMultiple : 1)
  }

  /// - Throws: ``TrainingError/unfitImages(path:side:multiple:)`` if the networks cannot halve a dataset's images as
  ///   often as they do.
  func requireSide(_ side: Int, of path: String, withUNet: Bool) throws {
    let multiple = sideMultiple(withUNet: withUNet)
    guard side % multiple == 0 else {
      throw TrainingError.unfitImages(path: path, side: side, multiple: multiple)
    }
  }
}

extension AutoencoderSettings {
  public func requireFit(_ architecture: ModelArchitecture, imageSide: Int, path: String) throws {
    try architecture.requireSide(imageSide, of: path, withUNet: false)
    let multiple = architecture.sideMultiple(withUNet: false)
    // The whole image is seen if the crop is as large.
    guard cropSize >= imageSide || cropSize % multiple == 0 else {
      throw TrainingError.invalidSetting(
        key: "cropSize", value: "\(cropSize)",
        remedy: "give a multiple of \(multiple), by which the autoencoder divides the side")
    }
  }
}

extension DiffusionSettings {
  public func requireFit(_ architecture: ModelArchitecture, imageSide: Int, path: String) throws {
    try architecture.requireSide(imageSide, of: path, withUNet: true)
  }

  /// Refuses settings that are good each for itself and mean nothing together, and parts out of range.
  ///
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)``.
  func requirePossible() throws {
    if scheduler.prediction == .epsilon {
      let withoutSignal: String? =
        if case .rectifiedFlow = scheduler.schedule.curve {
          "a rectified flow"
        } else {
          scheduler.schedule.zeroTerminalSNR ? "zeroTerminalSNR" : nil
        }
      if let withoutSignal {
        throw TrainingError.invalidSetting(
          key: "scheduler.prediction", value: "epsilon",
          remedy: "choose one of sample, v, flow with \(withoutSignal), which begins at noise alone, where the noise "
            + "says nothing of the image")
      }
    }
    if case .logitNormal(let mean, let deviation) = times {
      guard mean.isFinite else {
        throw TrainingError.invalidSetting(key: "times.mean", value: "\(mean)", remedy: "give a finite number")
      }
      guard deviation > 0, deviation.isFinite else {
        throw TrainingError.invalidSetting(
          key: "times.deviation", value: "\(deviation)", remedy: "give a positive number")
      }
    }
    switch weighting {
    case .uniform: break
    case .minSNR(let gamma): try requirePositive(gamma, "weighting.gamma")
    case .p2(let gamma, let k):
      try RecipeCheck.requireSize(gamma, "weighting.gamma")
      try requirePositive(k, "weighting.k")
    }
  }

  private func requirePositive(_ value: Double, _ key: String) throws {
    guard value > 0, value.isFinite else {
      throw TrainingError.invalidSetting(key: key, value: "\(value)", remedy: "give a positive number")
    }
  }
}
