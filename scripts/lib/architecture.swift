// The arrows between the package's targets: draws them, and holds them to the rules below.
//
//   swift architecture.swift DUMP ROOT draw|check
//
// DUMP is the output of `swift package dump-package`, ROOT is the package's folder. `draw` writes the picture into
// docs/architecture.md. `check` fails if the page has another picture or names a file that is not there, if an arrow is
// against a rule, or if a target imports what its line in Package.swift does not name. (SwiftPM's own check lets an import pass if the module is
// reached by some other dependency.)
import Foundation

// MARK: - The rules

/// Targets that compute with tensors reach this one.
let tensors = "CTorch"

/// What each of these targets must not reach, by whatever way.
let forbidden: [(from: [String], to: [String])] = [
  (
    [
      "CDICOM", "CDICOMRuntime", "CImageCodecs", "DICOMFiles", "DelimitedText", "ImageFiles", "RadiographData",
      "RadiographImport", "RadiologyReports", "RunRecords", "Support", "TensorFiles", "Terminal", "Tokenization",
      "WebPages", "YAMLText",
    ],
    [tensors]
  ),
  (["Diffusion"], ["RadiographModels", "RadiographData"]),
  (["RadiographModels"], ["Diffusion", "RadiographData"]),
  (["Models"], ["Generation", "Training", "RadiographData"]),
  (["Generation"], ["Training", "Evaluation", "RadiographData"]),
  (["Training", "Evaluation"], ["Generation"]),
]

/// Packages that only these targets of `Sources` use.
let reserved: [String: Set<String>] = ["swift-argument-parser": ["thorax"]]

// MARK: - The manifest

struct Package: Decodable {
  var targets: [Target]
}

struct Target: Decodable {
  var name: String
  var type: String
  var path: String?
  var pkgConfig: String?
  var dependencies: [Dependency]
  var settings: [Setting]

  var folder: String { path ?? (type == "test" ? "Tests/" : "Sources/") + name }

  /// Tools, examples and tests are not in the picture.
  var isDrawn: Bool { type != "test" && path == nil }
}

/// `{"byName": ["Torch", null]}`, `{"target": ["Torch", null]}` or `{"product": ["GRDB", "GRDB.swift", null, null]}`.
struct Dependency: Decodable {
  var name: String
  var package: String?

  private enum CodingKeys: String, CodingKey { case byName, target, product }

  /// A name; nil for the conditions that stand beside it.
  private struct Element: Decodable {
    var text: String?
    init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let key = CodingKeys.self
    for key in [key.byName, key.target, key.product] where container.contains(key) {
      let elements = try container.decode([Element].self, forKey: key)
      name = elements[0].text ?? ""
      package = key == .product ? elements[1].text : nil
      return
    }
    throw DecodingError.dataCorruptedError(forKey: .byName, in: container, debugDescription: "a new kind of dependency")
  }
}

/// A library that the linker is given; other settings are passed over.
struct Setting: Decodable {
  var library: String?

  private struct Kind: Decodable {
    var linkedLibrary: [String: String]?
  }
  private enum CodingKeys: CodingKey { case kind }

  init(from decoder: any Decoder) throws {
    library = try? decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind).linkedLibrary?["_0"]
  }
}

// MARK: - The picture

/// What stands under a target's name: the libraries of others that it uses.
func libraries(of target: Target, _ package: Package) -> [String] {
  let linked = ["torch_cpu": "LibTorch", "dcmdata": "DCMTK"]
  let systems = package.targets.filter { $0.type == "system" }
  return target.settings.compactMap { $0.library.flatMap { linked[$0] } }
    + target.dependencies.compactMap { dependency in
      dependency.package != nil
        ? dependency.name : systems.first { $0.name == dependency.name }.map { $0.pkgConfig ?? $0.name }
    }
}

/// What each name reaches along one arrow or several.
func reachable(_ arrows: [String: Set<String>]) -> [String: Set<String>] {
  var result = arrows
  for _ in arrows { result = result.mapValues { $0.union($0.flatMap { result[$0] ?? [] }) } }
  return result
}

func picture(_ package: Package) -> String {
  let drawn = package.targets.filter { $0.isDrawn && $0.type != "system" }
  let names = Set(drawn.map(\.name))
  let arrows = Dictionary(
    uniqueKeysWithValues: drawn.map { ($0.name, Set($0.dependencies.map(\.name)).intersection(names)) })
  let reach = reachable(arrows)
  // Users first, so that the page's text reads from top to bottom too.
  let order = drawn.map { (height: reach[$0.name, default: []].count, target: $0) }
    .sorted { ($1.height, $0.target.name) < ($0.height, $1.target.name) }.map(\.target)
  var lines = ["flowchart TD"]
  for target in order {
    let others = libraries(of: target, package).joined(separator: ", ")
    lines.append("  \(target.name)[\"\(target.name)\(others.isEmpty ? "" : "<br>" + others)\"]")
  }
  for target in order {
    let direct = arrows[target.name, default: []]
    // An arrow that follows from two others is left out.
    let needed = direct.filter { name in !direct.contains { reach[$0, default: []].contains(name) } }
    lines += needed.sorted().map { "  \(target.name) --> \($0)" }
  }
  // The manifest cannot say this: no code is linked.
  lines.append("  CTorch -. opens at the first tensor .-> CTorchRuntime")
  lines.append("  CDICOM -. opens at the first DICOM file .-> CDICOMRuntime")
  return "```mermaid\n" + lines.joined(separator: "\n") + "\n```"
}

// MARK: - The check

func complaints(_ package: Package) -> [String] {
  let arrows = Dictionary(
    uniqueKeysWithValues: package.targets.map { ($0.name, Set($0.dependencies.map(\.name))) })
  let reach = reachable(arrows)
  var complaints: [String] = []
  for rule in forbidden {
    for name in rule.from + rule.to where arrows[name] == nil {
      complaints.append("a rule names \(name), which is no target: change scripts/lib/architecture.swift")
    }
    for from in rule.from {
      for to in rule.to where reach[from]?.contains(to) ?? false {
        complaints.append("\(from) must not build on \(to), by whatever way: change its dependencies in Package.swift")
      }
    }
  }
  for target in package.targets where target.isDrawn {
    for case let (name, package?) in target.dependencies.map({ ($0.name, $0.package) }) {
      if let users = reserved[package], !users.contains(target.name) {
        complaints.append("\(target.name) must not use \(name): only \(users.sorted().joined(separator: ", ")) may")
      }
    }
  }
  return complaints
}

/// The modules that a Swift file imports. A literal of several lines is text, a generator's for example.
func imports(in source: String) -> Set<String> {
  let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
  var found = Set<String>()
  var isInLiteral = false
  for line in source.split(separator: "\n") {
    let quotes = line.components(separatedBy: "\"\"\"").count - 1
    if !quotes.isMultiple(of: 2) { isInLiteral.toggle() }
    if isInLiteral || quotes > 0 { continue }
    let words = line.split(separator: " ").drop {
      $0.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains($0)
    }
    guard words.first == "import", var module = words.dropFirst().first else { continue }
    // `import struct Foundation.Data`
    if kinds.contains(module) { module = words.dropFirst(2).first ?? module }
    found.insert(String(module.prefix { $0 != "." && $0 != ";" }))
  }
  return found
}

/// Complains of imports that a target's line in Package.swift does not name, and of names that no file imports.
func undeclaredImports(_ package: Package, root: String) -> [String] {
  // A product of another package has the name of its module.
  let products = package.targets.flatMap { $0.dependencies }.filter { $0.package != nil }.map(\.name)
  let governed = Set(package.targets.map(\.name)).union(products)
  var complaints: [String] = []
  for target in package.targets where target.type != "system" {
    let folder = root + "/" + target.folder
    let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    let sources = files.filter { $0.hasSuffix(".swift") }
    if sources.isEmpty { continue }
    let imported = Set(sources.flatMap { imports(in: contents("\(folder)/\($0)")) }).intersection(governed)
    let named = Set(target.dependencies.map(\.name))
    for module in imported.subtracting(named).sorted() {
      complaints.append("\(target.name) imports \(module): add it to the target's dependencies in Package.swift")
    }
    for module in named.subtracting(imported).sorted() {
      complaints.append("\(target.name) does not import \(module): take it out of its dependencies in Package.swift")
    }
  }
  return complaints
}

/// Complains of paths such as `Diffusion/Samplers` or `Tests/Fixtures` in the page that lead to no file and no folder.
func lostPaths(_ page: String, _ package: Package, root: String) -> [String] {
  let roots = Set(package.targets.map(\.name) + ["Tests", "Tools", "scripts", "docs"])
  // Every other piece stands between backticks; those of code blocks hold blanks.
  let spans = page.components(separatedBy: "`").filter { !$0.contains(" ") && $0.contains("/") }
  return Set(spans).sorted().filter { roots.contains(String($0.prefix { $0 != "/" })) }.filter { span in
    ["/", "/Sources/"].allSatisfy { place in
      ["", ".swift"].allSatisfy { !FileManager.default.fileExists(atPath: root + place + span + $0) }
    }
  }.map { "docs/architecture.md names \($0), which is not there" }
}

func contents(_ path: String) -> String {
  guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
    print("error: \(path) cannot be read")
    exit(1)
  }
  return text
}

let arguments = CommandLine.arguments
guard arguments.count == 4, ["draw", "check"].contains(arguments[3]) else {
  print("usage: architecture.swift DUMP ROOT draw|check")
  exit(64)
}
let package = try JSONDecoder().decode(Package.self, from: Data(contents(arguments[1]).utf8))
let path = arguments[2] + "/docs/architecture.md"
let page = contents(path)
guard let start = page.range(of: "```mermaid\n"), let end = page[start.upperBound...].range(of: "\n```\n") else {
  print("error: \(path) has no picture: put ```mermaid and ``` where it belongs")
  exit(1)
}
let drawing = picture(package) + "\n"
if arguments[3] == "draw" {
  let text = page.replacingCharacters(in: start.lowerBound..<end.upperBound, with: drawing)
  try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  exit(0)
}
var wrong =
  complaints(package) + undeclaredImports(package, root: arguments[2])
  + lostPaths(page, package, root: arguments[2])
if page[start.lowerBound..<end.upperBound] != drawing {
  wrong.append("the picture in docs/architecture.md is stale: run scripts/draw-architecture")
}
for complaint in wrong { print("error: \(complaint)") }
exit(wrong.isEmpty ? 0 : 1)
