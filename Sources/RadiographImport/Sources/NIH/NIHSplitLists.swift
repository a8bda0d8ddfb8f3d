import DelimitedText
import Foundation
import RadiographData

/// The publisher's lists of images, a name a line.
struct NIHSplitLists {
  private let trainAndValidation: Set<String>
  private let test: Set<String>

  init(in root: URL) throws(DatasetError) {
    trainAndValidation = try Self.names("train_val_list.txt", in: root)
    test = try Self.names("test_list.txt", in: root)
  }

  /// Returns nil for an image on neither list.
  func split(of name: String, patient: String, _ official: OfficialSplit?) -> DatasetSplit? {
    let name = Self.key(name)
    if test.contains(name) { return .test }
    return trainAndValidation.contains(name) ? official?.trainOrValidation(patient: "nih/\(patient)") : nil
  }

  private static func names(_ file: String, in root: URL) throws(DatasetError) -> Set<String> {
    let url = SourceFolder.file(file, in: root) ?? root.appendingPathComponent(file)
    guard let data = try? Data(contentsOf: url) else {
      throw .sourceMissing(path: url.path, remedy: "put the publisher's list there, or leave out --official-split")
    }
    let text: String
    do {
      text = try CharacterEncoding.text(data)
    } catch {
      throw .malformedTable(path: url.path, reason: "it is not text")
    }
    return Set(text.split(whereSeparator: \.isNewline).map { key($0.trimmingCharacters(in: .whitespaces)) })
  }

  /// A list may name a converted image, or its folder.
  private static func key(_ name: String) -> String {
    SourceFiles.stem(SourceFiles.lastPart(name.replacing("\\", with: "/"))).lowercased()
  }
}
