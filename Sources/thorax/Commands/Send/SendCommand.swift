import ArgumentParser
import DICOMSending
import Foundation
import Generation
import Support
import Terminal

/// `thorax send`.
struct SendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send drawn DICOM files to an archive.",
    discussion: """
      Example: thorax send --to https://pacs.example.org/dicom-web cxr.dcm

      Or:      thorax send --to ORTHANC@localhost:4242 cxr.dcm

      Only files that say that their data are synthetic are sent. The variable THORAX_SEND_AUTHORIZATION is sent as HTTP's \
      Authorization.
      """)

  @Option(help: ArgumentHelp("Base address of DICOMweb (STOW-RS), or TITLE@HOST:PORT (C-STORE).", valueName: "archive"))
  var to: String

  @Option(help: ArgumentHelp("Our own application entity title (C-STORE).", valueName: "title"))
  var callingTitle = "THORAX"

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Seconds that an answer may take.", valueName: "n"),
    transform: NumberText.whole)
  var timeout: Int = 30

  @Argument(help: "DICOM files.", completion: .file(extensions: ["dcm"]))
  var files: [String]

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    guard DICOMTarget.isTitle(callingTitle) else {
      throw RequestError.outOfRange(
        what: "calling-title", value: callingTitle.onOneLine(limit: 40), allowed: "1 to 16 letters, digits or signs")
    }
    guard (1...3600).contains(timeout) else {
      throw RequestError.outOfRange(what: "timeout", value: "\(timeout)", allowed: "1 to 3600")
    }
    var sender = try DICOMSender(to: to)
    sender.title = callingTitle
    sender.timeout = timeout
    sender.authorization = ProcessInfo.processInfo.environment["THORAX_SEND_AUTHORIZATION"]
    // All are looked at before the first is sent.
    for file in files { _ = try DICOMSender.contents(of: file) }
    let meter = common.console.meter("sending", unit: "files", total: files.count)
    for (index, file) in files.enumerated() {
      try await sender.send(DICOMSender.contents(of: file))
      try Console.writeResult(file)
      meter.update(index + 1)
    }
    meter.finish()
  }
}
