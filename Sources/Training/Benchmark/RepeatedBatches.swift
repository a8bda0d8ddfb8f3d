import Foundation
import RunRecords
import Torch

/// An objective whose steps all see the batches of the first, so that no time goes into making them.
final class RepeatedBatches<Goal: Objective>: Objective {
  private let goal: Goal
  private var batches: [Range<Int>: Goal.Batch] = [:]

  init(_ goal: Goal) { self.goal = goal }

  var description: StageDescription { goal.description }
  var trained: [TrainedWeights] { goal.trained }
  var totalSteps: Int { goal.totalSteps }
  var batchSize: Int { goal.batchSize }
  var microBatchSize: Int { goal.microBatchSize }
  var imagesPerEpoch: Int { goal.imagesPerEpoch }

  func batch(_ slice: BatchSlice) throws -> Goal.Batch {
    if let batch = batches[slice.rows] { return batch }
    let batch = try goal.batch(slice)
    batches[slice.rows] = batch
    return batch
  }

  func losses(of batch: Goal.Batch, _ slice: BatchSlice) throws -> [Loss] { try goal.losses(of: batch, slice) }
  func validate(_ share: RankShare) throws -> RunningMeans { try goal.validate(share) }
  func writeSamples(to picture: URL) throws { try goal.writeSamples(to: picture) }
}
