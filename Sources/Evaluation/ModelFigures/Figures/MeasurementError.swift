import Support

/// Why something cannot be measured. Each text says what is wrong and what to do.
public enum MeasurementError: Error, Equatable, CustomStringConvertible {
  case imageSize(dataset: Int, model: Int)
  case indivisibleImageSize(Int, by: Int)
  case tooFewImages(source: String, use: String, found: Int, minimum: Int)
  case tooFewSamples(Int, minimum: Int)
  /// A judge that knows no finding well enough to say anything.
  case blindJudge(path: String)
  /// A classifier without labels of corruptions.
  case noCorruptions(path: String)
  /// More samples than there are training images to stand in their place.
  case tooManySamples(Int, images: Int)
  /// A judge that has no label for anything that a prompt asks for.
  case blindToPrompt(judge: String, prompt: String, known: [String])
  // Sets of images
  case missing(path: String)
  case notFolder(path: String)
  case noImages(path: String)
  case unlistable(path: String)
  case tooFewInSet(path: String, found: Int, minimum: Int)
  /// A name that no source of the dataset has.
  case unknownSource(String, known: [String])
  case unreadableImage(path: String, reason: String)
  case sizes(path: String, name: String, width: Int, height: Int, expected: Int)
  /// Images that are smaller than those they are to be used with.
  case tooSmall(path: String, name: String, found: [Int], expected: Int)
  case sizesDiffer(path: String, name: String, found: [Int], expected: [Int])
  /// Every image is of one grey.
  case flat(path: String, count: Int)
  /// The same images stand on both sides of a comparison.
  case identical(path: String, images: Int, other: String)
  case changed(path: String, name: String)
  case otherSamples(path: String, found: String)
  case table(path: String, reason: String)
  /// A file that holds no gate.
  case gate(path: String, reason: String)
  case notInFolder(table: String, name: String, folder: String)
  case noLabels(path: String, wanted: String)
  /// A set in which too few patients have several images.
  case tooFewRepeatedPatients(path: String, minimum: Int)
  /// Images of which nothing says what they were drawn from.
  case noPrompts(path: String, images: Int)
  case tooFewOfFinding(label: String, part: String, having: Int, lacking: Int, minimum: Int)
  /// Patients who are tested on and trained on.
  case onBothSides(what: String, patients: Int, names: [String])
  /// A folder of results that was begun with something else.
  case begunOtherwise(path: String, what: String)
  // Models
  case targets(path: String, reason: String)
  case trainedOn(model: String, images: Int, patients: Int, names: [String])
  /// Training images of a model that a dataset has not.
  case trainedElsewhere(model: String, missing: Int, images: Int)
  case copies(model: String, copies: Int, images: Int, allowed: Int, pairs: String)
  /// Images that the gate was asked about.
  case refused(copies: Int, images: Int, allowed: Int)
  // Reports and answers
  case report(path: String, reason: String)
  case answers(path: String, reason: String)

  public var description: String {
    switch self {
    case .imageSize(let dataset, let model):
      "the dataset's images have \(dataset) pixels a side and the model's \(model): import the data at --size \(model)"
    case .indivisibleImageSize(let size, let divisor):
      "images of \(size) pixels a side cannot be averaged down to \(divisor): measure at a multiple of \(divisor)"
    case .tooFewImages(let source, let use, let found, let minimum):
      "the dataset has \(found.of("image")) of \(source) \(use) where \(minimum) are needed: import more of them, or "
        + "measure another dataset's images with 'evaluate samples' and 'evaluate images'"
    case .tooFewSamples(let samples, let minimum):
      "\(samples.of("sample")) \(samples == 1 ? "is" : "are") too few: draw at least \(minimum), one for each prompt"
    case .blindJudge(let path):
      "the judge '\(path.onOneLine())' tells no finding of this dataset's held-out images from another: give a classifier of "
        + "'thorax train classifier' with its labels, or more held-out images"
    case .noCorruptions(let path):
      "the classifier '\(path.onOneLine())' has no label of a corruption: give one of 'thorax train classifier --recipe "
        + "anatomy'"
    case .tooManySamples(let samples, let images):
      "\(samples) samples are more than the \(images) training images, of which as many are measured in their place: give "
        + "--samples \(images) or fewer"
    case .blindToPrompt(let judge, let prompt, let known):
      known.isEmpty
        ? "the judge '\(judge.onOneLine(limit: 120))' has no label that a prompt can ask for: give a classifier of findings"
        : "the judge '\(judge.onOneLine(limit: 120))' sees nothing that '\(prompt.onOneLine(limit: 80))' asks for: ask for, "
          + "or deny, one of \(known.joined(separator: ", "))"
    case .missing(let path): "'\(path.onOneLine())' does not exist: check the path"
    case .notFolder(let path): "'\(path.onOneLine())' is no folder: give the folder that holds the images"
    case .noImages(let path): "'\(path.onOneLine())' holds no PNG or JPEG image: name a folder that does"
    case .unlistable(let path):
      "'\(path.onOneLine())' cannot be listed: give yourself the right to read it, or leave it out"
    case .tooFewInSet(let path, let found, let minimum):
      "\(path.onOneLine()) has \(found.of("image")) where \(minimum) are needed: give more of them"
    case .unknownSource(let name, let known):
      "no image is of the source '\(name.onOneLine(limit: 60))': give one of "
        + known.map { $0.onOneLine(limit: 60) }.joined(separator: ", ")
    case .unreadableImage(let path, let reason): "'\(path.onOneLine())': \(reason)"
    case .sizes(let path, let name, let width, let height, let expected):
      "\(name.onOneLine()) of \(path.onOneLine()) has \(width)x\(height) pixels where \(expected)x\(expected) belong: "
        + "bring all images to one size"
    case .tooSmall(let path, let name, let found, let expected):
      "\(name.onOneLine()) of \(path.onOneLine()) has \(found[0])x\(found[1]) pixels and the dataset's images "
        + "\(expected)x\(expected): import a dataset with --size \(found.min() ?? 0), or draw larger images"
    case .sizesDiffer(let path, let name, let found, let expected):
      "\(name.onOneLine()) of \(path.onOneLine()) has \(found[0])x\(found[1]) pixels and those before it "
        + "\(expected[0])x\(expected[1]): bring all images to one size"
    case .flat(let path, let count):
      "all \(count) images of \(path.onOneLine()) are of one grey: look at how they were written"
    case .identical(let path, let images, let other):
      "\(images) images of \(path.onOneLine()) are also in \(other.onOneLine()): compare sets that share none"
    case .changed(let path, let name):
      "\(name.onOneLine()) of \(path.onOneLine()) is not what it was before: leave the folder alone while it is "
        + "measured, or begin with an empty one"
    case .otherSamples(let path, let found):
      "the samples in '\(path.onOneLine())' were drawn by \(found.onOneLine()): give another folder, or empty this one"
    case .table(let path, let reason): "table '\(path.onOneLine())': \(reason)"
    case .gate(let path, let reason):
      "'\(path.onOneLine())' is no gate (\(reason.onOneLine(limit: 200))): give a file that 'thorax evaluate gate "
        + "--save-gate' wrote"
    case .notInFolder(let table, let name, let folder):
      "table '\(table.onOneLine())' names \(name.onOneLine(limit: 120)), which is not in '\(folder.onOneLine())': "
        + "correct the table or bring the image"
    case .tooFewRepeatedPatients(let path, let minimum):
      "\(path.onOneLine(limit: 80)) has fewer than \(minimum) patients with two images or more, by whom a network could be measured: give another part or source"
    case .noLabels(let path, let wanted):
      "\(path.onOneLine()) has no label of \(wanted): give a dataset or a table that has"
    case .noPrompts(let path, let images):
      "none of the \(images.of("image")) of \(path.onOneLine()) says what it was drawn from: give --prompts, a table with "
        + "the columns prompt and img_savename"
    case .tooFewOfFinding(let label, let part, let having, let lacking, let minimum):
      "\(part.onOneLine()) has \(having.of("image")) with \(label.onOneLine(limit: 60)) and \(lacking) without where "
        + "\(minimum) of each \(minimum == 1 ? "is" : "are") needed: give more of them, or another --finding"
    case .onBothSides(let what, let patients, let names):
      "\(what) has \(patients.of("patient")) who \(patients == 1 ? "is" : "are") tested on, "
        + "\(names.map { $0.onOneLine(limit: 60) }.joined(separator: ", "))\(patients > names.count ? ", ..." : ""): keep "
        + "patients on one side"
    case .begunOtherwise(let path, let what):
      "'\(path.onOneLine())' holds results that were begun with other \(what): give another folder, or empty this one"
    case .targets(let path, let reason): "targets '\(path.onOneLine())': \(reason): correct the file"
    case .trainedOn(let model, let images, let patients, let names):
      "\(model.onOneLine()) was trained on \(patients) of the patients (\(images) images) that it is to be measured on, "
        + "\(names.joined(separator: ", "))\(patients > names.count ? ", ..." : ""): give a split that it has not seen; of the "
        + "collections that the shipped models were trained on, --split-by hash --seed 0 makes one. A network that is asked "
        + "by itself is left out with --judge none, --anatomy none, --reidentifier none or --extractor none"
    case .trainedElsewhere(let model, let missing, let images):
      "\(missing.of("image")) of the \(images) that \(model.onOneLine()) was trained on \(missing == 1 ? "is" : "are") not "
        + "in the training part of the dataset: give the one that it was trained on"
    case .copies(let model, let copies, let images, let allowed, let pairs):
      "\(copies) of \(images) samples of \(model.onOneLine()) are copies of training images, where \(allowed) may be by "
        + "chance: train longer on more images, and see the pairs in '\(pairs.onOneLine())'"
    case .refused(let copies, let images, let allowed):
      "\(copies) of \(images) images are copies of training images, where \(allowed) may be by chance and none very near: "
        + "leave them out, or draw others"
    case .report(let path, let reason): "report '\(path.onOneLine())': \(reason)"
    case .answers(let path, let reason): "answers '\(path.onOneLine())': \(reason)"
    }
  }
}
