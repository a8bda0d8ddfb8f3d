import ImageFiles
import Support

/// Images in memory, such as samples that were just drawn.
public struct DrawnImages: ImageSet {
  public struct Item: Sendable {
    public var name: String
    public var image: GrayscaleImage
    public var facts: ImageFacts

    public init(name: String, image: GrayscaleImage, facts: ImageFacts) {
      self.name = name
      self.image = image
      self.facts = facts
    }
  }

  public let title: String
  public let items: [Item]

  public init(title: String, items: [Item]) {
    self.title = title
    self.items = items
  }

  public var count: Int { items.count }
  public var contentHash: String { ContentHash.of(parts: items.map { ContentHash.of($0.image.pixels) }) }

  public func name(at index: Int) -> String { items[index].name }
  public func facts(at index: Int) -> ImageFacts { items[index].facts }
  public func image(at index: Int) -> GrayscaleImage { items[index].image }
}
