import Foundation
import ImageFiles
import RadiographTestSupport
import RadiologyReports
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct LungFrameTests {
  private static let names = ["00001299_000.png", "00001300_000.png", "00001281_000.png", "00000165_001.png"]

  private static func image(_ name: String) throws -> GrayscaleImage {
    try GrayscaleImage(contentsOf: DataFixtures.nih.appendingPathComponent("images/\(name)").path)
  }

  /// A part of an image, in pixels.
  private static func part(
    _ image: GrayscaleImage, x: Int, y: Int, side: Int
  ) throws -> GrayscaleImage {
    let pixels = (0..<(side * side)).map { image.pixels[(y + $0 / side) * image.width + x + $0 % side] }
    return try GrayscaleImage(width: side, height: side, pixels: pixels)
  }

  /// The lungs of a part of an image are the part of the lungs.
  @Test(arguments: names)
  func theFrameMovesWithTheImage(name: String) throws {
    let image = try Self.image(name)
    let whole = ChestTemplate.standard.lungs(of: image)
    #expect(whole.likeness > 0.6)
    #expect((0.02...0.3).contains(whole.apex) && (0.55...0.95).contains(whole.base))
    #expect((0.4...0.6).contains(whole.spine) && whole.rightEdge < 0.35 && whole.leftEdge > 0.65)
    for (x, y) in [(0, 0), (12, 20), (20, 8)] {
      let side = 236
      let found = ChestTemplate.standard.lungs(of: try Self.part(image, x: x, y: y, side: side))
      func back(_ value: Double, _ offset: Int) -> Double { (value * Double(side) + Double(offset)) / 256 }
      #expect(abs(back(found.apex, y) - whole.apex) < 0.03)
      #expect(abs(back(found.base, y) - whole.base) < 0.03)
      #expect(abs(back(found.spine, x) - whole.spine) < 0.02)
      #expect(abs(back(found.rightEdge, x) - whole.rightEdge) < 0.03)
      #expect(abs(back(found.leftEdge, x) - whole.leftEdge) < 0.03)
    }
  }

  @Test func aMirroredChestHasItsSpineOnTheOtherSide() throws {
    let image = try Self.part(Self.image(Self.names[0]), x: 24, y: 4, side: 230)
    let mirrored = try GrayscaleImage(
      width: 230, height: 230,
      pixels: (0..<(230 * 230)).map { image.pixels[$0 / 230 * 230 + 229 - $0 % 230] })
    let one = ChestTemplate.standard.lungs(of: image)
    let other = ChestTemplate.standard.lungs(of: mirrored)
    #expect(abs(one.spine + other.spine - 1) < 0.04)
  }

  /// Nothing is said of an image that is no chest.
  @Test func noiseAndEvenGreyHaveNoLungs() throws {
    let even = try GrayscaleImage(width: 64, height: 64, pixels: [UInt8](repeating: 90, count: 64 * 64))
    var state: UInt32 = 1
    let noise = (0..<(64 * 64)).map { _ -> UInt8 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
    for image in [even, try GrayscaleImage(width: 64, height: 64, pixels: noise)] {
      let frame = ChestTemplate.standard.lungs(of: image)
      #expect(frame.likeness < BoxPlacement.leastLikeness)
      #expect(BoxPlacement(frame).frame == nil)
      let found = BoxPlacement(frame).finding(
        AnnotatedBox(label: "Effusion", annotator: "test", box: ImageBox(x: 0.1, y: 0.1, width: 0.1, height: 0.1)))
      #expect(found.side == nil && found.zones == [] && found.size == nil)
    }
  }

  @Test func theFrameFollowsTheFitOfTheSquare() {
    let frame = LungFrame(apex: 0.1, base: 0.9, spine: 0.5, rightEdge: 0.2, leftEdge: 0.8, likeness: 1)
    let crop = frame.inSource(width: 200, height: 100, fit: .crop)
    #expect(abs(crop.rightEdge - 0.35) < 1e-12 && abs(crop.leftEdge - 0.65) < 1e-12 && crop.apex == 0.1)
    let pad = frame.inSource(width: 200, height: 100, fit: .pad)
    #expect(abs(pad.apex + 0.3) < 1e-12 && abs(pad.base - 1.3) < 1e-12 && abs(pad.spine - 0.5) < 1e-12)
    #expect(frame.inSource(width: 200, height: 100, fit: .stretch) == frame)
  }
}

@Suite struct BoxPlacementTests {
  /// Lungs from 0.1 to 0.7, the spine left of the picture's middle.
  private static let placement = BoxPlacement(
    LungFrame(apex: 0.1, base: 0.7, spine: 0.45, rightEdge: 0.1, leftEdge: 0.8, likeness: 1))

  private static func place(
    _ label: String, x: ClosedRange<Double>, y: ClosedRange<Double>
  ) -> ImageFinding {
    let box = ImageBox(
      x: x.lowerBound, y: y.lowerBound, width: x.upperBound - x.lowerBound, height: y.upperBound - y.lowerBound)
    return placement.finding(AnnotatedBox(label: label, annotator: "test", box: box))
  }

  /// The patient's right is the image's left, seen from the spine, not from the picture's middle.
  @Test(
    arguments: [
      (0.1...0.4, Laterality.right), (0.5...0.7, .left), (0.46...0.49, .left), (0.25...0.49, .right),
      (0.41...0.7, .left), (0.3...0.5, nil), (0.2...0.7, nil),
    ] as [(ClosedRange<Double>, Laterality?)])
  func sides(x: ClosedRange<Double>, side: Laterality?) {
    #expect(Self.place("Consolidation", x: x, y: 0.3...0.4).side == side)
  }

  /// Thirds of the lung's height end at 0.3 and 0.5.
  @Test(
    arguments: [
      (0.02...0.25, [.upper]), (0.32...0.48, [.middle]), (0.55...0.9, [.lower]), (0.2...0.4, [.upper, .middle]),
      (0.28...0.48, [.middle]), (0.4...0.7, [.middle, .lower]), (0.1...0.7, [.upper, .middle, .lower]),
    ] as [(ClosedRange<Double>, [ImageFinding.Zone])])
  func zones(y: ClosedRange<Double>, zones: [ImageFinding.Zone]) {
    #expect(Self.place("Consolidation", x: 0.1...0.3, y: y).zones == zones)
  }

  @Test func sizes() {
    #expect(Self.place("Effusion", x: 0.1...0.3, y: 0.6...0.7).size == .small)
    #expect(Self.place("Effusion", x: 0.1...0.3, y: 0.5...0.7).size == .moderate)
    #expect(Self.place("Effusion", x: 0.1...0.3, y: 0.3...0.7).size == .large)
    #expect(Self.place("Effusion", x: 0.1...0.15, y: 0.3...0.7).size == .moderate)
    #expect(Self.place("Pneumothorax", x: 0.1...0.115, y: 0.3...0.7).size == .small)
    #expect(Self.place("Nodule", x: 0.2...0.23, y: 0.3...0.33).size == .small)
    #expect(Self.place("Mass", x: 0.2...0.4, y: 0.3...0.5).size == .large)
    #expect(Self.place("Consolidation", x: 0.1...0.4, y: 0.3...0.6).size == .large)
    #expect(Self.place("Fibrosis", x: 0.1...0.4, y: 0.3...0.6).size == nil)
  }

  @Test func aHeartHasARatioAndNoSide() {
    let heart = Self.place("Cardiomegaly", x: 0.3...0.72, y: 0.4...0.7)
    #expect(heart.cardiothoracicRatio == 0.6)
    #expect(heart.side == nil && heart.zones == [])
    // NIH's boxes of hearts are too wide to say how large.
    #expect(heart.size == nil)
    let sizes = [0.5, 0.55, 0.6, 0.63, 0.7].map { ratio in
      Self.placement.finding(
        AnnotatedBox(
          label: "Cardiomegaly", annotator: "chest-x-det",
          box: ImageBox(x: 0.3, y: 0.4, width: 0.7 * ratio, height: 0.3))
      ).size
    }
    #expect(sizes == [.small, nil, .moderate, nil, .large])
  }

  /// A triangle's weight is where most of it is, not where its box is.
  @Test func anOutlineDecidesByItsArea() throws {
    let triangle = FindingOutline([.init(x: 0.1, y: 0.1), .init(x: 0.1, y: 0.5), .init(x: 0.6, y: 0.5)])
    #expect(abs(triangle.area - 0.1) < 1e-12)
    // Of the triangle left of x, 1 - ((0.6 - x) / 0.5)^2 of the whole.
    #expect(abs(triangle.share(below: 0.35, on: .horizontal) - 0.75) < 1e-12)
    #expect(abs(triangle.share(below: 0.3, on: .vertical) - 0.25) < 1e-12)
    #expect(triangle.share(below: 0, on: .horizontal) == 0 && triangle.share(below: 1, on: .vertical) == 1)
    let box = try #require(triangle.bounds)
    #expect(abs(box.width - 0.5) < 1e-12 && abs(box.height - 0.4) < 1e-12)
    let found = Self.placement.finding(
      AnnotatedBox(label: "Consolidation", annotator: "test", box: box, polygon: triangle))
    let boxed = Self.placement.finding(AnnotatedBox(label: "Consolidation", annotator: "test", box: box))
    #expect(found.side == .right && boxed.side == nil)
    #expect(FindingOutline([]).area == 0 && FindingOutline([]).bounds == nil)
  }
}
