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
  /// Something else is under way that this call would have to wait for: another run or access of the session, or, for
  /// a call that changes parameters, another write to their store.
  ///
  /// Only synchronous calls throw it, since none blocks its thread unasked. Asynchronous calls wait their turn, in
  /// order of arrival and until their task is cancelled. No synchronous call overtakes one that waits: while any does,
  /// it is refused.
  case busy(String)
  /// Another training step is under way on the parameter store: a step that updates parameters has met that of another
  /// session, or a write, new values or loading have met a step.
  ///
  /// None of them waits, synchronous or not. The step under way has begun from the values before it, and what comes in
  /// between would be lost, or would follow from values that are gone; who trains decides what comes between two steps.
  /// Train a store by one session at a time, and write between its steps. Runs that only read never meet this.
  case otherTrainer(String)
  /// The session's byte limit would be passed, or a value is larger than the machine's memory.
  case memoryLimit(node: String, requested: Int, inUse: Int, limit: Int)
  /// A gate threw while running; its own error is last.
  case gateFailed(node: String, gate: String, any Error)
  /// A value that the program requires to be finite is NaN or infinite, and nothing was updated. The producer is the
  /// first value that is NaN though nothing it was computed from is, as ``Session/firstNonFinite(includingInfinity:)``
  /// names it; if the value is infinite, or no NaN is found, the first that is NaN or infinite. It is `nil` if
  /// everything was finite when it was computed again to be looked at.
  case notFinite(_ guarded: String, producer: NonFiniteValue?)

  public var description: String {
    switch self {
    case .missingInput(let node): "no value was written to the input \(node)"
    case .missingUpstream(let node): "the output \(node) is not a scalar: its upstream gradient must be written first"
    case .notInProgram(let reason), .wrongValues(let reason), .notComputed(let reason), .busy(let reason),
      .otherTrainer(let reason):
      reason
    case .memoryLimit(let node, let requested, let inUse, let limit):
      "\(requested) bytes for \(node) do not fit: \(inUse) of the session's limit of \(limit) bytes are in use"
    case .gateFailed(let node, let gate, let error): "the gate \(gate) of \(node) failed: \(error)"
    case .notFinite(let guarded, let producer):
      "nothing was updated, since \(guarded), is NaN or infinite"
        + (producer.map { ": \($0)" } ?? ", and was not when everything was computed again")
    }
  }
}
