/// Why a file of parameters could not be written or read. Nothing was changed: neither a file of that name by a failed
/// write nor any parameter by a failed read.
public enum StateFileError: Error, Sendable, CustomStringConvertible {
  /// The operating system refused an operation.
  case system(path: String, operation: String, reason: String)
  /// The file is no safetensors file, or not a whole one.
  case malformed(path: String, reason: String)
  /// The file does not hold what is wanted: everything that is missing, extra, of another shape or another type.
  case mismatch(path: String, [String])
  /// The parameters cannot be read or written now, or are not there.
  case unavailable(String)

  public var description: String {
    switch self {
    case .system(let path, let operation, let reason): "cannot \(operation) \(path): \(reason)"
    case .malformed(let path, let reason): "\(path) is no sound safetensors file: \(reason)"
    case .mismatch(let path, let problems):
      "\(path) does not fit:" + problems.map { "\n  \($0)" }.joined()
    case .unavailable(let reason): reason
    }
  }
}

/// What a parser has found wrong.
struct Malformed: Error {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}
