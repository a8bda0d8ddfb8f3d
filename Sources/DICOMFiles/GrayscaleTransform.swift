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

extension LookupTable {
  /// The greatest value that as many bits hold as the entries take. `bits` is often more, 16 for a table of 12.
  var greatest: Double { Double(1 << (UInt16.bitWidth - (entries.max() ?? 0).leadingZeroBitCount) - 1) }
}

/// Stored numbers times `slope`, plus `intercept` (PS3.3, C.11.1.1.2).
struct Rescale: Sendable, Equatable {
  var slope: Double
  var intercept: Double

  /// Nil without a slope, or with one of 0, which would make every number the same. A missing intercept is 0.
  init?(slope: Double?, intercept: Double?) {
    guard let slope, slope != 0 else { return nil }
    self.slope = slope
    self.intercept = intercept ?? 0
  }

  func value(of number: Double) -> Double { number * slope + intercept }
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
  /// Nil beside a modality table.
  var rescale: Rescale?
  var voiTable: LookupTable?
  var window: Window?
  var isInverted: Bool
  /// Stored numbers that are no part of the image.
  var padding: ClosedRange<Int>?

  /// The lower `valueBits` bits of a cell as a number.
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
    return (rescale.value(of: modality.0), rescale.value(of: modality.1))
  }

  /// The least and the greatest value that an image of these transformations can have after `stage`, from black to white
  /// after `.display`. Unlike `ends` it goes by the entries of a table, not by the bits that it claims.
  func range(of stage: DICOMStage) -> (least: Double, greatest: Double) {
    var (first, last) = ends(of: stage)
    let table = stage == .stored ? nil : stage == .modality ? modalityTable : voiTable ?? unwindowedModalityTable
    if let table {
      let sum = first + last
      (first, last) = (0, table.greatest)
      if stage == .display, isInverted { (first, last) = (sum - last, sum) }
    }
    return (min(first, last), max(first, last))
  }

  /// Whether the rescale leaves neighbouring numbers apart in single precision, in a range that can be divided by.
  var keepsNumbersApart: Bool {
    guard let rescale else { return true }
    let (first, last) = ends(of: .modality)
    let greatest = Float(max(abs(first), abs(last)))
    return greatest.isFinite && abs(rescale.slope) >= Double(greatest.ulp) && abs(rescale.slope) >= 1e-30
  }

  private var unwindowedModalityTable: LookupTable? { window == nil ? modalityTable : nil }

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
    return rescale?.value(of: number) ?? number
  }

  func isPadding(_ bits: Int) -> Bool { padding?.contains(number(ofBits: bits)) ?? false }
}
