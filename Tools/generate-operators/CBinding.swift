private let notice = "// Made from Sources/CTorch/operators.txt by `swift run generate-operators`. Do not edit.\n"

/// The C side: a table of function pointers, and the functions that fill it.
enum CBinding {
  static func header(_ operators: [Operator]) -> String {
    let members = operators.map { "  \(signature($0, name: "(*_Nonnull \($0.symbol))"));" }
    return """
      \(notice)#pragma once
      #include "CTorchTypes.h"

      /// The operators that the runtime library offers, one function pointer each.
      typedef struct ct_operators {
      \(members.joined(separator: "\n"))
      } ct_operators;

      """
  }

  static func definitions(_ operators: [Operator]) -> String {
    let functions = operators.map(definition)
    let fields = operators.map { "    .\($0.symbol) = ct_\($0.symbol)," }
    return """
      \(notice)#include "Guard.h"

      #include <ATen/ATen.h>

      namespace {

      \(functions.joined(separator: "\n"))
      }  // namespace

      ct_operators ct_make_operators() noexcept {
        return ct_operators{
      \(fields.joined(separator: "\n"))
        };
      }

      """
  }

  private static func signature(_ op: Operator, name: String) -> String {
    "int32_t \(name)(\((op.arguments.flatMap(parameters) + results(op.result) + ["ct_error *_Nonnull error"]).joined(separator: ", ")))"
  }

  private static func parameters(_ argument: Operator.Argument) -> [String] {
    let name = cName(argument)
    switch argument.kind {
    case .tensor, .writtenTensor: return ["ct_tensor _Nonnull \(name)"]
    case .optionalTensor: return ["ct_tensor _Nullable \(name)"]
    case .tensors: return ["const ct_tensor _Nonnull *_Nonnull \(name)", "size_t \(name)_count"]
    case .scalar, .double: return ["double \(name)"]
    case .optionalScalar, .optionalDouble: return ["bool has_\(name)", "double \(name)"]
    case .int: return ["ptrdiff_t \(name)"]
    case .optionalInt: return ["bool has_\(name)", "ptrdiff_t \(name)"]
    case .ints: return ["const ptrdiff_t *_Nonnull \(name)", "size_t \(name)_count"]
    case .optionalInts: return ["bool has_\(name)", "const ptrdiff_t *_Nonnull \(name)", "size_t \(name)_count"]
    case .bool: return ["bool \(name)"]
    case .string: return ["const char *_Nonnull \(name)"]
    }
  }

  private static func cName(_ argument: Operator.Argument) -> String {
    argument.name == "self" ? "self_" : argument.name
  }

  private static func results(_ result: Operator.Result) -> [String] {
    switch result {
    case .nothing: []
    case .tensor: ["ct_tensor _Nullable *_Nonnull out"]
    case .pair: ["ct_tensor _Nullable *_Nonnull out0", "ct_tensor _Nullable *_Nonnull out1"]
    case .tensors: ["ct_tensor _Nullable *_Nullable *_Nonnull out", "size_t *_Nonnull out_count"]
    }
  }

  private static func value(_ argument: Operator.Argument) -> String {
    let name = cName(argument)
    switch argument.kind {
    case .tensor: return "tensor(\(name))"
    case .writtenTensor: return "written_tensor(\(name))"
    case .optionalTensor: return "optional_tensor(\(name))"
    case .tensors: return "tensor_list(\(name), \(name)_count)"
    case .scalar: return "at::Scalar(\(name))"
    case .double, .bool: return name
    case .optionalScalar: return "has_\(name) ? std::optional<at::Scalar>(\(name)) : std::nullopt"
    case .optionalDouble: return "has_\(name) ? std::optional<double>(\(name)) : std::nullopt"
    case .int: return "static_cast<int64_t>(\(name))"
    case .optionalInt: return "has_\(name) ? std::optional<int64_t>(\(name)) : std::nullopt"
    case .ints: return "ints(\(name), \(name)_count)"
    case .optionalInts:
      return "has_\(name) ? at::OptionalIntArrayRef(ints(\(name), \(name)_count)) : at::OptionalIntArrayRef()"
    case .string: return name
    }
  }

  private static func definition(_ op: Operator) -> String {
    var values = op.arguments.map(value)
    let callee = op.isMethod ? values.removeFirst() + "." + op.name : "at::" + op.name
    let call = "\(callee)(\(values.joined(separator: ", ")))"
    let body =
      switch op.result {
      case .nothing: "\(call);"
      case .tensor: "*out = own(\(call));"
      case .pair: "auto [first, second] = \(call); *out0 = own(first); *out1 = own(second);"
      case .tensors: "own_list(\(call), out, out_count);"
      }
    return """
      \(signature(op, name: "ct_\(op.symbol)")) {
        return guarded(error, [&] { \(body) });
      }

      """
  }
}
