import Foundation
import Torch
import TorchNN

/// How the power of a set of images is spread over spatial frequency, coarse to fine.
///
/// It measures the texture of generated images: blurred images lack power at high frequencies, noisy or chequered ones
/// have too much.
public struct PowerSpectrum: Sendable, Equatable {
  /// The borders of the bands in cycles a pixel, rising; 0.5 is the finest that pixels can hold.
  public let edges: [Double]
  /// The mean power in each band, relative to an image of unit-variance white noise, which has 1 in each.
  public let powers: [Double]
  /// Of each image the power in each band; ``powers`` are their means.
  private let ofImages: [[Double]]
  /// ``powers`` in dB.
  public var decibels: [Double] { powers.map { 10 * log10($0) } }

  /// Bands of an octave each, the finest up to 0.5 cycles a pixel, the coarsest from 0 to two cycles over `size` pixels.
  public static func octaves(size: Int) -> [Double] {
    var edges = [0.5]
    while edges[0] > 3 / Double(max(size, 6)) { edges.insert(edges[0] / 2, at: 0) }
    return [0] + edges
  }

  /// The spectrum of a set: of each image without its mean the two-dimensional power |F|^2 / pixels, averaged over
  /// the frequencies whose radius lies in a band (its upper edge included, the mean's own frequency not), and over the
  /// images.
  ///
  /// - Throws: `MetricError` for no images, edges that do not rise from 0 or more, or a band in which there is no
  ///   frequency at this image size.
  public init(_ images: GrayImages, edges: [Double] = FourierPlane.equalBands(8)) throws {
    guard images.count > 0 else { throw MetricError.tooFew(what: "images", found: 0, minimum: 1) }
    let rises = zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 }
    guard edges.count >= 2, let first = edges.first, first >= 0, rises else {
      throw MetricError.invalidSetting(
        name: "the spectrum's first edge", value: edges.first ?? .nan, allowed: "two or more rising frequencies from 0")
    }
    let (height, width) = (images.height, images.width)
    let bands = FourierPlane(height: height, width: width).bands(edges: edges)
    var members = [Double](repeating: 0, count: edges.count - 1)
    for case .some(let band) in bands { members[band] += 1 }
    if let empty = members.firstIndex(of: 0) {
      throw MetricError.invalidSetting(
        name: "the spectrum's edge", value: edges[empty + 1],
        allowed: "wider bands: none of the frequencies of \(height)x\(width) pixels lies in this one")
    }

    var ofImages: [[Double]] = []
    for index in 0..<images.count {
      let image = try Tensor(images[index].map(Double.init), shape: [height, width])
      let (real, imaginary) = try FourierPlane.transform(image - image.mean())
      let power = try (real.square() + imaginary.square()).doubles()
      var sums = [Double](repeating: 0, count: edges.count - 1)
      for (position, value) in power.enumerated() {
        if let band = bands[position] { sums[band] += value }
      }
      ofImages.append(zip(sums, members).map { $0 / $1 / Double(height * width) })
    }
    self.init(edges: edges, ofImages: ofImages)
  }

  private init(edges: [Double], ofImages: [[Double]]) {
    (self.edges, self.ofImages) = (edges, ofImages)
    let count = Double(ofImages.count)
    powers = (0..<edges.count - 1).map { band in ofImages.reduce(0) { $0 + $1[band] } / count }
  }

  /// The spectrum of several sets as one.
  ///
  /// - Throws: `MetricError.tooFew` for none, `MetricError.countMismatch` for spectra over other bands.
  init(joining sets: [PowerSpectrum]) throws(MetricError) {
    guard let first = sets.first else { throw .tooFew(what: "images", found: 0, minimum: 1) }
    for set in sets { try set.requireBands(of: first) }
    self.init(edges: first.edges, ofImages: sets.flatMap(\.ofImages))
  }

  /// The spectrum of the images at these places, which may be named twice.
  func selecting(_ indices: [Int]) -> PowerSpectrum {
    PowerSpectrum(edges: edges, ofImages: indices.map { ofImages[$0] })
  }

  /// The greatest of some differences in dB, whatever its sign.
  static func greatest(_ differences: [Double]) -> Double { differences.map(abs).max() ?? .nan }

  /// Some differences in a report.
  static func words(_ differences: [Double]) -> String {
    "coarse to fine the differences are \(differences.map { String(format: "%+.1f", $0) }.joined(separator: ", ")) dB"
  }

  /// This spectrum over the other, band by band, in dB: below 0 where the other has more power.
  ///
  /// Throws `MetricError.countMismatch` for spectra over other bands.
  public func difference(from other: PowerSpectrum) throws(MetricError) -> [Double] {
    try other.requireBands(of: self)
    return zip(decibels, other.decibels).map { $0 - $1 }
  }

  private func requireBands(of other: PowerSpectrum) throws(MetricError) {
    guard edges == other.edges else {
      throw .countMismatch(what: "bands of the spectra", expected: other.edges.count - 1, found: edges.count - 1)
    }
  }
}
