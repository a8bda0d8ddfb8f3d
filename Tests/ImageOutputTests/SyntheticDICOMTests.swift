import DICOMFiles
import Foundation
import ImageFiles
import Support
import TestBasics
import Testing

@testable import ImageOutput

@Suite struct SyntheticDICOMTests {
  private static func provenance(seed: UInt64 = 7, prompt: String = "Right lower lobe pneumonia") -> Provenance {
    Provenance(
      prompt: prompt, negative: nil, seed: seed, steps: 20, guidance: 3, guidanceRescale: 0, guidanceInterval: nil,
      sampler: .dpmSolver, eta: 0, modelName: "thorax-small", modelHash: String(repeating: "a", count: 64),
      textEncoderName: "e", textEncoderHash: String(repeating: "b", count: 64), initialLatents: nil, device: "cpu",
      precision: "fp32", threads: 2)
  }

  static func drawn(seed: UInt64 = 7, prompt: String = "Right lower lobe pneumonia") throws -> SyntheticImage {
    SyntheticImage(try WatermarkTests.picture(seed), provenance: provenance(seed: seed, prompt: prompt))
  }

  @Test("a file says in its header that no one was examined, and the pixels come back")
  func header() throws {
    let drawn = try Self.drawn()
    let bytes = try drawn.encoded(as: .dicom)
    let file = try DICOMFile(Data(bytes))
    let attributes = file.attributes
    #expect(attributes.isSynthetic && attributes.sopClassUID == "1.2.840.10008.5.1.4.1.1.7")
    #expect(attributes.patientName == "Synthetic^No Person" && attributes.patientID?.hasPrefix("SYNTHETIC-") == true)
    #expect(attributes.studyDescription == "Synthetic: Right lower lobe pneumonia")
    #expect(attributes.burnedInAnnotation == "NO" && attributes.bodyPart == "CHEST" && attributes.frames == 1)
    #expect(attributes.sopInstanceUID?.hasPrefix("2.25.") == true && attributes.sopInstanceUID!.count <= 64)
    let png = try GrayscaleImage(decoding: drawn.encoded(as: .png))
    #expect(try OutputFormat.picture(in: bytes) == png)
  }

  @Test("the same request gives the same file; another seed another image of one study")
  func identifiers() throws {
    let first = try Self.drawn().encoded(as: .dicom)
    #expect(try Self.drawn().encoded(as: .dicom) == first)
    let one = try DICOMFile(Data(first)).attributes
    let other = try DICOMFile(Data(Self.drawn(seed: 8).encoded(as: .dicom))).attributes
    #expect(one.studyInstanceUID == other.studyInstanceUID && one.seriesInstanceUID == other.seriesInstanceUID)
    #expect(one.sopInstanceUID != other.sopInstanceUID)
    let third = try DICOMFile(Data(Self.drawn(prompt: "Normal").encoded(as: .dicom))).attributes
    #expect(third.studyInstanceUID != one.studyInstanceUID && third.patientID != one.patientID)
  }

  @Test("UUIDs become decimal numbers as PS3.5 has them")
  func uuid() {
    let text = SyntheticDICOM.identifier(["a"])
    // Python: h=bytearray(hashlib.sha256(b"a\0").digest()[:16]); h[6]=h[6]&15|128; h[8]=h[8]&63|128; int.from_bytes(h)
    #expect(text == "2.25.340166410692547857281438468924249841392")
  }

  @Test("several images are frames of one file, and must be of one size")
  func frames() throws {
    let images = try [Self.drawn(seed: 1), Self.drawn(seed: 2)]
    let attributes = try DICOMFile(Data(SyntheticImage.encodedFrames(images))).attributes
    #expect(attributes.frames == 2 && attributes.sopClassUID == "1.2.840.10008.5.1.4.1.1.7.2")
    let small = SyntheticImage(try WatermarkTests.picture(1, width: 64, height: 64), provenance: Self.provenance())
    #expect(throws: ProvenanceError.unequalFrames) { try SyntheticImage.encodedFrames(images + [small]) }
    #expect(throws: ProvenanceError.unequalFrames) { try SyntheticImage.encodedFrames([]) }
  }

  @Test("files become frames as images do, and their signatures hold", arguments: [false, true])
  func framesOfFiles(isSigned: Bool) throws {
    let key = isSigned ? SigningKey() : nil
    let images = try [Self.drawn(seed: 1), Self.drawn(seed: 2)]
    let files = try images.map { try $0.encoded(as: .png, signedBy: key) }
    let frames = try SyntheticImage.encodedFrames(ofFiles: files)
    // A signature has a random part, so that only what is unsigned is the same twice.
    if !isSigned { #expect(try frames == SyntheticImage.encodedFrames(images)) }
    let texts = try RecordedProvenance.texts(of: frames, path: "x")
    #expect(try texts == ImageText.read(fromPNG: files[0]))
    let state = ImageSignature.state(of: try OutputFormat.picture(in: frames), texts: texts).state
    #expect(state == (isSigned ? .valid : .absent))
    #expect(try DICOMFile(Data(frames)).attributes.frames == 2)
    #expect(throws: ProvenanceError.unequalFrames) { try SyntheticImage.encodedFrames(ofFiles: []) }
    #expect(throws: ImageFileError.self) { try SyntheticImage.encodedFrames(ofFiles: [[1, 2, 3]]) }
  }

  @Test("a picture for a question says that it is synthetic, and nothing of its prompt")
  func notice() throws {
    let drawn = try Self.drawn()
    let png = try drawn.pngWithNotice()
    let texts = try ImageText.read(fromPNG: png)
    #expect(texts.map(\.key) == ["Software", "Description", "thorax:synthetic"])
    #expect(!texts.contains { $0.value.contains("pneumonia") })
    #expect(try GrayscaleImage(decoding: png) == drawn.picture)
    let found = try ImageVerification(of: png, path: "x", detector: WatermarkDetector())
    #expect(found.saysSynthetic && found.watermark.isFound && found.provenance == nil)
    let bare = try ImageVerification(of: WatermarkTests.picture(9).pngBytes(), path: "x", detector: WatermarkDetector())
    #expect(!bare.saysSynthetic && !bare.watermark.isFound)
    let dicom = try ImageVerification(of: drawn.encoded(as: .dicom), path: "x", detector: WatermarkDetector())
    #expect(dicom.saysSynthetic)
  }

  @Test(
    "texts that no DICOM value takes are written all the same",
    arguments: [
      "", "back\\slash \\", "a\nb\r\n\tc", "胸水 🫁 é", String(repeating: "long ", count: 20_000), "^=\u{1B}[0m", "a\0b",
    ])
  func prompts(prompt: String) throws {
    let bytes = try Self.drawn(prompt: prompt).encoded(as: .dicom)
    let texts = try RecordedProvenance.texts(of: bytes, path: "x")
    #expect(try RecordedProvenance(texts, path: "x").prompt == prompt)
  }

  @Test(
    "dciodvfy finds no error but a tag that is newer than it",
    .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/dciodvfy"), "no dciodvfy (Debian's dicom3tools) here")
  )
  func validator() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-dicom-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let one = folder.appendingPathComponent("one.dcm")
    try Data(Self.drawn().encoded(as: .dicom, signedBy: SigningKey())).write(to: one)
    let several = folder.appendingPathComponent("several.dcm")
    try Data(SyntheticImage.encodedFrames([Self.drawn(seed: 1), Self.drawn(seed: 2)])).write(to: several)
    for file in [one, several] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/dciodvfy")
      process.arguments = [file.path]
      let pipe = Pipe()
      process.standardError = pipe
      process.standardOutput = pipe
      try process.run()
      let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      // dicom3tools of 2022 does not know the tag, which came into the standard in 2023.
      let errors = output.split(separator: "\n").filter { $0.contains("Error") && !$0.contains("(0x0008,0x001c)") }
      #expect(errors.isEmpty, "\(output)")
      #expect(output.contains("SC"), "\(output)")
    }
  }
}

@Suite struct ImageSignatureTests {
  private static func drawn() throws -> SyntheticImage {
    SyntheticImage(
      try WatermarkTests.picture(3),
      provenance: Provenance(
        prompt: "Effusion", negative: "pneumonia", seed: 7, steps: 20, guidance: 3, guidanceRescale: 0,
        guidanceInterval: nil, sampler: .dpmSolver, eta: 0, modelName: "m",
        modelHash: String(repeating: "a", count: 64),
        textEncoderName: "e", textEncoderHash: String(repeating: "b", count: 64), initialLatents: nil, device: "cpu",
        precision: "fp32", threads: 2))
  }

  private static func state(_ bytes: [UInt8]) throws -> (ImageSignature.State, String?) {
    let (state, key) = ImageSignature.state(
      of: try OutputFormat.picture(in: bytes), texts: try RecordedProvenance.texts(of: bytes, path: "x"))
    return (state, key)
  }

  @Test("signed, altered and unsigned files are told apart", arguments: OutputFormat.allCases)
  func states(format: OutputFormat) throws {
    let key = SigningKey()
    let drawn = try Self.drawn()
    let signed = try drawn.encoded(as: format, signedBy: key)
    #expect(try Self.state(signed) == (.valid, key.publicKey))
    #expect(try Self.state(drawn.encoded(as: format)) == (.absent, nil))
    #expect(try RecordedProvenance.texts(of: signed, path: "x").contains { $0.key == "thorax:prompt" })
  }

  @Test("a changed pixel, text or key is a change")
  func changes() throws {
    let key = SigningKey()
    let drawn = try Self.drawn()
    let signed = try drawn.encoded(as: .png, signedBy: key)
    let picture = try GrayscaleImage(decoding: signed)
    let texts = try ImageText.read(from: signed)
    #expect(ImageSignature.state(of: picture, texts: texts).state == .valid)
    var pixels = picture.pixels
    pixels[100] ^= 1
    let other = try GrayscaleImage(width: picture.width, height: picture.height, pixels: pixels)
    #expect(ImageSignature.state(of: other, texts: texts).state == .altered)
    for index in texts.indices where texts[index].key.hasPrefix("thorax:") {
      var changed = texts
      changed[index].value += "0"
      #expect(ImageSignature.state(of: picture, texts: changed).state == .altered, "\(texts[index].key)")
    }
    var forged = texts
    let place = try #require(forged.firstIndex { $0.key == ImageSignature.keyText })
    forged[place].value = SigningKey().publicKey
    #expect(ImageSignature.state(of: picture, texts: forged).state == .altered)
    let stripped = texts.filter { $0.key != ImageSignature.signatureText }
    #expect(ImageSignature.state(of: picture, texts: stripped).state == .absent)
  }

  @Test("keys come back from their files, which no one else reads and nothing replaces")
  func files() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-key-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let key = SigningKey()
    try key.write(to: path)
    #expect(try SigningKey(path: path).publicKey == key.publicKey)
    let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(permissions == 0o600)
    #expect(throws: FileAccessError.self) { try SigningKey().write(to: path) }
    for text in ["", "thorax-ed25519-private-key: AAAA", "thorax-ed25519-private-key: ???"] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: SignatureError.notAKey(path: path)) { try SigningKey(path: path) }
    }
  }
}
