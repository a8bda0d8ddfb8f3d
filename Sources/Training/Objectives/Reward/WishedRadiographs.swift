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

  /// What an image of a text for a radiograph's patient is compared among.
  func group(_ wish: Wish, patient: Int) -> ImageGroup {
    radiographs[patient].isChild ? .children : wish.isShown ? .adultsAsShown : .adultsAsWished
  }

  /// The number of a radiograph for each text: the patient's own where it asks for what that shows; else another adult's that shows
  /// what the text names first, if there is one, and in the same view if there is one. In place of one that is blurred since its file
  /// is small, as no text asks for, one in the same view that shows the same, or what the text names first, if there is any.
  ///
  /// - Parameters:
  ///   - patients: The radiograph whose patient each text is for.
  ///   - seed: What is drawn by chance, is drawn from it.
  func numbers(_ wishes: [Wish], patients: [Int], seed: UInt64) -> [Int] {
    var generator = SplitMix64(seed: seed)
    let sharp = radiographs.indices.filter { !radiographs[$0].isEnlarged }
    let adults = sharp.filter { !radiographs[$0].isChild && radiographs[$0].view != .lateral }
    let named = Dictionary(
      uniqueKeysWithValues: Set(adults.flatMap { radiographs[$0].shown }).map { name in
        (name, adults.filter { radiographs[$0].shown.contains(name) })
      })
    return zip(wishes, patients).map { wish, patient in
      let own = radiographs[patient]
      guard !wish.isShown || own.isEnlarged else { return patient }
      func naming() -> [Int] {
        guard !own.isChild, own.view != .lateral else { return [] }
        return wish.statements.first(where: \.isPresent).flatMap { named[$0.name] } ?? []
      }
      func like() -> [Int] { own.isEnlarged ? sharp.filter { radiographs[$0].isLike(own) } : [] }
      let ways = wish.isShown ? [like, naming] : [naming, like]
      let found = ways.lazy.map { $0() }.first { !$0.isEmpty } ?? []
      let alike = found.filter { radiographs[$0].view == own.view }
      return (alike.isEmpty ? found : alike).randomElement(using: &generator) ?? patient
    }
  }
}
