import RadiographData
import Support

/// Real radiographs that show what texts ask for.
struct WishedRadiographs {
  /// One of a part: what is known of it.
  private struct Radiograph {
    let isChild: Bool
    let view: ViewPosition?
    let shown: Set<String>

    init(_ attributes: RadiographAttributes) {
      isChild = ImageTrait.child.holds(for: attributes) == true
      view = attributes.view
      shown = Set(attributes.positives)
    }

    /// Whether texts ask for what it shows, and for nothing else.
    var isAskedForAsItIs: Bool { isChild || view == .lateral }
  }

  private var radiographs: [Radiograph] = []

  /// Those of a part.
  ///
  /// - Throws: `DatasetError`.
  init(_ records: RadiographRecords) throws {
    try records.forEach { radiographs.append(Radiograph($1.attributes)) }
  }

  init(_ attributes: [RadiographAttributes]) { radiographs = attributes.map(Radiograph.init) }

  func isChild(_ number: Int) -> Bool { radiographs[number].isChild }

  /// The number of a radiograph for each text: another adult's in the same view that shows what the text names first, one in any
  /// view if there is none, and the patient's own if there is none either, or the text names nothing. Of children and of lateral
  /// views, of which texts ask for what the radiograph shows, the patient's own.
  ///
  /// - Parameters:
  ///   - patients: The radiograph whose patient each text is for.
  ///   - seed: What is drawn by chance, is drawn from it.
  func numbers(_ wishes: [Wish], patients: [Int], seed: UInt64) -> [Int] {
    var generator = SplitMix64(seed: seed)
    let adults = radiographs.indices.filter { !radiographs[$0].isAskedForAsItIs }
    var found: [String: [Int]] = [:]
    return zip(wishes, patients).map { wish, patient in
      guard !radiographs[patient].isAskedForAsItIs, let name = wish.statements.first(where: \.isPresent)?.name else {
        return patient
      }
      let showing = found[name] ?? adults.filter { radiographs[$0].shown.contains(name) }
      found[name] = showing
      let alike = showing.filter { radiographs[$0].view == radiographs[patient].view }
      return (alike.isEmpty ? showing : alike).randomElement(using: &generator) ?? patient
    }
  }
}
