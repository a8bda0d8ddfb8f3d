import Crypto
import Foundation
import GRDB
import RadiographData

/// The secret behind a dataset's pseudonyms: 256 bits, drawn once a dataset and kept outside of it.
///
/// Whoever holds it can tell whether a given patient is in the dataset; whoever does not sees keys that lead nowhere.
/// The same key gives the same pseudonyms, so a later import adds to the patients that are there.
public struct PatientKey: Sendable {
  private let key: SymmetricKey

  init(bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

  /// Where the key of the dataset in `folder` is kept unless told otherwise: beside it, as `NAME.key`.
  public static func location(besideDataset folder: URL) -> URL {
    let folder = folder.standardizedFileURL
    return folder.deletingLastPathComponent().appendingPathComponent(folder.lastPathComponent + ".key")
  }

  /// The key in `file`, or beside the dataset. Where there is none, one is drawn and written, readable by its owner
  /// alone; a dataset that has DICOM images already is not given another.
  ///
  /// - Throws: `DatasetError.patientKey` where the file is missing, is no key, lies in the dataset, or cannot be written.
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
      return try draw(into: file)
    }
    return try PatientKey(contentsOf: file)
  }

  private init(contentsOf file: URL) throws(DatasetError) {
    guard let data = try? Data(contentsOf: file) else {
      throw .patientKey(path: file.path, reason: "it cannot be read")
    }
    let digits = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8
      .compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == 64, data.count <= 66 else {
      throw .patientKey(path: file.path, reason: "it does not hold 64 hexadecimal digits")
    }
    self.init(bytes: stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
  }

  private static func draw(into file: URL) throws(DatasetError) -> PatientKey {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    let text = Data((bytes.hexadecimal + "\n").utf8)
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    } catch {
      throw .patientKey(path: file.path, reason: error.localizedDescription)
    }
    // Never readable by anybody else, and never over a key that another process has just drawn.
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else {
      if errno == EEXIST { return try PatientKey(contentsOf: file) }
      throw .patientKey(path: file.path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    let written = text.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written == text.count, fsync(descriptor) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(file.path)
      throw .patientKey(path: file.path, reason: reason)
    }
    return PatientKey(bytes: bytes)
  }

  private static func holdsDICOM(_ folder: URL) -> Bool {
    let index = folder.appendingPathComponent("index.sqlite").path
    guard FileManager.default.fileExists(atPath: index) else { return false }
    var configuration = Configuration()
    configuration.readonly = true
    let count = try? DatabaseQueue(path: index, configuration: configuration).read { database in
      try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sources WHERE kind = 'dicom'")
    }
    return (count ?? 0) > 0
  }

  /// 128 bits of HMAC-SHA256 in hexadecimal. `domain` keeps a patient's pseudonym apart from a study's of one name.
  func pseudonym(_ identity: String, domain: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: Data("\(domain)\0\(identity)".utf8), using: key)
    return Array(code.prefix(16)).hexadecimal
  }
}

extension [UInt8] {
  fileprivate var hexadecimal: String {
    map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
