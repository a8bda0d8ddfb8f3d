import RadiographData
import Support

/// The fidelity part of CheXGenBench for one finding at a time (`metrics/fid.py` with `--experiment_type conditional`):
/// images whose prompts ask for the finding against real images that have it.
///
/// The benchmark takes the real images of a finding and the samples of those images' prompts. Here a sample counts by what
/// its prompt, or the list of its labels, asks for, so that prompts of no image count too; the kernel distance is that of
/// ``BenchmarkFidelity/corrected(real:generated:seed:)``.
struct BenchmarkFindings {
  /// Of fewer samples, held-out or training images there is no figure.
  static let minimum = 20

  struct Finding: Equatable {
    var name: String
    /// The places of the images of each set.
    var samples: [Int]
    var heldOut: [Int]
    /// As many training images, at most, as there are samples, which take their place.
    var training: [Int]
  }

  let findings: [Finding]

  /// - Throws: `VocabularyError` if the program was built wrongly.
  init(_ compared: ComparedImages) throws {
    func places(of label: String, _ records: [RadiographRecord]) -> [Int] {
      records.indices.filter { records[$0].attributes.labels[label] == .positive }
    }
    let labels = Set(compared.heldOut.records.flatMap(\.attributes.labels.keys)).sorted()
    let reader = try PromptLabels(labels)
    let asked = (0..<compared.samples.count).map { reader.states(of: compared.samples.facts(at: $0)) }
    var random = SplitMix64(seed: compared.seed)
    findings = reader.known.compactMap { label in
      let samples = asked.indices.filter { (asked[$0]?[label]).map { $0 != .negative } ?? false }
      let training = places(of: label, compared.training.records).shuffled(using: &random).prefix(samples.count)
      let finding = Finding(
        name: label, samples: samples, heldOut: places(of: label, compared.heldOut.records), training: Array(training))
      let counts = [finding.samples.count, finding.heldOut.count, finding.training.count]
      return counts.allSatisfy { $0 >= Self.minimum } ? finding : nil
    }
  }

  /// Fréchet and kernel distance, precision, recall, density and coverage of each finding.
  ///
  /// - Parameters:
  ///   - samples, heldOut, training: A row for each image of the set.
  ///   - extractor: The network's name.
  ///   - how: The features in words.
  /// - Throws: ``MetricError``, `TorchError`.
  func figures(
    samples: FeatureMatrix, heldOut: FeatureMatrix, training: FeatureMatrix, extractor: String, how: String,
    seed: UInt64
  ) throws -> [MeasuredFigure] {
    let kinds: [(String, (BenchmarkFidelity.Values) -> Double)] = [
      ("Fréchet distance", \.frechet), ("kernel distance", \.kernel), ("precision", \.precision), ("recall", \.recall),
      ("density", \.density), ("coverage", \.coverage),
    ]
    return try findings.flatMap { finding in
      let real = heldOut.selecting(finding.heldOut)
      let ours = try BenchmarkFidelity.corrected(
        real: real, generated: samples.selecting(finding.samples), seed: seed)
      let stand = try BenchmarkFidelity.corrected(
        real: real, generated: training.selecting(finding.training), seed: seed)
      return kinds.map { title, value in
        MeasuredFigure(
          "CheXGenBench \(finding.name.lowercased()), \(title), \(extractor)", value: value(ours),
          count: finding.samples.count, real: value(stand),
          how:
            "\(finding.samples.count) samples that ask for it against \(finding.heldOut.count) held-out images that have it, "
            + "\(how); real: \(finding.training.count) training images that have it in the samples' place")
      }
    }
  }
}
