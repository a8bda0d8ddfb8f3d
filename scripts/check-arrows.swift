// Compares a package's targets with the arrows they may have.
//
//   swift check-arrows.swift DUMP ARROWS ROOT
//
// DUMP is the output of `swift package dump-package`, ARROWS the file of lines "target: allowed...", ROOT the package.
// The picture in ROOT/docs/architecture.md must show the same arrows, but for those that follow from others.
import Foundation

struct Package: Decodable {
  var targets: [Target]
}

struct Target: Decodable {
  var name: String
  var type: String
  var path: String?
  var dependencies: [Dependency]
}

/// `{"byName": ["Torch", null]}`, `{"target": [...]}` or `{"product": ["GRDB", "GRDB.swift", null, null]}`.
struct Dependency: Decodable {
  var name: String

  enum CodingKeys: String, CodingKey { case byName, target, product }
  struct AnyElement: Decodable {
    var text: String?
    init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let product = try container.decodeIfPresent([AnyElement].self, forKey: .product) {
      name = "\(product[1].text ?? "?")/\(product[0].text ?? "?")"
    } else {
      let key: CodingKeys = container.contains(.byName) ? .byName : .target
      name = try container.decode([AnyElement].self, forKey: key)[0].text ?? "?"
    }
  }
}

func contents(_ path: String) -> String {
  guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
    print("error: \(path) cannot be read")
    exit(1)
  }
  return text
}

/// The modules that a Swift file imports. What stands in a literal of several lines is text (a generator's, say).
func imports(in source: String) -> Set<String> {
  var found = Set<String>()
  var isInLiteral = false
  for line in source.split(whereSeparator: \.isNewline) {
    let quotes = line.components(separatedBy: "\"\"\"").count - 1
    if !quotes.isMultiple(of: 2) { isInLiteral.toggle() }
    if isInLiteral || quotes > 0 { continue }
    var words = line.split(separator: " ")
    while let first = words.first, first.hasPrefix("@") || ["public", "package", "internal"].contains(first) {
      words.removeFirst()
    }
    guard words.first == "import", words.count > 1 else { continue }
    // `import struct Foundation.Data`
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    guard let module = kinds.contains(words[1]) ? words.dropFirst(2).first : words[1] else { continue }
    found.insert(String(module.prefix { $0 != "." && $0 != ";" }))
  }
  return found
}

let arguments = CommandLine.arguments
guard arguments.count == 4 else {
  print("usage: check-arrows.swift DUMP ARROWS ROOT")
  exit(64)
}
let root = arguments[3]
let package = try JSONDecoder().decode(Package.self, from: Data(contents(arguments[1]).utf8))

var allowed: [String: Set<String>] = [:]
for line in contents(arguments[2]).split(separator: "\n") where !line.hasPrefix("#") {
  let parts = line.split(separator: ":", maxSplits: 1)
  allowed[String(parts[0])] = Set(parts.dropFirst().joined().split(separator: " ").map(String.init))
}

var complaints: [String] = []
// Modules that are subject to arrows: our own, and the products of other packages that someone may import.
let products = allowed.values.joined().filter { $0.contains("/") }
let governed = Set(package.targets.map(\.name)).union(products.map { String($0.split(separator: "/")[1]) })

for target in package.targets where target.type != "test" {
  guard let arrows = allowed[target.name] else {
    complaints.append("\(target.name) is not in arrows.txt: add it with what it may import")
    continue
  }
  for dependency in target.dependencies where !arrows.contains(dependency.name) {
    complaints.append("\(target.name) may not depend on \(dependency.name) (Package.swift)")
  }
  let modules = Set(arrows.map { String($0.split(separator: "/").last ?? "") })
  let folder = root + "/" + (target.path ?? "Sources/\(target.name)")
  let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
  for file in files.sorted() where file.hasSuffix(".swift") {
    for module in imports(in: contents("\(folder)/\(file)")).intersection(governed).subtracting(modules).sorted() {
      complaints.append("\(target.name) may not import \(module) (\(file))")
    }
  }
}
for name in allowed.keys.sorted() where !package.targets.contains(where: { $0.name == name }) {
  complaints.append("arrows.txt names \(name), which is no target of Package.swift")
}

/// What can be reached from each name along the arrows.
func reachable(_ arrows: [String: Set<String>]) -> [String: Set<String>] {
  var result = arrows
  for _ in arrows {
    result = result.mapValues { names in names.union(names.flatMap { result[$0] ?? [] }) }
  }
  return result
}

// Tools and products of other packages are not in the picture.
let drawn = Set(package.targets.filter { $0.type != "test" && $0.path == nil }.map(\.name))
var picture: [String: Set<String>] = [:]
for line in contents(root + "/docs/architecture.md").split(separator: "\n") {
  let ends = line.components(separatedBy: " --> ").map { end in
    end.trimmingCharacters(in: .whitespaces).prefix { $0 != "[" && $0 != "(" }
  }
  if ends.count == 2 { picture[String(ends[0]), default: []].insert(String(ends[1])) }
}
let shown = reachable(picture)
let meant = reachable(allowed.filter { drawn.contains($0.key) }.mapValues { $0.intersection(drawn) })
for name in drawn.union(shown.keys).sorted() {
  let difference = (shown[name] ?? []).symmetricDifference(meant[name] ?? [])
  for other in difference.sorted() {
    complaints.append(
      "docs/architecture.md and arrows.txt disagree on whether \(name) builds on \(other): change one of them")
  }
}

for complaint in complaints { print("error: \(complaint)") }
if !complaints.isEmpty { exit(1) }
print("arrows: \(package.targets.filter { $0.type != "test" }.count) targets, none against scripts/arrows.txt")
