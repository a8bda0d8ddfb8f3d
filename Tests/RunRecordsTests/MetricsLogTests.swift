import Foundation
import Testing

@testable import RunRecords

@Suite struct MetricsLogTests {
  private let rows = [
    MetricsRow(
      step: 20, split: .training, values: [.loss: 0.5, .imagesPerSecond: 31], epoch: 0.25, seconds: 10.5,
      peakMemoryBytes: 1 << 30),
    MetricsRow(step: 40, split: .training, values: [.loss: 1], epoch: 0.5, seconds: 20),
    MetricsRow(step: 40, split: .validation, values: [.loss: 0.25, .peakSignalToNoise: 36.5]),
  ]

  @Test func rowsAreReadAsTheyWereWritten() throws {
    try withFolder { folder in
      let log = MetricsLog(folder.appendingPathComponent("metrics.jsonl"))
      #expect(log.rows().isEmpty)
      for row in rows { try log.append(row) }
      #expect(log.rows() == rows)
      let text = try String(contentsOf: log.url, encoding: .utf8)
      #expect(text.split(separator: "\n").count == 3 && text.hasSuffix("\n"))
      #expect(text.hasPrefix("{\"epoch\":0.25,\"images_per_second\":31,\"loss\":0.5,\"peak_memory_bytes\":1073741824,"))
    }
  }

  @Test func whatJSONCannotHoldIsLeftOutAndNoValueTakesAKeyOfTheRow() throws {
    let other = Metric(rawValue: "other")
    let row = MetricsRow(
      step: 1, split: .training,
      values: [.loss: .nan, .divergence: .infinity, Metric(rawValue: "step"): 9, other: 2])
    let read = try #require(MetricsRow(line: String(decoding: row.line(), as: UTF8.self)))
    #expect(read == MetricsRow(step: 1, split: .training, values: [other: 2]))
  }

  @Test func aResumedRunForgetsLaterRowsAndALineThatWasCut() throws {
    try withFolder { folder in
      let log = MetricsLog(folder.appendingPathComponent("metrics.jsonl"))
      for row in rows { try log.append(row) }
      let handle = try FileHandle(forWritingTo: log.url)
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("{\"loss\":0.1,\"st".utf8))
      try handle.close()
      #expect(log.rows() == rows)
      try log.truncate(after: 20)
      #expect(log.rows() == [rows[0]])
      try log.append(rows[1])
      #expect(log.rows() == Array(rows.prefix(2)))
      try log.truncate(after: -1)
      #expect(log.rows().isEmpty)
    }
  }
}
