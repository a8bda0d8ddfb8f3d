/// What is in a picture of a phantom, as `PhantomReader` found it or as it was drawn.
///
/// As JSON it has the keys of `thorax data phantom --read`: `phantom`, `opacity` with `present`, `side`, `zone` and
/// `diameter`, `effusion` with `side` and `level`, `heart_ratio`, and `device` with `present` and `side`. A key without a
/// value is null.
public struct PhantomReading: Sendable, Equatable {
  /// A rounded opacity.
  public struct Opacity: Sendable, Equatable {
    public var side: PhantomDescription.Side
    public var zone: PhantomDescription.Zone
    /// Share of the image's side.
    public var diameter: Double

    public init(side: PhantomDescription.Side, zone: PhantomDescription.Zone, diameter: Double) {
      self.side = side
      self.zone = zone
      self.diameter = diameter
    }
  }

  /// Fluid at the bottom of a lung.
  public struct Effusion: Sendable, Equatable {
    public var side: PhantomDescription.Side
    /// Height of the fluid's surface in the middle of the lung's width, as a share of the lung's height.
    public var level: Double

    public init(side: PhantomDescription.Side, level: Double) {
      self.side = side
      self.level = level
    }
  }

  /// False if the picture is no phantom: then there is nothing else to say of it.
  public var isPhantom: Bool
  /// nil if there is none.
  public var opacity: Opacity?
  /// nil if there is none.
  public var effusion: Effusion?
  /// The heart's width over the thorax's; nil if the picture is no phantom, or the heart's edges are hidden.
  public var heartRatio: Double?
  /// The side of a pacemaker; nil if there is none.
  public var device: PhantomDescription.Side?

  /// - Parameters:
  ///   - opacity: nil if there is none.
  ///   - effusion: nil if there is none.
  ///   - heartRatio: nil if the heart's edges are hidden.
  ///   - device: nil if there is none.
  public init(opacity: Opacity?, effusion: Effusion?, heartRatio: Double?, device: PhantomDescription.Side?) {
    isPhantom = true
    self.opacity = opacity
    self.effusion = effusion
    self.heartRatio = heartRatio
    self.device = device
  }

  /// What a description says: the truth about its picture.
  public init(_ description: PhantomDescription) {
    self.init(
      opacity: description.opacity.map { Opacity(side: $0.side, zone: $0.zone, diameter: $0.diameter) },
      effusion: description.effusion.map { Effusion(side: $0.side, level: $0.level) },
      heartRatio: description.heartRatio, device: description.device)
  }

  /// Of a picture that is no phantom.
  public static let none: PhantomReading = {
    var reading = PhantomReading(opacity: nil, effusion: nil, heartRatio: nil, device: nil)
    reading.isPhantom = false
    return reading
  }()

  /// The size of the heart in the words of reports.
  public var heartSize: PhantomDescription.HeartSize? { heartRatio.map { .init(ratio: $0) } }
}

extension PhantomReading: Codable {
  private enum Key: String, CodingKey {
    case phantom, opacity, effusion, device, present, side, zone, diameter, level
    case heartRatio = "heart_ratio"
  }

  /// Reads the keys of `--read`; others are passed over.
  ///
  /// - Throws: `DecodingError` if a key is missing or of another type.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    guard try values.decodeIfPresent(Bool.self, forKey: .phantom) ?? true else {
      self = .none
      return
    }
    let opacity = try values.nestedContainer(keyedBy: Key.self, forKey: .opacity)
    let effusion = try values.nestedContainer(keyedBy: Key.self, forKey: .effusion)
    let device = try values.nestedContainer(keyedBy: Key.self, forKey: .device)
    self.init(
      opacity: try opacity.decode(Bool.self, forKey: .present)
        ? Opacity(
          side: opacity.decode(PhantomDescription.Side.self, forKey: .side),
          zone: opacity.decode(PhantomDescription.Zone.self, forKey: .zone),
          diameter: opacity.decode(Double.self, forKey: .diameter)) : nil,
      effusion: try effusion.decodeIfPresent(PhantomDescription.Side.self, forKey: .side).map {
        Effusion(side: $0, level: try effusion.decode(Double.self, forKey: .level))
      }, heartRatio: try values.decodeIfPresent(Double.self, forKey: .heartRatio),
      device: try device.decodeIfPresent(PhantomDescription.Side.self, forKey: .side))
  }

  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    // Every key is written, so that a reader of the JSON finds no missing keys, only null.
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(isPhantom, forKey: .phantom)
    var part = values.nestedContainer(keyedBy: Key.self, forKey: .opacity)
    try part.encode(isPhantom ? opacity != nil : nil, forKey: .present)
    try part.encode(opacity?.side, forKey: .side)
    try part.encode(opacity?.zone, forKey: .zone)
    try part.encode(opacity?.diameter.inFourPlaces, forKey: .diameter)
    part = values.nestedContainer(keyedBy: Key.self, forKey: .effusion)
    try part.encode(isPhantom ? effusion != nil : nil, forKey: .present)
    try part.encode(effusion?.side, forKey: .side)
    try part.encode(effusion?.level.inFourPlaces, forKey: .level)
    part = values.nestedContainer(keyedBy: Key.self, forKey: .device)
    try part.encode(isPhantom ? device != nil : nil, forKey: .present)
    try part.encode(device, forKey: .side)
    try values.encode(heartRatio?.inFourPlaces, forKey: .heartRatio)
  }
}

extension Double {
  /// Rounded to the precision with which a picture can be read.
  fileprivate var inFourPlaces: Double { (self * 10_000).rounded() / 10_000 }
}
