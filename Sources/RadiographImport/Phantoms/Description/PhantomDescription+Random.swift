extension PhantomDescription {
  /// The phantom at `index`, from 0, of those that a seed gives; it does not depend on how many are drawn.
  public init(seed: UInt64, index: Int) {
    var random = DrawingRandom(.chest, seed: seed, index: index)
    self.init(&random)
  }

  /// Draws a chest and its findings. Two of five have no opacity, three of five no effusion, three of four no device.
  init(_ random: inout DrawingRandom) {
    let body = Body(
      center: random.number(in: 0.485...0.515), lungTop: random.number(in: 0.12...0.16),
      lungBottom: random.number(in: 0.81...0.87), thoraxWidth: random.number(in: 0.67...0.76),
      wall: random.number(in: 0.055...0.08), ribPhase: random.unit(), ribs: random.number(in: 8...10))
    let exposure = Exposure(
      gain: random.number(in: 0.92...1.08), offset: random.number(in: -8...8), noise: random.number(in: 0.5...3),
      seed: random.seed())
    let hearts: [HeartSize] = [.normal, .normal, .enlarged, .markedlyEnlarged]
    self.init(
      body: body, exposure: exposure, heartRatio: random.number(in: random.pick(hearts).ratios),
      opacity: nil, effusion: nil, device: random.chance(0.25) ? random.pick(Side.self) : nil)
    if random.chance(0.6) {
      opacity = opacity(random.pick(Side.self), random.pick(Zone.self), random.pick(Amount.self), &random)
    }
    if random.chance(0.4) {
      let amount = random.pick(Amount.self)
      var side = random.pick(Side.self)
      // Fluid would reach an opacity that is not high up.
      if let opacity, opacity.zone != .upper, opacity.side == side { side = side.other }
      effusion = Effusion(side: side, amount: amount, level: random.number(in: amount.levels))
    }
  }

  /// An opacity in the middle of its zone, in the open lung as far as heart and size leave room.
  private func opacity(_ side: Side, _ zone: Zone, _ amount: Amount, _ random: inout DrawingRandom) -> Opacity {
    let geometry = PhantomGeometry(body)
    let depth =
      switch zone {
      case .upper: random.number(in: 0.21...0.27)
      case .middle: random.number(in: 0.46...0.54)
      case .lower: random.number(in: 0.75...0.80)
      }
    let diameter = random.number(in: amount.diameters)
    let nearest = max(geometry.inner, geometry.heart(depth, side, ratio: heartRatio)) + diameter / 2
    // Between an opacity and the chest's wall there is always some lung.
    let farthest = geometry.outer(depth) - diameter / 2 - (zone == .lower ? 0.055 : 0.03)
    let distance = nearest < farthest ? random.number(in: nearest...farthest) : farthest
    return Opacity(
      side: side, zone: zone, amount: amount, diameter: diameter,
      x: geometry.x(distance, side), y: geometry.y(depth))
  }
}
