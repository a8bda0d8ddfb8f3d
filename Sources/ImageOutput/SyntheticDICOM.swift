import DICOMFiles
import Foundation
import ImageFiles
import Support

/// A DICOM file of drawn images: Secondary Capture (PS3.3, A.8.1), or with several images Multi-frame Grayscale Byte
/// Secondary Capture (A.8.3). It says in every way that DICOM has that no person was examined.
struct SyntheticDICOM {
  /// The private creator of group 0099, whose element 01 holds the texts that a PNG holds, as JSON.
  static let creator = "THORAX"
  static let texts: UInt32 = 0x0099_1001

  /// The images, all of one size, and the texts of each.
  private let images: [(image: GrayscaleImage, texts: [ImageText])]

  /// - Throws: ``ProvenanceError/unequalFrames`` for no image, or images of different sizes.
  init(_ images: [(image: GrayscaleImage, texts: [ImageText])]) throws(ProvenanceError) {
    guard let first = images.first?.image,
      images.allSatisfy({ $0.image.width == first.width && $0.image.height == first.height })
    else { throw .unequalFrames }
    self.images = images
  }

  func encoded() throws -> [UInt8] {
    try DICOMWriter.encode(try elements(), pixels: images.flatMap(\.image.pixels))
  }

  private func elements() throws -> [DICOMElement] {
    let facts = Dictionary(images[0].texts.map { ($0.key, $0.value) }) { first, _ in first }
    func fact(_ key: String) -> String { facts["thorax:\(key)"] ?? "" }
    let isMultiFrame = images.count > 1
    let sopClass = isMultiFrame ? "1.2.840.10008.5.1.4.1.1.7.2" : "1.2.840.10008.5.1.4.1.1.7"
    // The same request gives the same file: identifiers come from what was asked and from what was drawn.
    let asked = [fact("model-hash"), fact("prompt"), fact("negative")]
    let settings =
      ["steps", "guidance", "guidance-rescale", "guidance-interval", "sampler", "eta"].map(fact)
      + (facts["thorax:guidance-from"].map { [$0] } ?? [])
    let drawn = images.flatMap { image in
      image.texts.flatMap { [$0.key, $0.value] } + [ContentHash.of(image.image.pixels)]
    }
    let study = Self.identifier(["study"] + asked)
    let series = Self.identifier(["series"] + asked + settings)
    let instance = Self.identifier(["instance", sopClass] + drawn)
    let patient = "SYNTHETIC-" + ContentHash.of(parts: asked).prefix(12).uppercased()
    let model = "\(fact("model")) (SHA-256 \(fact("model-hash")))"
    let equipment: [UInt32] = [0x0018_A001]
    let purpose = equipment + [0x0040_A170]

    var elements = [
      DICOMElement(0x0008_0005, "CS", "ISO_IR 192"),  // Specific Character Set
      DICOMElement(0x0008_0008, "CS", "DERIVED\\SECONDARY"),  // Image Type
      DICOMElement(0x0008_0016, "UI", sopClass),
      DICOMElement(0x0008_0018, "UI", instance),
      DICOMElement(0x0008_001C, "CS", "YES"),  // Synthetic Data
      DICOMElement(0x0008_0020, "DA", ""),  // Study Date
      DICOMElement(0x0008_0030, "TM", ""),  // Study Time
      DICOMElement(0x0008_0050, "SH", ""),  // Accession Number
      DICOMElement(0x0008_0060, "CS", "OT"),  // Modality
      DICOMElement(0x0008_0064, "CS", "SYN"),  // Conversion Type
      DICOMElement(0x0008_0070, "LO", "Thorax"),  // Manufacturer
      DICOMElement(0x0008_0090, "PN", ""),  // Referring Physician's Name
      DICOMElement(0x0008_1030, "LO", Self.line("Synthetic: " + fact("prompt"), 64)),  // Study Description
      DICOMElement(0x0008_103E, "LO", "Synthetic chest radiograph, not for diagnosis"),  // Series Description
      DICOMElement(0x0008_1090, "LO", Self.line(fact("model"), 64)),  // Manufacturer's Model Name
      DICOMElement(0x0008_2111, "ST", Self.line(description(fact), 1024)),  // Derivation Description
      DICOMElement(0x0010_0010, "PN", "Synthetic^No Person"),  // Patient's Name
      DICOMElement(0x0010_0020, "LO", patient),  // Patient ID
      DICOMElement(0x0010_0030, "DA", ""),  // Patient's Birth Date
      DICOMElement(0x0010_0040, "CS", ""),  // Patient's Sex
      DICOMElement(0x0010_4000, "LT", Provenance.notice),  // Patient Comments
      DICOMElement(0x0018_0015, "CS", "CHEST"),  // Body Part Examined
      DICOMElement(0x0018_1020, "LO", Self.line(ThoraxVersion.software, 64)),  // Software Versions
      DICOMElement(0x0018_9004, "CS", "RESEARCH"),  // Content Qualification
      DICOMElement(0x0008_0070, "LO", "Thorax", in: equipment),
      DICOMElement(0x0008_1090, "LO", Self.line(fact("model"), 64), in: equipment),
      DICOMElement(0x0018_1020, "LO", Self.line(ThoraxVersion.software, 64), in: equipment),
      DICOMElement(0x0018_A003, "ST", Self.line("Drawn by the model " + model, 1024), in: equipment),
      // Purpose of Reference Code Sequence
      DICOMElement(0x0008_0100, "SH", "109102", in: purpose),
      DICOMElement(0x0008_0102, "SH", "DCM", in: purpose),
      DICOMElement(0x0008_0104, "LO", "Processing Equipment", in: purpose),
      DICOMElement(0x0020_000D, "UI", study),
      DICOMElement(0x0020_000E, "UI", series),
      DICOMElement(0x0020_0010, "SH", "SYNTHETIC"),  // Study ID
      DICOMElement(0x0020_0011, "IS", "1"),  // Series Number
      DICOMElement(0x0020_0013, "IS", "1"),  // Instance Number
      DICOMElement(0x0020_0020, "CS", "L\\F"),  // Patient Orientation
      DICOMElement(0x0028_0002, "US", "1"),  // Samples per Pixel
      DICOMElement(0x0028_0004, "CS", "MONOCHROME2"),  // Photometric Interpretation
      DICOMElement(0x0028_0010, "US", "\(images[0].image.height)"),  // Rows
      DICOMElement(0x0028_0011, "US", "\(images[0].image.width)"),  // Columns
      DICOMElement(0x0028_0100, "US", "8"),  // Bits Allocated
      DICOMElement(0x0028_0101, "US", "8"),  // Bits Stored
      DICOMElement(0x0028_0102, "US", "7"),  // High Bit
      DICOMElement(0x0028_0103, "US", "0"),  // Pixel Representation
      DICOMElement(0x0028_0301, "CS", fact("stamp").isEmpty ? "NO" : "YES"),  // Burned In Annotation
      DICOMElement(0x0028_2110, "CS", "00"),  // Lossy Image Compression
      DICOMElement(0x0099_0010, "LO", Self.creator),
      DICOMElement(Self.texts, "UT", try json()),
    ]
    if isMultiFrame {
      elements += [
        DICOMElement(0x0018_2001, "IS", (1...images.count).map(String.init).joined(separator: "\\")),  // Page Numbers
        DICOMElement(0x0028_0008, "IS", "\(images.count)"),  // Number of Frames
        DICOMElement(0x0028_0009, "AT", "(0018,2001)"),  // Frame Increment Pointer
        DICOMElement(0x0028_1052, "DS", "0"),  // Rescale Intercept
        DICOMElement(0x0028_1053, "DS", "1"),  // Rescale Slope
        DICOMElement(0x0028_1054, "LO", "US"),  // Rescale Type
        DICOMElement(0x2050_0020, "CS", "IDENTITY"),  // Presentation LUT Shape
      ]
    }
    return elements
  }

  /// What the viewers show of how an image was made.
  private func description(_ fact: (String) -> String) -> String {
    let seeds = images.compactMap { image in image.texts.first { $0.key == "thorax:seed" }?.value }
    return "\(Provenance.notice) \(seeds.count == 1 ? "Seed" : "Seeds") \(seeds.joined(separator: ", ")), "
      + "\(fact("steps")) steps of \(fact("sampler")), guidance \(fact("guidance")), model \(fact("model")) "
      + "\(fact("model-hash").prefix(12)). Prompt: \(fact("prompt"))"
  }

  /// The texts of every image: a list of [key, value] for each.
  private func json() throws -> String {
    let lists = images.map { $0.texts.map { [$0.key, $0.value] } }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(lists), as: UTF8.self)
  }

  /// Reads what ``json()`` wrote, of the first image; nil if the file says nothing of the kind.
  static func texts(of file: DICOMFile) -> [ImageText]? {
    guard file.attributes.privateCreator == creator, let note = file.attributes.privateNote,
      let lists = try? JSONDecoder().decode([[[String]]].self, from: Data(note.utf8)), let first = lists.first
    else { return nil }
    return first.compactMap { $0.count == 2 ? ImageText($0[0], $0[1]) : nil }
  }

  /// One line of at most `limit` characters, without the character that separates values.
  private static func line(_ text: String, _ limit: Int) -> String {
    text.onOneLine(limit: limit - 1).replacingOccurrences(of: "\\", with: "/")
  }

  /// An identifier below 2.25 (PS3.5, B.2): a UUID of version 8 (RFC 9562) from a hash, in decimal digits.
  static func identifier(_ parts: [String]) -> String {
    let hash = ContentHash.of(parts: parts)
    var bytes = stride(from: 0, to: 32, by: 2).map { place -> UInt8 in
      let start = hash.index(hash.startIndex, offsetBy: place)
      return UInt8(hash[start..<hash.index(start, offsetBy: 2)], radix: 16) ?? 0
    }
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    var digits: [Character] = []
    while bytes.contains(where: { $0 != 0 }) {
      var remainder = 0
      for index in bytes.indices {
        let value = remainder << 8 | Int(bytes[index])
        bytes[index] = UInt8(value / 10)
        remainder = value % 10
      }
      digits.append(Character("\(remainder)"))
    }
    return "2.25." + String(digits.reversed())
  }
}
