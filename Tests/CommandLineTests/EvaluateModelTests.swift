import Foundation
import ImageFiles
import Support
import TestBasics
import TestSupport
import Testing

/// `thorax evaluate --model` from a tiny model to its report, with a network that recognises patients.
@Suite(.serialized) struct EvaluateModelTests {
  /// Waves that the seed decides, a little moved by the variant.
  private static func picture(_ seed: Int, variant: Int) throws -> GrayscaleImage {
    var random = SplitMix64(seed: UInt64(seed))
    func number(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + (range.upperBound - range.lowerBound) * Double(random.next(below: 10_000)) / 10_000
    }
    let waves = (0..<6).map { _ in (number(-0.5...0.5), number(-0.5...0.5), number(0...6.3), number(8...20)) }
    let pixels = (0..<64 * 64).map { index -> UInt8 in
      let (x, y) = (Double(index % 64 + 2 * variant), Double(index / 64 + variant))
      return UInt8(min(max(waves.reduce(128.0) { $0 + $1.3 * sin($1.0 * x + $1.1 * y + $1.2) }, 0), 255))
    }
    return try GrayscaleImage(width: 64, height: 64, pixels: pixels)
  }

  /// Two images each of 75 adults as NIH lays them out, and 150 children as Kermany does, half of each with pneumonia.
  private static func write(to folder: URL) throws {
    let adults = folder.appendingPathComponent("nih/images")
    let children = ["NORMAL", "PNEUMONIA"].map { folder.appendingPathComponent("kermany/\($0)") }
    for place in [adults] + children {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    }
    var lines = [
      "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
        + "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
    ]
    for patient in 1...75 {
      for variant in 0..<2 {
        let name = String(format: "%08d_%03d.png", patient, variant)
        try Data(picture(patient, variant: variant).pngBytes()).write(to: adults.appendingPathComponent(name))
        let finding = (patient + variant) % 2 == 0 ? "Pneumonia" : "No Finding"
        lines.append(
          "\(name),\(finding),\(variant),\(patient),\(30 + patient % 40),\(patient % 3 == 0 ? "F" : "M"),PA,64,64,1,1")
      }
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(
      to: folder.appendingPathComponent("nih/Data_Entry_2017.csv"))
    for child in 1...150 {
      let isNormal = child % 2 == 0
      let name = isNormal ? String(format: "IM-%04d-0001.jpeg", child) : "person\(child)_bacteria_\(child + 9).jpeg"
      try Data(picture(1000 + child, variant: 0).jpegBytes(quality: 95)).write(
        to: children[isNormal ? 0 : 1].appendingPathComponent(name))
    }
  }

  private struct Report: Decodable {
    struct Figure: Decodable {
      var name: String
      var value: Double?
      var real: Double?
    }
    struct Cell: Decodable { var value: Double? }
    var figures: [Figure]
    var table9: [String: Cell]
    var table10: [String: Cell]
  }

  @Test(
    "a model is measured with judges of patients and of anatomy, and a network that has seen the measured ones is refused",
    .slow, .tags(.slow))
  func model() throws {
    try withWorkplace { place in
      func thorax(_ words: String) throws -> Program.Result {
        try place.run(words.split(separator: " ").map(String.init))
      }
      try Self.write(to: place.folder)
      var architecture = TinyModel.architecture
      architecture.imageSide = 64
      try JSONEncoder().encode(architecture).write(to: place.folder.appendingPathComponent("tiny.json"))
      let common = "--quiet --device cpu --threads 1 --set warmupSteps=0 --set precision=float32"
      let model = "--data data --output run --set architecture=tiny.json --set batchSize=4 \(common)"
      let few = "--set steps=2 --set imageSide=32 --set batchSize=8"
      func imports(_ output: String, seed: Int) -> [String] {
        [
          "data import nih nih --output \(output) --size 64 --split 40/20/40 --seed \(seed) --quiet",
          "data import kermany kermany --output \(output) --quiet",
        ]
      }
      for words in imports("data", seed: 0) + imports("other", seed: 5) + [
        "train vae \(model) --set steps=1 --set cropSize=32",
        "train diffusion \(model) --set textEncoder=tiny --set steps=1",
        "export run --output model --quiet",
        "train reidentifier --data data --output patients \(few) \(common)",
        "train reidentifier --data other --output others \(few) \(common)",
        "train classifier --recipe anatomy --data data --output anatomy \(few) \(common)",
      ] {
        let result = try thorax(words)
        try #require(result.status == 0, "thorax \(words): \(result.errors)")
      }
      // The gate before an export compares with what the run was trained on, and with nothing less.
      let gated = try thorax("export run --output gated --gate data --gate-samples 20")
      #expect(gated.status == 0 && gated.errors.contains("passed"), "\(gated.errors)")
      #expect(
        try ["unet.safetensors", "trained-on.txt"].allSatisfy {
          try place.data("gated/\($0)") == place.data("model/\($0)")
        })
      let elsewhere = try thorax("export run --output elsewhere --gate other --quiet")
      #expect(elsewhere.status == 65 && elsewhere.errors.contains("trained on"), "\(elsewhere.errors)")
      #expect(!FileManager.default.fileExists(atPath: place.folder.appendingPathComponent("elsewhere").path))

      let best = "checkpoints/best.safetensors"
      let words = "evaluate --model model --data data --samples 20 --judge none --extractor none --threads 1 --quiet"
      // The other division has patients of this test part in its training part.
      let refused = try thorax("\(words) --anatomy none --output none --reidentifier others/reidentifier/\(best)")
      #expect(refused.status == 65 && refused.errorLines.count == 1, "\(refused.errors)")
      #expect(
        refused.errors.contains("was trained on") && refused.errors.contains("others/reidentifier"), "\(refused.errors)"
      )

      let measured = try thorax(
        "\(words) --output report --reidentifier patients/reidentifier/\(best) "
          + "--anatomy anatomy/classifier/\(best) --json")
      try #require(measured.status == 0, "\(measured.errors)")
      let report = try JSONDecoder().decode(Report.self, from: Data(measured.output.utf8))
      let names = report.figures.map(\.name)
      for name in [
        "samples of a training patient, re-identification", "AUROC, re-identification", "anatomy, implausible",
        "anatomy, mirrored heart", "distance to nearest training image, latents, adults", "copies of training images",
      ] {
        #expect(names.contains(name), "\(name): \(names)")
      }
      #expect(
        report.table9["Implausible anatomy"]?.value != nil && report.table9["Anatomy: missing lung"]?.value != nil)
      #expect(
        ["Time of an image, ms", "Memory while drawing, MB", "Model on disk, MB"].allSatisfy {
          (report.table10[$0]?.value ?? 0) > 0
        })
      for name in ["report.html", "report.md", "gate.json", "readers.html", "nearest-pairs.png"] {
        #expect(FileManager.default.fileExists(atPath: place.folder.appendingPathComponent("report/\(name)").path))
      }
      let gate = try place.data("report/gate.json")
      #expect(String(decoding: gate, as: UTF8.self).contains("\"latents\""))
    }
  }
}
