import Diffusion
import Foundation
import RadiographModels

/// What `model.json` says: everything about a model but its weights.
public struct ModelDescription: Codable, Equatable, Sendable {
  /// The latest layout of `model.json` that this program reads and writes.
  public static let currentVersion = 1

  /// The layout's version.
  public var version: Int
  public var name: String
  /// The preset whose architecture it is, or "custom".
  public var preset: String
  public var architecture: ModelArchitecture
  public var scheduler: SchedulerConfiguration
  public var latent: LatentStatistics
  public var textEncoder: TextEncoderReference
  public var sampling: SamplingSettings
  /// The settings of ``SamplingQuality/best``; nil for twice the steps of ``sampling``.
  public var bestSampling: SamplingSettings?
  /// Whether figures of the model were measured to be the same in 8-bit integers, which are then chosen where a processor is
  /// made for them. Nil is no.
  public var allowsInt8: Bool?
  /// How details of drawn images are made stronger; nil leaves them as they are decoded.
  public var detailGain: DetailGain?
  /// SPDX identifier or sentence: under which terms the weights may be used.
  public var licence: String
  /// Facts about the training, for people: data, images, patients, recipe, hours.
  public var training: [String: String]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case version, name, preset, architecture, scheduler, latent, textEncoder, sampling, bestSampling, allowsInt8,
      detailGain, licence
    case training
  }

  public init(
    name: String, preset: String, architecture: ModelArchitecture, scheduler: SchedulerConfiguration,
    latent: LatentStatistics, textEncoder: TextEncoderReference, sampling: SamplingSettings, licence: String,
    training: [String: String] = [:]
  ) {
    version = Self.currentVersion
    self.name = name
    self.preset = preset
    self.architecture = architecture
    self.scheduler = scheduler
    self.latent = latent
    self.textEncoder = textEncoder
    self.sampling = sampling
    self.licence = licence
    self.training = training
  }

  /// Channels, height and width of one image's latents.
  public var latentShape: [Int] {
    [architecture.latentChannels, architecture.latentSide, architecture.latentSide]
  }
}
