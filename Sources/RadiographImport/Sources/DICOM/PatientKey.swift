import Crypto
import Foundation
import GRDB
import RadiographData
import Support

/// The secret behind a dataset's pseudonyms: 256 bits, drawn once a dataset and kept outside of it.
///
/// With it one can find out whether a given patient is in the dataset; without it the pseudonyms lead to no one. The
/// same key gives the same pseudonyms, so a later import adds to the patients that are there.
public struct PatientKey: Sendable {
  /// Where it is kept.
  public let file: URL
  private let key: SymmetricKey
  /// Its text, if it was drawn and is in no file yet.
  private let unwritten: Data?

  init(bytes: [UInt8], file: URL, isNew: Bool = false) {
    key = SymmetricKey(data: bytes)
    self.file = file
    unwritten = isNew ? Data((bytes.hexadecimal + "\n").utf8) : nil
  }

  /// Whether it was drawn by this process: it is in its file once it was stored.
  public var isNew: Bool { unwritten != nil }

  /// Where the key of the dataset in `folder` is kept by default: beside it, as `NAME.key`.
  public static func location(besideDataset folder: URL) -> URL {
    let folder = folder.standardizedFileURL
    return folder.deletingLastPathComponent().appendingPathComponent(folder.lastPathComponent + ".key")
  }

  /// The key in `file`, or beside the dataset. If there is none, one is drawn, which `store()` writes; a dataset that has
  /// DICOM images already is not given another.
  ///
  /// - Throws: `DatasetError.patientKey` if the file is missing, is no key, or lies in the dataset.
  public static func of(dataset folder: URL, file: URL? = nil) throws(DatasetError) -> PatientKey {
    let file = (file ?? location(besideDataset: folder)).standardizedFileURL
    let inside = folder.resolvingSymlinksInPath().standardizedFileURL.path + "/"
    if (file.resolvingSymlinksInPath().standardizedFileURL.path + "/").hasPrefix(inside) {
      throw .patientKey(path: file.path, reason: "a key in the dataset would go where the dataset goes")
    }
    guard FileManager.default.fileExists(atPath: file.path) else {
      if holdsDICOM(folder) {
        throw .patientKey(path: file.path, reason: "it is missing, and the dataset's patients were named with it")
      }
      var generator = SystemRandomNumberGenerator()
      let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      return PatientKey(bytes: bytes, file: file, isNew: true)
    }
    return try PatientKey(contentsOf: file)
  }

  private init(contentsOf file: URL) throws(DatasetError) {
    guard let data = try? BoundedFile.contents(of: file.path, limit: 1 << 16) else {
      throw .patientKey(path: file.path, reason: "it cannot be read as a key")
    }
    let digits = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8
      .compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == 64, data.count <= 66 else {
      throw .patientKey(path: file.path, reason: "it does not hold 64 hexadecimal digits")
    }
    self.init(bytes: stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }, file: file)
  }

  /// Writes a key that was drawn, readable by its owner alone. Called before the first pseudonym is stored.
  ///
  /// - Returns: whether it wrote the key now: not if it was read from its file, or was stored before.
  /// - Throws: `DatasetError.patientKey` if the file cannot be written, or another process wrote another key there.
  @discardableResult public func store() throws(DatasetError) -> Bool {
    guard let text = unwritten else { return false }
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    } catch {
      throw .patientKey(path: file.path, reason: error.localizedDescription)
    }
    // Never readable by other users, and never over a key that another process has just drawn.
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else {
      if errno == EEXIST {
        if (try? Data(contentsOf: file)) == text { return false }
        throw .patientKey(path: file.path, reason: "another import has drawn one meanwhile")
      }
      throw .patientKey(path: file.path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    let written = text.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written == text.count, fsync(descriptor) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(file.path)
      throw .patientKey(path: file.path, reason: reason)
    }
    return true
  }

  /// Removes the file of a key that was drawn, unless the dataset has named patients with it: a key without a dataset
  /// is of no use.
  public func withdraw(from dataset: URL) {
    guard let text = unwritten, !Self.holdsDICOM(dataset), (try? Data(contentsOf: file)) == text else { return }
    try? FileManager.default.removeItem(at: file)
  }

  private static func holdsDICOM(_ folder: URL) -> Bool {
    let index = folder.appendingPathComponent("index.sqlite").path
    guard FileManager.default.fileExists(atPath: index) else { return false }
    var configuration = Configuration()
    configuration.readonly = true
    let count = try? DatabaseQueue(path: index, configuration: configuration).read { database in
      try Int.fetchOne(
        database,
        sql: "SELECT COUNT(*) FROM patients JOIN sources ON sources.id = source_id WHERE kind = 'dicom'")
    }
    return (count ?? 0) > 0
  }

  /// 128 bits of HMAC-SHA256 in hexadecimal. `domain` keeps a patient's pseudonym apart from a study's of one name.
  func pseudonym(_ identity: String, domain: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: Data("\(domain)\0\(identity)".utf8), using: key)
    return code.prefix(16).hexadecimal
  }
}
