import Foundation

/// Where a job stands.
enum JobState: String, Codable, Sendable, CaseIterable {
  case waiting
  case running
  case finished
  case cancelled
  case failed
  /// The service ended while it waited or ran.
  case interrupted

  var isOver: Bool { self != .waiting && self != .running }
}

/// A job as it is kept.
struct Job: Sendable, Equatable {
  var id: String
  var account: String
  var state: JobState
  var created: Date
  var started: Date?
  var finished: Date?
  var model: String
  /// The number of images that it asks for.
  var images: Int
  /// The request as JSON.
  var request: String
  /// The columns of its table, as JSON; nil for a job of one prompt.
  var table: String?
  var errorCode: String?
  var errorMessage: String?
}

/// An image of a job.
struct JobImage: Sendable, Equatable {
  var index: Int
  var prompt: String
  var seed: UInt64
  /// SHA-256 of the file in each format, by the format's name.
  var hashes: [String: String]
  var truncation: String?
  /// How near it is to the training images; nil if no gate was there.
  var nearness: TrainingNearness?
}

/// How far a job has come that waits or runs.
struct JobProgress: Sendable {
  var image = 0
  var step = 0
  var steps = 0
  /// Jobs and requests before it; nil once it has begun.
  var position: Int?
  /// The step of the last preview, and its picture as PNG.
  var preview: (step: Int, png: [UInt8])?
}
