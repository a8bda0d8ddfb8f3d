import Foundation

/// The teacher that a distillation was begun with, by the hash of its weights: the file `teacher.json`.
struct PinnedTeacher: Codable {
  var hash: String

  private static func file(in folder: RunFolder) -> URL { folder.folder.appendingPathComponent("teacher.json") }

  /// - Throws: `FileAccessError`.
  static func write(_ teacher: Teacher, in folder: RunFolder) throws {
    try RunFolder.write(PinnedTeacher(hash: teacher.hash), to: file(in: folder))
  }

  /// Checks that a teacher is the one that a run was begun with.
  ///
  /// - Returns: false if the run has no record of its teacher, as one of an earlier version has none.
  /// - Throws: ``TrainingError/teacherChanged(path:)``, `FileAccessError`,
  ///   ``TrainingError/unreadableConfiguration(path:reason:)``.
  @discardableResult
  static func require(_ teacher: Teacher, in folder: RunFolder) throws -> Bool {
    let file = file(in: folder)
    guard FileManager.default.fileExists(atPath: file.path) else { return false }
    guard try RunFolder.read(PinnedTeacher.self, from: file).hash == teacher.hash else {
      throw TrainingError.teacherChanged(path: teacher.path)
    }
    return true
  }
}

extension BegunRun where Settings == DistillationSettings {
  /// Records the teacher of a new run, and checks the teacher of a resumed run against the record.
  ///
  /// - Throws: ``TrainingError/teacherChanged(path:)``, `FileAccessError`.
  func pin(_ teacher: Teacher) throws {
    try group.firstThenOthers {
      if beginning == .new, group.isFirst { return try PinnedTeacher.write(teacher, in: folder) }
      let isNoted = try PinnedTeacher.require(teacher, in: folder)
      // Begun by an earlier version: the teacher that it is resumed with is recorded, and required from now on.
      if !isNoted, group.isFirst { try PinnedTeacher.write(teacher, in: folder) }
    }
  }
}
