import RadiographData
import Support

/// Real radiographs that show what texts ask for.
struct WishedRadiographs {
  /// One of a part: what is known of it.
  private struct Radiograph {
    let isChild: Bool
    let view: ViewPosition?
    let shown: Set<String>
    let isEnlarged: Bool

    init(_ attributes: RadiographAttributes, isEnlarged: Bool) {
      self.isEnlarged = isEnlarged
      isChild = ImageTrait.child.holds(for: attributes) == true
      view = attributes.view
      shown = Set(attributes.positives)
    }

    func isLike(_ other: Radiograph) -> Bool {
      (isChild, view, shown) == (other.isChild, other.view, other.shown)
    }

    /// Whether texts ask for what it shows, and for nothing else.
    var isAskedForAsItIs: Bool { isChild || view == .lateral }
  }

  private var radiographs: [Radiograph] = []

  /// Those of a part.
  ///
  /// - Throws: `DatasetError`.
  init(_ records: RadiographRecords) throws {
    try records.forEach {
      radiographs.append(Radiograph($1.attributes, isEnlarged: $1.isEnlarged(to: records.imageSize)))
    }
  }

  init(_ attributes: [(RadiographAttributes, isEnlarged: Bool)]) { radiographs = attributes.map(Radiograph.init) }

  func isChild(_ number: Int) -> Bool { radiographs[number].isChild }

  /// The number of a radiograph for each text: another adult's in the same view that shows what the text names first, one in any
  /// view if there is none, and the patient's own if there is none either, or the text names nothing. Of children and of lateral
  /// views, of which texts ask for what the radiograph shows, the patient's own. In place of one that is blurred since its file is
  /// small, as no text asks for, one in the same view that shows the same, if there is any.
  ///
  /// - Parameters:
  ///   - patients: The radiograph whose patient each text is for.
  ///   - seed: What is drawn by chance, is drawn from it.
  func numbers(_ wishes: [Wish], patients: [Int], seed: UInt64) -> [Int] {
    var generator = SplitMix64(seed: seed)
    let sharp = radiographs.indices.filter { !radiographs[$0].isEnlarged }
    let adults = sharp.filter { !radiographs[$0].isAskedForAsItIs }
    var found: [String: [Int]] = [:]
    return zip(wishes, patients).map { wish, patient in
      let own = radiographs[patient]
      var showing: [Int] = []
      if !own.isAskedForAsItIs, let name = wish.statements.first(where: \.isPresent)?.name {
        showing = found[name] ?? adults.filter { radiographs[$0].shown.contains(name) }
        found[name] = showing
      }
      if showing.isEmpty, own.isEnlarged {
        showing = sharp.filter { radiographs[$0].isLike(own) }
      }
      let alike = showing.filter { radiographs[$0].view == own.view }
      return (alike.isEmpty ? showing : alike).randomElement(using: &generator) ?? patient
    }
  }
}
