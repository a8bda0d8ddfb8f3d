import Foundation

/// Whether images are copies of training images: a verdict for each, by its distances in several spaces.
///
/// In each space the threshold is a distance that few images of held-out patients are below; together the spaces flag at
/// most one in two hundred of them, so that of real images that are no copies fewer than 1 % are flagged.
public struct CopyGate: Sendable {
  public enum Verdict: String, Sendable, Codable {
    case copy
    case clear
  }

  /// How near an image is to the training images in one space.
  public struct Nearness: Sendable, Equatable, Encodable {
    public var space: String
    /// See ``GateIndex/Match/distance``.
    public var distance: Double
    public var threshold: Double
    /// The nearest training image.
    public var nearest: String
    /// Its place in the index.
    public var place: Int

    enum CodingKeys: String, CodingKey { case space, distance, threshold, nearest }

    public var isCopy: Bool { distance < threshold }

    /// The distance over the threshold: below 1 for a copy.
    public var ratio: Double { distance == threshold ? 1 : distance / max(threshold, .leastNormalMagnitude) }
  }

  /// What the gate says of one image.
  public struct Finding: Sendable, Equatable, Encodable {
    public var path: String
    public var verdict: Verdict
    /// The space in which the image is nearest to a training image, by ``Nearness/ratio``.
    public var nearness: Nearness
    /// All spaces, pixels first.
    public var spaces: [Nearness]

    init(path: String, spaces: [Nearness]) {
      self.path = path
      self.spaces = spaces
      nearness = spaces.min { $0.ratio < $1.ratio } ?? spaces[0]
      verdict = spaces.contains(where: \.isCopy) ? .copy : .clear
    }

    private enum CodingKeys: String, CodingKey { case path, verdict, spaces }

    /// The members of ``nearness`` stand beside path and verdict.
    public func encode(to encoder: any Encoder) throws {
      try nearness.encode(to: encoder)
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(path, forKey: .path)
      try values.encode(verdict, forKey: .verdict)
      try values.encode(spaces, forKey: .spaces)
    }
  }

  /// The share of held-out images that may lie below a threshold.
  public static let share = 0.005
  /// Fewer held-out images set no threshold.
  public static let calibrationMinimum = 40

  public let index: GateIndex
  /// The other spaces.
  let others: [GateFeatures]
  /// The threshold of each space, pixels first.
  public let thresholds: [Double]
  /// Held-out images that the thresholds were set with.
  public let calibrationCount: Int

  private var spaces: [any GateSpace] { [index] + others }
  /// The spaces' names, in the order of ``thresholds``.
  public var spaceNames: [String] { spaces.map(\.name) }

  /// Sets the thresholds of a gate that compares pixels alone.
  ///
  /// - Parameter calibration: Real images of patients of whom no image was trained on.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``; `TorchError`; what reading throws.
  public init(index: GateIndex, calibration: any ImageSet) async throws {
    try await self.init(index: index, others: [], calibration: calibration)
  }

  /// Sets the thresholds.
  ///
  /// - Parameters:
  ///   - others: Spaces beside pixels, with the same training images.
  ///   - progress: Called after each image with the number of images since the start.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``; `TorchError`; what reading throws.
  init(
    index: GateIndex, others: [GateFeatures], calibration: any ImageSet, progress: (Int) -> Void = { _ in }
  ) async throws {
    try calibration.require(Self.calibrationMinimum)
    self.index = index
    self.others = others
    var distances: [[Double]] = []
    for space in [index] + (others as [any GateSpace]) {
      distances.append(try await space.matches(calibration, progress: progress).map(\.distance))
    }
    thresholds = Self.thresholds(distances)
    calibrationCount = calibration.count
  }

  /// A gate that compares pixels, with a threshold that was set before.
  init(index: GateIndex, threshold: Double, calibrationCount: Int) {
    self.index = index
    others = []
    thresholds = [threshold]
    self.calibrationCount = calibrationCount
  }

  /// The r-th least distance of each space, with the greatest r for which no more than the allowed share of images is as
  /// near in any space; of n images, k have k / (n + 1) of the distribution below them. Where even the least distances have
  /// too much, they are lowered by a fifth.
  ///
  /// - Parameter distances: Space by space, image by image.
  static func thresholds(_ distances: [[Double]]) -> [Double] {
    let sorted = distances.map { $0.sorted() }
    let allowed = share * Double((sorted.first?.count ?? 0) + 1)
    for rank in stride(from: Int(allowed), to: 0, by: -1) {
      let thresholds = sorted.map { $0[rank - 1] }
      let below = distances[0].indices.count { image in
        distances.indices.contains { distances[$0][image] <= thresholds[$0] }
      }
      if Double(below) <= allowed { return thresholds }
    }
    return sorted.map { $0[0] * 0.8 }
  }

  /// A verdict for each image of a set.
  ///
  /// - Parameter progress: Called after each image with the number of images since the start.
  /// - Throws: `TorchError`; what reading and describing throws.
  public func findings(_ set: any ImageSet, progress: (Int) -> Void = { _ in }) async throws -> [Finding] {
    var matches: [[GateIndex.Match]] = []
    for space in spaces { matches.append(try await space.matches(set, progress: progress)) }
    return (0..<set.count).map { place in
      Finding(
        path: set.name(at: place),
        spaces: spaces.indices.map { space in
          let match = matches[space][place]
          return Nearness(
            space: spaces[space].name, distance: match.distance, threshold: thresholds[space],
            nearest: index.names[match.nearest], place: match.nearest)
        })
    }
  }
}
