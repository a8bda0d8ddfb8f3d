import Foundation

/// One operator of `operators.txt`.
struct Operator {
  enum Kind: String {
    case tensor = "Tensor"
    /// One that the operator writes to, beside the first of one in place.
    case writtenTensor = "Tensor(b!)"
    case optionalTensor = "Tensor?"
    case tensors = "Tensor[]"
    case scalar = "Scalar"
    case optionalScalar = "Scalar?"
    case double
    case optionalDouble = "double?"
    case int
    case optionalInt = "int?"
    case ints = "int[]"
    case optionalInts = "int[]?"
    case bool
    case string
  }

  struct Argument {
    var kind: Kind
    var name: String
    var defaultValue: String?
  }

  enum Result: String {
    case nothing = "()"
    case tensor = "Tensor"
    case pair = "(Tensor, Tensor)"
    case tensors = "Tensor[]"
  }

  /// The name in `at::`, such as `conv2d` or `_foreach_norm`.
  var name: String
  /// Tells overloads apart in C, such as `scalar`.
  var suffix: String?
  /// Whether C++ calls it as a method of its first argument.
  var isMethod: Bool
  var arguments: [Argument]
  var result: Result

  var isInPlace: Bool { name.hasSuffix("_") }

  /// The member of the C table.
  var symbol: String {
    let base = name.trimmingCharacters(in: ["_"]) + (isInPlace ? "_in_place" : "")
    return suffix.map { base + "_" + $0 } ?? base
  }

  /// The Swift name: `group_norm` reads `groupNorm`, `add_` reads `addInPlace`.
  var swiftName: String {
    Operator.camelCase(name.trimmingCharacters(in: ["_"])) + (isInPlace ? "InPlace" : "")
  }

  static func camelCase(_ name: String) -> String {
    let words = name.split(separator: "_")
    return words.enumerated().map { $0.offset == 0 ? String($0.element) : $0.element.capitalized }.joined()
  }
}

struct TableError: Error, CustomStringConvertible {
  var line: Int
  var text: String
  var description: String { "operators.txt:\(line): cannot read '\(text)'" }
}

/// Reads the table: one operator a line, `#` begins a comment.
func readOperators(_ text: String) throws -> [Operator] {
  var operators: [Operator] = []
  for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
    let line = raw.trimmingCharacters(in: .whitespaces)
    guard !line.isEmpty, !line.hasPrefix("#") else { continue }
    guard let parsed = parse(line) else { throw TableError(line: index + 1, text: line) }
    operators.append(parsed)
  }
  return operators
}

private func parse(_ line: String) -> Operator? {
  guard let open = line.firstIndex(of: "("), let arrow = line.range(of: ") -> ") else { return nil }
  var head = String(line[..<open])
  let isMethod = head.hasPrefix("Tensor.")
  if isMethod { head.removeFirst("Tensor.".count) }
  let parts = head.split(separator: ":", maxSplits: 1).map(String.init)
  guard let name = parts.first, let result = Operator.Result(rawValue: String(line[arrow.upperBound...])) else {
    return nil
  }

  var arguments: [Operator.Argument] = isMethod ? [.init(kind: .tensor, name: "self")] : []
  for item in splitOutsideBrackets(String(line[line.index(after: open)..<arrow.lowerBound])) {
    let words = item.split(separator: " ", maxSplits: 1).map(String.init)
    guard words.count == 2, let kind = Operator.Kind(rawValue: words[0]) else { return nil }
    let assignment = words[1].split(separator: "=", maxSplits: 1).map(String.init)
    arguments.append(
      .init(kind: kind, name: assignment[0], defaultValue: assignment.count == 2 ? assignment[1] : nil))
  }
  return Operator(
    name: name, suffix: parts.count == 2 ? parts[1] : nil, isMethod: isMethod, arguments: arguments, result: result)
}

private func splitOutsideBrackets(_ text: String) -> [String] {
  var items: [String] = []
  var current = ""
  var depth = 0
  for character in text {
    if character == "[" { depth += 1 }
    if character == "]" { depth -= 1 }
    if character == ",", depth == 0 {
      items.append(current.trimmingCharacters(in: .whitespaces))
      current = ""
    } else {
      current.append(character)
    }
  }
  if !current.trimmingCharacters(in: .whitespaces).isEmpty {
    items.append(current.trimmingCharacters(in: .whitespaces))
  }
  return items
}
