import Foundation
import ImageFiles
import Testing

@testable import RunRecords

/// Against the bytes that the `tensorboard` package writes (Tools/reference/tensorboard_events.py).
@Suite struct EventFileTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/tensorboard")

  @Test func checksumsAreTensorFlows() throws {
    let expected = try String(contentsOf: Self.fixtures.appendingPathComponent("crc.txt"), encoding: .utf8)
      .split(separator: "\n").map { UInt32($0) }
    let pattern = (0..<5).flatMap { _ in (0...255).map { UInt8($0) } }
    #expect([[], Array("123456789".utf8), pattern].map(CRC32C.masked) == expected)
    // The check value of the catalogue of checksums, without the mask.
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
  }

  @Test func recordsAreTensorBoardsByteForByte() throws {
    let picture = Array(try Data(contentsOf: Self.fixtures.appendingPathComponent("picture.png")))
    func scalars(_ time: Double, _ step: Int, _ values: [(String, Float)]) -> TensorBoardEvent {
      TensorBoardEvent(
        wallTime: time, step: step, content: .summary(values.map { (tag: $0.0, value: .scalar($0.1)) }))
    }
    let events = [
      TensorBoardEvent(wallTime: 1_764_000_000.25, step: 0, content: .fileVersion),
      TensorBoardEvent(wallTime: 1_764_000_000.25, step: 501, content: .sessionStart),
      scalars(1_764_000_001.5, 520, [("loss/train", 0.0512), ("zero/train", 0)]),
      scalars(1_764_000_002, 0, [("negative", -1.5e-30)]),
      scalars(0, 3_000_000_000, [("h\u{E9} / \u{3BB}", 3.4e38)]),
      scalars(1_764_000_003, 127, []),
      scalars(1_764_000_003, 128, [(String(repeating: "t", count: 300), 1)]),
      TensorBoardEvent(
        wallTime: 1_764_000_004, step: 500,
        content: .summary([
          (tag: "samples", value: .image(.init(encoded: picture, width: 2, height: 1, channels: 1)))
        ])),
    ]
    let expected = Array(try Data(contentsOf: Self.fixtures.appendingPathComponent("events.bin")))
    #expect(events.flatMap(\.record) == expected)
  }

  @Test func aFileHoldsWhatWasAppendedBehindItsSessionStart() throws {
    try withFolder { folder in
      let now = Date(timeIntervalSince1970: 1_764_000_000)
      let file = try EventFile(folder: folder, firstStep: 41, now: now)
      #expect(file.url.lastPathComponent == "events.out.tfevents.1764000000.thorax")
      try file.append(
        MetricsRow(step: 60, split: .validation, values: [.loss: 0.5, .divergence: .nan, .peakSignalToNoise: 30]),
        at: now)
      try file.append(MetricsRow(step: 60, split: .training, values: [:]), at: now)
      let picture = folder.appendingPathComponent("step-00000060.png")
      try Data(GrayscaleImage(width: 3, height: 2, pixels: [1, 2, 3, 4, 5, 6]).pngBytes()).write(to: picture)
      try file.append(picture: picture, tag: "samples", step: 60, at: now)

      let values: [(tag: String, value: TensorBoardEvent.Value)] = [
        (tag: "loss/validation", value: .scalar(0.5)), (tag: "psnr/validation", value: .scalar(30)),
      ]
      let image = TensorBoardEvent.Image(
        encoded: Array(try Data(contentsOf: picture)), width: 3, height: 2, channels: 1)
      let expected = [
        TensorBoardEvent(wallTime: 1_764_000_000, step: 0, content: .fileVersion),
        TensorBoardEvent(wallTime: 1_764_000_000, step: 41, content: .sessionStart),
        TensorBoardEvent(wallTime: 1_764_000_000, step: 60, content: .summary(values)),
        TensorBoardEvent(
          wallTime: 1_764_000_000, step: 60, content: .summary([(tag: "samples", value: .image(image))])),
      ]
      #expect(Array(try Data(contentsOf: file.url)) == expected.flatMap(\.record))
    }
  }

  @Test func laterFilesComeLaterByName() throws {
    try withFolder { folder in
      let now = Date(timeIntervalSince1970: 1_764_000_000)
      let names = try [now, now, now.addingTimeInterval(-500), now.addingTimeInterval(10)].map {
        try EventFile(folder: folder, firstStep: 0, now: $0).url.lastPathComponent
      }
      #expect(names == names.sorted() && Set(names).count == 4)
      #expect(names.last == "events.out.tfevents.1764000010.thorax")
    }
  }

  @Test func whatIsNoPictureIsAnErrorAndLeavesTheFile() throws {
    try withFolder { folder in
      let file = try EventFile(folder: folder, firstStep: 0)
      let before = try Data(contentsOf: file.url)
      let picture = folder.appendingPathComponent("x.png")
      try Data("no picture".utf8).write(to: picture)
      #expect(throws: ImageFileError.unknownFormat) { try file.append(picture: picture, tag: "samples", step: 1) }
      #expect(try Data(contentsOf: file.url) == before)
    }
  }
}

func withFolder(_ body: (URL) throws -> Void) throws {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-records-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  try body(url)
}
