/// How many pictures show what their prompts ask for.
public struct PhantomCheck: Sendable, Equatable, Encodable {
  /// Pictures of one kind of prompt.
  public struct Share: Sendable, Equatable, Encodable {
    public var asked = 0
    public var obeyed = 0
    /// `obeyed` of `asked`, 0 to 1; 0 if nothing was asked.
    public var share: Double { asked > 0 ? Double(obeyed) / Double(asked) : 0 }

    private enum CodingKeys: String, CodingKey { case asked, obeyed, share }

    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(asked, forKey: .asked)
      try values.encode(obeyed, forKey: .obeyed)
      try values.encode(share, forKey: .share)
    }
  }

  /// A picture that does not show what its prompt asks for.
  public struct Disagreement: Sendable, Equatable, Encodable {
    public var path: String
    public var kind: PhantomPrompt.Kind
    public var prompt: String
    public var expected: PhantomReading
    public var found: PhantomReading
  }

  /// Of every kind that a prompt has.
  public private(set) var kinds: [String: Share] = [:]
  public private(set) var all = Share()
  /// Pictures that are no phantom.
  public private(set) var unlike = 0
  /// In the order of the pictures.
  public private(set) var disagreements: [Disagreement] = []

  /// Compares pictures with prompts, one for each, in their order.
  ///
  /// - Throws: `PhantomError.countMismatch` if they are not as many, or none.
  public init(
    _ prompts: [PhantomPrompt], images: [(path: String, reading: PhantomReading)]
  ) throws(PhantomError) {
    try Self.checkCounts(prompts: prompts.count, images: images.count)
    for (prompt, image) in zip(prompts, images) {
      all.asked += 1
      kinds[prompt.kind.rawValue, default: Share()].asked += 1
      if !image.reading.isPhantom { unlike += 1 }
      if prompt.isObeyed(by: image.reading) {
        all.obeyed += 1
        kinds[prompt.kind.rawValue, default: Share()].obeyed += 1
      } else {
        disagreements.append(
          Disagreement(
            path: image.path, kind: prompt.kind, prompt: prompt.prompt, expected: prompt.truth, found: image.reading))
      }
    }
  }

  /// - Throws: `PhantomError.countMismatch` if images and prompts are not as many, or none.
  public static func checkCounts(prompts: Int, images: Int) throws(PhantomError) {
    guard prompts > 0, images == prompts else { throw .countMismatch(images: images, prompts: prompts) }
  }

  private enum CodingKeys: String, CodingKey {
    case kinds, all, disagreements
    case unlike = "not_phantoms"
  }
}
