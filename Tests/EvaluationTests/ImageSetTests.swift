import Foundation
import ImageFiles
import ImageOutput
import Support
import Testing

@testable import Evaluation

@Suite("Sets of images")
struct ImageSetTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-images-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func write(_ seed: UInt64, side: Int = 64, to url: URL) throws {
    try Data(CopyGateTests.chest(seed, side: side).pngBytes()).write(to: url)
  }

  @Test("a folder is read by name, brought to a size, and noticed if it changes")
  func folder() throws {
    try withFolder { folder in
      for (index, name) in ["b.png", "a.png", "c.PNG", ".hidden.png"].enumerated() {
        try write(UInt64(index), to: folder.appendingPathComponent(name))
      }
      try Data("text".utf8).write(to: folder.appendingPathComponent("notes.txt"))
      let set = try FolderImages(path: folder.path)
      #expect((0..<set.count).map(set.name(at:)) == ["a.png", "b.png", "c.PNG"])
      #expect(try set.image(at: 0) == CopyGateTests.chest(1, side: 64))
      try set.requireOneSize()
      try set.requireUnchanged()
      let small = try FolderImages(path: folder.path, size: 32)
      #expect(try small.image(at: 0).width == 32)
      #expect(small.contentHash == set.contentHash)

      try write(9, to: folder.appendingPathComponent("b.png"))
      #expect(throws: MeasurementError.changed(path: folder.path, name: "b.png")) { try set.image(at: 1) }
      #expect(throws: MeasurementError.changed(path: folder.path, name: "b.png")) { try set.requireUnchanged() }
      let whole = try FolderImages(path: folder.path)
      try whole.requireUnchanged()
      try write(7, to: folder.appendingPathComponent("new.png"))
      #expect(throws: MeasurementError.changed(path: folder.path, name: "new.png")) { try whole.requireUnchanged() }
      #expect(try FolderImages(path: folder.path).contentHash != set.contentHash)
    }
  }

  @Test("sizes that differ, one grey, no images and no folder are refused by name")
  func refused() throws {
    try withFolder { folder in
      #expect(throws: MeasurementError.noImages(path: folder.path)) { try FolderImages(path: folder.path) }
      #expect(throws: MeasurementError.missing(path: "nowhere")) { try FolderImages(path: "nowhere") }
      try write(0, to: folder.appendingPathComponent("a.png"))
      try write(1, side: 32, to: folder.appendingPathComponent("b.png"))
      let error = MeasurementError.sizesDiffer(path: folder.path, name: "b.png", found: [32, 32], expected: [64, 64])
      #expect(throws: error) { try FolderImages(path: folder.path).requireOneSize() }
      for (size, enlarged) in [(16, 0), (48, 1), (80, 2)] {
        let remarks = try FolderImages(path: folder.path, size: size).requireOneSize()
        #expect(remarks.count == min(enlarged, 1))
        #expect(remarks.allSatisfy { $0.hasPrefix("\(enlarged) of 2 images are smaller than \(size)x\(size)") })
      }
      try write(0, to: folder.appendingPathComponent("b.png"))
      #expect(
        try FolderImages(path: folder.path).requireOneSize() == ["1 of 2 images repeat another, pixel by pixel."])
      let black = try GrayscaleImage(width: 8, height: 8, pixels: Array(repeating: 0, count: 64)).pngBytes()
      for name in ["a.png", "b.png"] { try Data(black).write(to: folder.appendingPathComponent(name)) }
      #expect(throws: MeasurementError.flat(path: folder.path, count: 2)) {
        try FolderImages(path: folder.path).requireOneSize()
      }
    }
  }

  @Test("CheXGenBench's tables go in and out")
  func tables() throws {
    try withFolder { folder in
      let rows = [
        PromptTable.Row(image: "a.png", facts: ImageFacts(prompt: "clear lungs, no \"effusion\"")),
        PromptTable.Row(image: "b.png", facts: ImageFacts(prompt: "effusion")),
      ]
      let path = folder.appendingPathComponent("prompt_INFO.csv").path
      let table = PromptTable(path: path, rows: rows)
      #expect(table.csv.hasPrefix("prompt,img_savename\n\"clear lungs, no \"\"effusion\"\"\",a.png\n"))
      try table.csv.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try PromptTable(contentsOf: path).rows == rows)

      let real = folder.appendingPathComponent("real.csv").path
      try """
      path,annotated_prompt,chexpert_labels,subject_id
      p10/a.jpg,text,"{'Pneumonia': 1.0, 'Fracture': nan, 'Edema': 0.0, 'Atelectasis': 1}",7

      """.write(toFile: real, atomically: true, encoding: .utf8)
      #expect(
        try PromptTable(contentsOf: real).rows == [
          PromptTable.Row(
            image: "p10/a.jpg",
            facts: ImageFacts(prompt: "text", labels: ["Atelectasis", "Pneumonia"], patient: "7"))
        ])
      #expect(throws: MeasurementError.notInFolder(table: path, name: "a.png", folder: folder.path)) {
        try FolderImages(path: folder.path, table: table)
      }
      for (text, says) in [
        ("one,two\n1,2\n", "no column 'img_savename'"),
        ("prompt,img_savename,Prompt\na,a.png,b\n", "two columns are called 'Prompt'"),
        ("prompt,img_savename\nclear, no effusion,a.png\n", "line 2 has 3 cells where the first has 2"),
        ("prompt,img_savename\n,a.png\n", "line 2 has no prompt"),
        ("path,chexpert_labels\na.jpg,{'Pneumonia': 1.0\n", "not of the form"),
        ("path,chexpert_labels\na.jpg,{'Pneumonia: 1.0}\n", "not of the form"),
        ("path,chexpert_labels\na.jpg,{'Pneumonia': yes}\n", "not of the form"),
      ] {
        try text.write(toFile: real, atomically: true, encoding: .utf8)
        let error = #expect(throws: MeasurementError.self) { try PromptTable(contentsOf: real) }
        #expect("\(try #require(error))".contains(says))
      }
    }
  }

  @Test("a reader's answers are scored, and a letter hides the truth and gives it back")
  func readers() throws {
    for place in 0..<100 {
      for truth in [true, false] {
        #expect(
          ReaderPage.isSynthetic(letter: ReaderPage.letter(isSynthetic: truth, place: place), place: place) == truth)
      }
    }
    let samples = try CopyGateTests.set(0..<6)
    let page = try ReaderPage(samples: samples, real: CopyGateTests.set(50..<60), seed: 3)
    #expect(page.images.count == 12 && page.isSynthetic.count { $0 } == 6)
    #expect(try page.document().contains("img-src data:") && !page.document().contains("{{"))
    try withFolder { folder in
      let path = folder.appendingPathComponent("answers.csv").path
      func write(_ says: (Int) -> String) throws {
        let lines = page.isSynthetic.enumerated().map {
          "\($0 + 1),\(says($0)),\($0 % 5 + 1),1.5,\(ReaderPage.letter(isSynthetic: $1, place: $0))"
        }
        try (["image,answer,sure,seconds,key"] + lines).joined(separator: "\n")
          .write(toFile: path, atomically: true, encoding: .utf8)
      }
      try write { page.isSynthetic[$0] ? "synthetic" : "real" }
      #expect(try ReaderAnswers(contentsOf: path).figures(seed: 0).map(\.value) == [1, 0, 0, 1])
      try write { page.isSynthetic[$0] ? "real" : "synthetic" }
      #expect(try ReaderAnswers(contentsOf: path).figures(seed: 0).map(\.value) == [0, 1, 1, 0])
      let letters = (0..<2).map { ReaderPage.letter(isSynthetic: $0 == 0, place: $0) }
      for (rows, says) in [
        ("1,real,nan,1,\(letters[0])", "line 2 is not as the page wrote it"),
        ("1,real,6,1,\(letters[0])", "line 2 is not as the page wrote it"),
        ("1,maybe,1,1,\(letters[0])", "line 2 is not as the page wrote it"),
        ("1,real,1,1,\(letters[0])\n1,real,1,1,\(letters[0])", "line 3 answers image 1 again"),
      ] {
        try "image,answer,sure,seconds,key\n\(rows)\n".write(toFile: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: MeasurementError.self) { try ReaderAnswers(contentsOf: path) }
        #expect("\(try #require(error))".contains(says))
      }
      try write { $0 < 1 ? "real" : "" }
      #expect(throws: MeasurementError.self) { try ReaderAnswers(contentsOf: path) }
    }
  }

  @Test("targets are read from a file, and one can be another figure")
  func targets() throws {
    try withFolder { folder in
      let path = folder.appendingPathComponent("targets.yaml").path
      try "figures:\n  a: {at_least: 0.5}\n  b: {at_most: a}\n  c: {between: [1, 2]}\n"
        .write(toFile: path, atomically: true, encoding: .utf8)
      let figures = ["a", "b", "c", "d"].map { MeasuredFigure($0, value: 0.7, count: 1, how: "") }
      let found = try FigureTargets(contentsOf: path).applied(to: figures)
      #expect(found.map(\.target) == [.atLeast(0.5), .atMost(0.7), .between(1, 2), nil])
      try "figures:\n  a: {}\n".write(toFile: path, atomically: true, encoding: .utf8)
      #expect(throws: MeasurementError.self) { try FigureTargets(contentsOf: path) }
      let aliases = (1...30).map { line in
        "  a\(line): &a\(line) [\(Array(repeating: "*a\(line - 1)", count: 10).joined(separator: ", "))]\n"
      }
      try ("figures:\n  a0: &a0 [1]\n" + aliases.joined()).write(toFile: path, atomically: true, encoding: .utf8)
      let tooMany = MeasurementError.targets(path: path, reason: "its aliases mean more than 10000 values")
      #expect(throws: tooMany) { try FigureTargets(contentsOf: path) }
      #expect(try FigureTargets(model: folder.appendingPathComponent("none").path) == FigureTargets())
    }
  }

  @Test("the article's tables hold its claims and our figures")
  func articleTables() throws {
    let tables = try ArticleTables.standard()
    let figure = MeasuredFigure("autoencoder, SSIM", value: 0.9, interval: 0.8...1, count: 4, real: 1, how: "so")
    let cells = tables.cells([figure])
    #expect(cells["table3"]?["SSIM, autoencoder"]?.value == 0.9)
    #expect(cells["table3"]?["FID"] == ArticleCell(nil, claim: "52.1"))
    #expect(cells["table10"]?["Model on disk, MB"]?.claim == "423")
    let text = tables.markdown(cells)
    #expect(text.contains("| SSIM, autoencoder | 0.9 (0.8 to 1) | 1 | 4 | 0.82 ± 0.08 |"))
  }
}
