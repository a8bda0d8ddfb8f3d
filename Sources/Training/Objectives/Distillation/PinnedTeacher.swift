import Foundation
import Support

/// The teacher that a distillation was begun with, and the classifiers of its reward, by the hashes of their weights: the file
/// `teacher.json`.
struct PinnedTeacher: Codable {
  var hash: String
  /// In the order of the setting `classifiers`; nil if there are none.
  var classifiers: [String]?

  private static func file(in folder: RunFolder) -> URL { folder.folder.appendingPathComponent("teacher.json") }

  /// What a run learns from now.
  ///
  /// - Parameter classifiers: Their files.
  /// - Throws: `FileAccessError`.
  init(_ teacher: Teacher, classifiers: [String]) throws {
    hash = teacher.hash
    self.classifiers = classifiers.isEmpty ? nil : try classifiers.map { try ContentHash.ofFile($0) }
  }

  /// What was recorded; nil in a run of an earlier version, which has no record.
  ///
  /// - Throws: `FileAccessError`, ``TrainingError/unreadableConfiguration(path:reason:)``.
  static func recorded(in folder: RunFolder) throws -> PinnedTeacher? {
    let file = file(in: folder)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try RunFolder.read(PinnedTeacher.self, from: file)
  }

  /// - Throws: `FileAccessError`.
  func write(in folder: RunFolder) throws { try RunFolder.write(self, to: Self.file(in: folder)) }

  /// Checks that a teacher is the one that was recorded.
  ///
  /// - Throws: ``TrainingError/teacherChanged(path:)``.
  func require(_ teacher: Teacher) throws(TrainingError) {
    guard hash == teacher.hash else { throw .teacherChanged(path: teacher.path) }
  }
}

extension BegunRun where Settings == DistillationSettings {
  /// Records the teacher and the classifiers of a new run, and checks those of a resumed run against the record.
  ///
  /// - Throws: ``TrainingError/teacherChanged(path:)``, ``TrainingError/classifierChanged(path:)``, `FileAccessError`.
  func pin(_ teacher: Teacher) throws {
    try group.firstThenOthers {
      let files = recipe.own.classifiers
      let now = try PinnedTeacher(teacher, classifiers: files)
      guard beginning != .new || !group.isFirst, let recorded = try PinnedTeacher.recorded(in: folder) else {
        // New, or begun by an earlier version: what it is resumed with is recorded, and required from now on.
        if group.isFirst { try now.write(in: folder) }
        return
      }
      try recorded.require(teacher)
      for (file, hashes) in zip(files, zip(recorded.classifiers ?? [], now.classifiers ?? []))
      where hashes.0 != hashes.1 {
        throw TrainingError.classifierChanged(path: file)
      }
    }
  }
}
