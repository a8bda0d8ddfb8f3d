import Foundation

/// A modality or VOI lookup table: `entries[0]` belongs to the input `first`; inputs beyond either end take that end's.
struct LookupTable: Sendable, Equatable {
  var entries: [UInt16]
  var first: Int
  /// Of an entry: 8 to 16.
  var bits: Int

  func value(of input: Double) -> Double {
    // Inputs may be as large as a rescale makes them, and fall between two entries: the lower one is theirs.
    let offset = min(max(input - Double(first), 0), Double(entries.count - 1))
    return Double(entries[Int(offset)])
  }
}

/// How values of interest are spread over the output's range (PS3.3, C.11.2.1.2 and C.11.2.1.3).
struct Window: Sendable, Equatable {
  enum Function: String, Sendable {
    case linear = "LINEAR"
    case linearExact = "LINEAR_EXACT"
    case sigmoid = "SIGMOID"
  }

  var center: Double
  var width: Double
  var function: Function

  func value(of input: Double, lowest: Double, highest: Double) -> Double {
    let range = highest - lowest
    switch function {
    case .linear: return linear(input, center: center - 0.5, width: width - 1, lowest: lowest, range: range)
    case .linearExact: return linear(input, center: center, width: width, lowest: lowest, range: range)
    case .sigmoid: return range / (1 + exp(-4 * (input - center) / width)) + lowest
    }
  }

  private func linear(_ input: Double, center: Double, width: Double, lowest: Double, range: Double) -> Double {
    if input <= center - width / 2 { return lowest }
    if input > center + width / 2 { return lowest + range }
    return ((input - center) / width + 0.5) * range + lowest
  }
}

/// From stored numbers to grey values: modality, then values of interest, then presentation (PS3.4, N.2).
struct GrayscaleTransform: Sendable, Equatable {
  var valueBits: Int
  var isSigned: Bool
  /// Of the data set, which decides the output's range; a codestream's own may differ.
  var bitsStored: Int
  var modalityTable: LookupTable?
  var rescale: (slope: Double, intercept: Double)?
  var voiTable: LookupTable?
  var window: Window?
  var isInverted: Bool
  /// Stored numbers that are no part of the image.
  var padding: ClosedRange<Int>?

  static func == (one: GrayscaleTransform, other: GrayscaleTransform) -> Bool {
    one.valueBits == other.valueBits && one.isSigned == other.isSigned && one.bitsStored == other.bitsStored
      && one.modalityTable == other.modalityTable && one.rescale?.slope == other.rescale?.slope
      && one.rescale?.intercept == other.rescale?.intercept && one.voiTable == other.voiTable
      && one.window == other.window && one.isInverted == other.isInverted && one.padding == other.padding
  }

  /// The lower `valueBits` bits of a cell as the number that they stand for.
  func number(ofBits bits: Int) -> Int {
    isSigned && bits >= 1 << (valueBits - 1) ? bits - 1 << valueBits : bits
  }

  /// The range of what `stage` gives. Its lower end belongs to the least stored number; a negative slope turns both
  /// around.
  func ends(of stage: DICOMStage) -> (lowest: Double, highest: Double) {
    let stored: (Double, Double) =
      isSigned
      ? (-Double(1 << (bitsStored - 1)), Double(1 << (bitsStored - 1)) - 1) : (0, Double(1 << bitsStored) - 1)
    if stage == .stored { return stored }
    if stage != .modality, let voiTable { return (0, Double(1 << voiTable.bits) - 1) }
    let modality = modalityTable.map { (0, Double(1 << $0.bits) - 1) } ?? stored
    guard let rescale else { return modality }
    return (
      modality.0 * rescale.slope + rescale.intercept, modality.1 * rescale.slope + rescale.intercept
    )
  }

  /// What `stage` makes of every pattern of `valueBits` bits, whether or not the image has it.
  func values(at stage: DICOMStage) -> [Double] {
    let ends = ends(of: .voi)
    return (0..<(1 << valueBits)).map { bits in
      let number = Double(number(ofBits: bits))
      if stage == .stored { return number }
      let modality = modality(number)
      if stage == .modality { return modality }
      let voi =
        voiTable?.value(of: modality)
        ?? window?.value(of: modality, lowest: ends.lowest, highest: ends.highest) ?? modality
      return stage == .display && isInverted ? ends.lowest + ends.highest - voi : voi
    }
  }

  private func modality(_ number: Double) -> Double {
    if let modalityTable { return modalityTable.value(of: number) }
    guard let rescale else { return number }
    return number * rescale.slope + rescale.intercept
  }

  func isPadding(_ bits: Int) -> Bool { padding?.contains(number(ofBits: bits)) ?? false }
}
