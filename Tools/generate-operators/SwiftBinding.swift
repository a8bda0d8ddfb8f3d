/// The Swift side: methods of `Tensor` that call the C table.
enum SwiftBinding {
  static func methods(_ operators: [Operator]) -> String {
    """
    // Made from Sources/CTorch/operators.txt by `swift run generate-operators`. Do not edit.
    // swift-format-ignore-file

    import CTorch

    extension Tensor {
    \(operators.map(method).joined(separator: "\n"))
    }

    """
  }

  private static func method(_ op: Operator) -> String {
    let isInstance = op.arguments.first.map { $0.name == "self" && $0.kind == .tensor } ?? false
    let declared = isInstance ? Array(op.arguments.dropFirst()) : op.arguments
    let parameters = declared.enumerated().map { index, argument in
      let name = swiftName(argument)
      let label = index == 0 && (!isInstance || op.isInPlace) ? "_ \(name)" : name
      return "\(label): \(type(argument.kind))\(defaultValue(argument))"
    }
    let escaped = ["repeat", "var", "where"].contains(op.swiftName) ? "`\(op.swiftName)`" : op.swiftName
    let returns =
      switch op.result {
      case .nothing: ""
      case .tensor: " -> Tensor"
      case .pair: " -> (Tensor, Tensor)"
      case .tensors: " -> [Tensor]"
      }
    let values =
      (isInstance ? ["handle"] : []) + declared.flatMap(value) + results(op.result) + ["$0"]
    let call = "try check { api.pointee.operators.\(op.symbol)(\(values.joined(separator: ", "))) }"
    let body =
      switch op.result {
      case .nothing: [call]
      case .tensor: ["var out: OpaquePointer?", call, "return try Tensor(owning: out)"]
      case .pair:
        [
          "var out0: OpaquePointer?, out1: OpaquePointer?", call,
          "return (try Tensor(owning: out0), try Tensor(owning: out1))",
        ]
      case .tensors:
        [
          "var out: UnsafeMutablePointer<OpaquePointer?>?, count = 0", call,
          "return try Tensor.list(owning: out, count: count)",
        ]
      }
    return """
        /// `at::\(op.name)`\(op.suffix.map { ", \($0) overload" } ?? "").
        ///
        /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
        public \(isInstance ? "" : "static ")func \(escaped)(\(parameters.joined(separator: ", "))) throws\(returns) {
          let api = try LibTorch.api()
      \(body.map { "    " + $0 }.joined(separator: "\n"))
        }

      """
  }

  private static func swiftName(_ argument: Operator.Argument) -> String {
    argument.name == "self" ? "tensors" : Operator.camelCase(argument.name)
  }

  private static func type(_ kind: Operator.Kind) -> String {
    switch kind {
    case .tensor, .writtenTensor: "Tensor"
    case .optionalTensor: "Tensor?"
    case .tensors: "[Tensor]"
    case .scalar, .double: "Double"
    case .optionalScalar, .optionalDouble: "Double?"
    case .int: "Int"
    case .optionalInt: "Int?"
    case .ints: "[Int]"
    case .optionalInts: "[Int]?"
    case .bool: "Bool"
    case .string: "String"
    }
  }

  private static func defaultValue(_ argument: Operator.Argument) -> String {
    argument.defaultValue.map { " = " + $0 } ?? ""
  }

  private static func value(_ argument: Operator.Argument) -> [String] {
    let name = swiftName(argument)
    return switch argument.kind {
    case .tensor, .writtenTensor: ["\(name).handle"]
    case .optionalTensor: ["\(name)?.handle"]
    case .tensors: ["\(name).map(\\.handle)", "\(name).count"]
    case .scalar, .double, .int, .bool, .string: [name]
    case .optionalScalar, .optionalDouble, .optionalInt: ["\(name) != nil", "\(name) ?? 0"]
    case .ints: [name, "\(name).count"]
    case .optionalInts: ["\(name) != nil", "\(name) ?? []", "\(name)?.count ?? 0"]
    }
  }

  private static func results(_ result: Operator.Result) -> [String] {
    switch result {
    case .nothing: []
    case .tensor: ["&out"]
    case .pair: ["&out0", "&out1"]
    case .tensors: ["&out", "&count"]
    }
  }
}
