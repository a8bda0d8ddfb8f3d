// Makes the C, C++ and Swift bindings of the operators in Sources/CTorch/operators.txt.
//
//     swift run generate-operators            writes the three files
//     swift run generate-operators --check    writes nothing; fails when one of them is stale

import Foundation

let root = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
let operators = try readOperators(
  String(contentsOf: root.appendingPathComponent("Sources/CTorch/operators.txt"), encoding: .utf8))
let outputs = [
  "Sources/CTorch/include/CTorchOperators.h": CBinding.header(operators),
  "Sources/CTorchRuntime/operators.generated.cpp": CBinding.definitions(operators),
  "Sources/Torch/Tensors/Tensor+Operators.generated.swift": SwiftBinding.methods(operators),
]

var stale: [String] = []
for (path, text) in outputs {
  let file = root.appendingPathComponent(path)
  if (try? String(contentsOf: file, encoding: .utf8)) == text { continue }
  stale.append(path)
  if !CommandLine.arguments.contains("--check") {
    try text.write(to: file, atomically: true, encoding: .utf8)
  }
}

if CommandLine.arguments.contains("--check"), !stale.isEmpty {
  let files = stale.sorted().joined(separator: ", ")
  FileHandle.standardError.write(Data("error: \(files) stale: run 'swift run generate-operators'\n".utf8))
  exit(1)
}
print("\(operators.count) operators")
