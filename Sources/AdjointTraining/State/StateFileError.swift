/// Why a file of parameters or of data could not be written or read. Nothing was changed: neither a file of that name
/// by a failed write nor any parameter by a failed read.
public enum StateFileError: Error, Sendable, CustomStringConvertible {
  /// The operating system refused an operation.
  case system(path: String, operation: String, reason: String)
  /// The file is not of the format that it is read as, or not a whole one.
  case malformed(path: String, reason: String)
  /// The file does not hold what is wanted: everything that is missing, extra, of another shape or another type.
  case mismatch(path: String, [String])
  /// The parameters cannot be read or written now, or are not there.
  case unavailable(String)

  public var description: String {
    switch self {
    case .system(let path, let operation, let reason): "cannot \(operation) \(path): \(reason)"
    case .malformed(let path, let reason): "\(path) is not a sound file: \(reason)"
    case .mismatch(let path, let problems):
      "\(path) does not fit:" + problems.map { "\n  \($0)" }.joined()
    case .unavailable(let reason): reason
    }
  }
}

extension StateFileError {
  /// What is wrong, without the file's name.
  var reason: String {
    switch self {
    case .system(_, let operation, let reason): "cannot \(operation) it: \(reason)"
    case .malformed(_, let reason), .unavailable(let reason): reason
    case .mismatch(_, let problems): problems.joined(separator: ", ")
    }
  }
}

/// What a parser has found wrong.
struct Malformed: Error {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}
