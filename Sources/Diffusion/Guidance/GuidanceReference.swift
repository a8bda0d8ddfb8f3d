/// What guidance drives a prompt's image away from, where no negative prompt is given.
public enum GuidanceReference: String, CaseIterable, Codable, Sendable {
  /// The null condition, which is no text (Ho and Salimans, arXiv:2207.12598).
  case nothing
  /// The mean of the network's answers to no text and to two opposites of the prompt: the same words with the other sex, side,
  /// age group and view, and such a patient with the findings that the prompt denies, or with none. What a prompt shares with
  /// its opposites is driven at by a third alone, so that a large scale changes what was asked for and little else.
  case opposites
}
