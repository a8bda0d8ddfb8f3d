import Support

/// What is wrong with a PyTorch checkpoint, or what it asks for that is not granted.
public enum CheckpointProblem: Equatable, Sendable, CustomStringConvertible {
  /// Neither of PyTorch's two layouts.
  case notACheckpoint
  /// The zip archive breaks its format.
  case malformedArchive(String)
  /// An entry is compressed, which PyTorch never does.
  case notStored(entry: String, method: Int)
  case missingEntry(String)
  /// A program, saved by `torch.jit.save`.
  case torchScript
  case bigEndian
  /// A value is made by something that is neither data nor tensor, which was not run.
  case refusedGlobal(String)
  /// The pickle asks for something that runs programs or reaches the disk or the network.
  case hostileGlobal(String)
  /// The pickle uses an instruction that plain data does not need.
  case refusedOpcode(code: UInt8, offset: Int)
  case malformedPickle(offset: Int, expected: String)
  case limitExceeded(String, limit: Int)
  /// A list or dictionary that holds itself.
  case cycle
  case duplicateKey
  case unsupportedKey(String)
  case missingStorage(String)
  case storageSizeMismatch(storage: String, expected: Int, found: Int)
  /// Shape, strides and offset reach outside of the storage.
  case outsideStorage(shape: [Int], strides: [Int], offset: Int, storageCount: Int)
  case invalidTensor(String)
  /// A value of another kind than the one that belongs there.
  case wrongKind(expected: String, found: String)

  public var description: String {
    switch self {
    case .notACheckpoint: "no PyTorch checkpoint: give a file made by torch.save"
    case .malformedArchive(let what): "broken or truncated archive, \(what.onOneLine(limit: 160)): get the file again"
    case .notStored(let entry, let method):
      "entry \"\(entry.onOneLine(limit: 160))\" is compressed (method \(method)): save it again with torch.save"
    case .missingEntry(let entry):
      "no entry \"\(entry.onOneLine(limit: 160))\": get the file again or save it with torch.save"
    case .torchScript: "a TorchScript program: save its state_dict with torch.save instead"
    case .bigEndian: "saved on a big-endian machine: save it again on a little-endian one"
    case .refusedGlobal(let name):
      "made by \(name.onOneLine(limit: 160)), which is neither data nor tensor, and nothing is run: save only tensors, numbers, "
        + "texts, lists and dicts"
    case .hostileGlobal(let name):
      "asks to run \(name.onOneLine(limit: 160)), as no data does; nothing was run: do not trust this file"
    case .refusedOpcode(let code, let offset):
      "pickle instruction 0x\(String(code, radix: 16)) at byte \(offset) is not for data: save it again with torch.save"
    case .malformedPickle(let offset, let expected):
      "broken pickle at byte \(offset), where \(expected.onOneLine(limit: 160)) belongs: get the file again"
    case .limitExceeded(let what, let limit): "\(what) beyond the limit of \(limit): no checkpoint needs that"
    case .cycle: "a container that holds itself: save only plain data"
    case .duplicateKey: "a dictionary with the same key twice: save it again with torch.save"
    case .unsupportedKey(let kind): "a dictionary key of type \(kind): use texts or integers"
    case .missingStorage(let key): "no data for storage \"\(key.onOneLine(limit: 160))\": get the file again"
    case .storageSizeMismatch(let key, let expected, let found):
      "storage \"\(key.onOneLine(limit: 160))\" needs \(expected) bytes, \(found) are there: get the file again"
    case .outsideStorage(let shape, let strides, let offset, let count):
      "shape \(shape) with strides \(strides) at \(offset) reaches outside of its storage of \(count) elements: "
        + "get the file again"
    case .invalidTensor(let what): "\(what.onOneLine(limit: 160)): save it as a plain dense tensor"
    case .wrongKind(let expected, let found): "a \(found) where a \(expected) belongs: use a file of the right layout"
    }
  }
}

/// A problem and its place among the values, before the file's name is known.
struct CheckpointFailure: Error {
  var place: String?
  var problem: CheckpointProblem
}
