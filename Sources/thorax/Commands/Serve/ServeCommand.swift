import ArgumentParser
import Foundation
import Generation
import ImageOutput
import Logging
import Serving
import Support
import Terminal

/// `thorax serve`: the service itself; its tokens are a command below it.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Answer requests for radiographs over HTTP.",
    discussion: """
      Example: thorax serve --port 8080

      Draw:    curl --json '{"prompt": "Large left effusion."}' http://127.0.0.1:8080/api/images --output cxr.png

      Only this machine is answered until there are accounts (thorax serve tokens add NAME). docs/serving.md says how a \
      classroom, a hospital and a cluster set it up.
      """,
    subcommands: [TokensCommand.self])

  @Option(help: ArgumentHelp("Address to listen on (default: 127.0.0.1).", valueName: "address"))
  var host: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Port; 0 takes a free one (default: 8080).", valueName: "n"),
    transform: NumberText.whole)
  var port: Int?

  @Option(
    help: ArgumentHelp(
      "Model to draw with: a name or a folder; give it again for more. The first is the default (default: "
        + "thorax-small).", valueName: "name|dir"))
  var model: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Images that are drawn at a time, each by a copy of the model (default: 1).", valueName: "n"),
    transform: NumberText.whole)
  var workers: Int?

  @Option(
    help: ArgumentHelp("Settings in YAML; options go before them.", valueName: "file.yaml"),
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  @Option(
    help: ArgumentHelp("Socket in the file system as well, for 'thorax generate --via'.", valueName: "path"),
    completion: .file())
  var unix: String?

  @OptionGroup var state: StateOptions

  @Option(help: ArgumentHelp("Certificate in PEM, for TLS.", valueName: "file"), completion: .file())
  var certificate: String?

  @Option(help: ArgumentHelp("Key of the certificate, in PEM.", valueName: "file"), completion: .file())
  var key: String?

  @Option(
    help: ArgumentHelp(
      "Address of a proxy that adds TLS and whose X-Forwarded-For is believed; give it again for more.",
      valueName: "address"))
  var trustedProxy: [String] = []

  @Option(
    help: ArgumentHelp(
      "Folder of radiographs for the quiz: real ones, or folders real and synthetic.", valueName: "dir"),
    completion: .directory)
  var quiz: String?

  @Option(
    help: ArgumentHelp(
      "Cases with questions (columns prompt, question, answer, choices, seed).", valueName: "file.csv"),
    completion: .file(extensions: ["csv"]))
  var cases: String?

  @Option(
    help: ArgumentHelp(
      "Says of each image how near it is to the training images: a file of thorax evaluate gate --save-gate.",
      valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var gate: String?

  @Option(help: DeviceChoice.help, completion: DeviceChoice.completion)
  var device: String?

  @Option(help: PrecisionChoice.help, completion: PrecisionChoice.completion)
  var precision: String?

  @OptionGroup var common: CommonOptions

  private func settings() throws -> ServiceSettings {
    var settings = try config.map { try ServiceSettings(file: $0) } ?? ServiceSettings()
    if let host { settings.host = host }
    if let port { settings.port = port }
    if !model.isEmpty { settings.models = model }
    if let workers { settings.workers = workers }
    if let unix { settings.socket = unix }
    if let folder = state.state { settings.state = folder }
    if let certificate { settings.certificate = certificate }
    if let key { settings.key = key }
    if !trustedProxy.isEmpty { settings.trustedProxies = trustedProxy }
    if let device { settings.device = try DeviceChoice(name: device) }
    if let precision { settings.precision = try PrecisionChoice(name: precision) }
    if let threads = common.threads { settings.threads = threads }
    if let quiz { settings.quiz = quiz }
    if let cases { settings.cases = cases }
    if let gate { settings.gate = gate }
    settings.judge = try settings.gate.map { try GateJudge(path: $0) }
    settings.signingKey = try SigningKey.standard()
    return settings
  }

  func run() async throws {
    try common.check()
    let console = common.console
    let level: Logger.Level = common.quiet ? .error : common.verbose ? .debug : .info
    let service = try ThoraxService(settings(), level: level) { Console.writeError($0) }
    LibTorchOpening.begin()
    try await service.run { address in
      try? Console.writeResult(address.url)
      if let socket = address.socket { try? Console.writeResult(socket) }
      console.detail("answering; models are being loaded")
    }
  }
}

/// Where the state of a service lies.
struct StateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder of jobs, accounts and audit log (default: thorax/serve in $XDG_STATE_HOME or ~/.local/state).",
      valueName: "dir"), completion: .directory)
  var state: String?

  var folder: String { state ?? ServiceSettings.standardState() }
}
