/// What can go wrong with a session's run or with what it was fed, in the user's names and source lines.
///
/// After any of these the session is usable: feed what is missing, or run again.
public enum SessionError: Error, Sendable, CustomStringConvertible {
  /// An input was never written.
  case missingInput(String)
  /// A non-scalar output is differentiated, and its upstream gradient was never written.
  case missingUpstream(String)
  /// The node is no input, parameter, output or differentiated variable of this program.
  case notInProgram(String)
  /// Values of another count or type than the node holds.
  case wrongValues(String)
  /// Asked for a result that no run has computed yet, or for a backward pass without a current forward pass.
  case notComputed(String)
  /// Another run or access of this session, or of the parameters it shares, is under way.
  case busy(String)
  /// The session's byte limit would be passed, or a value is larger than the machine's memory.
  case memoryLimit(node: String, requested: Int, inUse: Int, limit: Int)
  /// A gate threw while running; its own error is last.
  case gateFailed(node: String, gate: String, any Error)

  public var description: String {
    switch self {
    case .missingInput(let node): "no value was written to the input \(node)"
    case .missingUpstream(let node): "the output \(node) is not a scalar: its upstream gradient must be written first"
    case .notInProgram(let reason), .wrongValues(let reason), .notComputed(let reason), .busy(let reason): reason
    case .memoryLimit(let node, let requested, let inUse, let limit):
      "\(requested) bytes for \(node) do not fit: \(inUse) of the session's limit of \(limit) bytes are in use"
    case .gateFailed(let node, let gate, let error): "the gate \(gate) of \(node) failed: \(error)"
    }
  }
}
