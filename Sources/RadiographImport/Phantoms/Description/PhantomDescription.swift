/// What one phantom shows: the chest that a procedure draws, and its findings.
///
/// Lengths and places are shares of the image's side, from its upper left corner, unless they say otherwise. Left and
/// right are the patient's: the patient's right is on the image's left.
public struct PhantomDescription: Sendable, Equatable, Codable {
  /// A side of the patient.
  public enum Side: String, Sendable, Codable, CaseIterable {
    case left
    case right

    public var other: Side { self == .left ? .right : .left }
  }

  /// A third of the lung's height, from the apex to the lateral end of the diaphragm.
  public enum Zone: String, Sendable, Codable, CaseIterable {
    case upper
    case middle
    case lower

    /// The zone of a height in the lung.
    ///
    /// - Parameter depth: 0 at the apex, 1 at the lateral end of the diaphragm.
    public init(depth: Double) { self = depth < 1.0 / 3 ? .upper : depth < 2.0 / 3 ? .middle : .lower }
  }

  /// The three sizes of heart that reports tell apart, by the cardiothoracic ratio.
  public enum HeartSize: String, Sendable, Codable, CaseIterable {
    case normal
    case enlarged
    case markedlyEnlarged = "markedly_enlarged"

    /// The size of a ratio. The limits lie in the middle of the gaps between `ratios`.
    public init(ratio: Double) { self = ratio < 0.515 ? .normal : ratio < 0.6 ? .enlarged : .markedlyEnlarged }

    /// The ratios that are drawn.
    public var ratios: ClosedRange<Double> {
      switch self {
      case .normal: 0.42...0.49
      case .enlarged: 0.54...0.57
      case .markedlyEnlarged: 0.63...0.67
      }
    }
  }

  /// A size of an opacity or an effusion in words.
  public enum Amount: String, Sendable, Codable, CaseIterable {
    case small
    case moderate
    case large

    /// The diameters of opacities that are drawn.
    public var diameters: ClosedRange<Double> {
      switch self {
      case .small: 0.11...0.125
      case .moderate: 0.14...0.155
      case .large: 0.17...0.19
      }
    }

    /// The levels of effusions that are drawn.
    public var levels: ClosedRange<Double> {
      switch self {
      case .small: 0.15...0.18
      case .moderate: 0.205...0.235
      case .large: 0.26...0.29
      }
    }
  }

  /// The build of the body.
  public struct Body: Sendable, Equatable, Codable {
    /// Where the middle of the spine is.
    public var center: Double
    /// The apex of the lungs.
    public var lungTop: Double
    /// The lateral end of the diaphragm.
    public var lungBottom: Double
    /// The greatest distance between the outer edges of the two lungs.
    public var thoraxWidth: Double
    /// The thickness of the chest's wall beside the lungs.
    public var wall: Double
    /// Where the first rib is, as a share of the distance between two.
    public var ribPhase: Double
    /// Pairs of ribs over the height of the lungs.
    public var ribs: Double

    /// The height of the lungs.
    public var lungHeight: Double { lungBottom - lungTop }
  }

  /// How grey levels come out.
  public struct Exposure: Sendable, Equatable, Codable {
    /// Factor of all grey levels.
    public var gain: Double
    /// Grey levels, of 255, that are added.
    public var offset: Double
    /// Standard deviation of the noise in grey levels of 255.
    public var noise: Double
    /// Seed of the noise and of the lungs' texture.
    public var seed: UInt64
  }

  /// One rounded opacity.
  public struct Opacity: Sendable, Equatable, Codable {
    public var side: Side
    public var zone: Zone
    public var amount: Amount
    public var diameter: Double
    /// The centre.
    public var x: Double
    public var y: Double
  }

  /// Fluid at the bottom of one lung.
  public struct Effusion: Sendable, Equatable, Codable {
    public var side: Side
    public var amount: Amount
    /// Height of the fluid's surface in the middle of the lung's width, as a share of the lung's height.
    public var level: Double
  }

  public var body: Body
  public var exposure: Exposure
  /// The heart's width over the thorax's (`Body.thoraxWidth`).
  public var heartRatio: Double
  /// nil if there is none.
  public var opacity: Opacity?
  /// nil if there is none.
  public var effusion: Effusion?
  /// The side of a pacemaker; nil if there is none.
  public var device: Side?

  public var heartSize: HeartSize { HeartSize(ratio: heartRatio) }

  public init(
    body: Body, exposure: Exposure, heartRatio: Double, opacity: Opacity?, effusion: Effusion?, device: Side?
  ) {
    self.body = body
    self.exposure = exposure
    self.heartRatio = heartRatio
    self.opacity = opacity
    self.effusion = effusion
    self.device = device
  }
}
