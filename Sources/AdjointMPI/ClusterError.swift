/// What can go wrong among the ranks of a cluster. After any of these but ``notAllowed(parameter:value:allowed:)`` and
/// ``unlike(rank:_:)`` the cluster has ended, on all ranks: what was saved goes on in a new one.
public enum ClusterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A launcher has started this many processes, and this one is alone: it was built without the trait `MPI`, or with
  /// another MPI than the launcher's.
  case launchedAlone(expected: Int)
  /// This process has joined a cluster before, or its host has begun and ended MPI: a process does so once.
  case joinedBefore
  /// The MPI of this machine refused something.
  case refusedByMPI(operation: String, reason: String)
  /// The ranks do not run the same training: everything in which a rank differs from rank 0.
  case unlike(rank: Int, [String])
  /// A training that cannot be cut as it was asked to be: the name of the parameter, its value, and what is allowed.
  case notAllowed(parameter: String, value: String, allowed: String)
  /// The ranks that others wait for, in a chain whose last does not answer, or works on and waits for nobody: that one
  /// is named. It is stopped, slow beyond the patience, or unreachable.
  case silent(rank: Int, waitingFor: String, duration: Duration)
  /// This process itself did not run, or hand over what others wait for, for longer than they are patient; or it
  /// reaches none of them.
  case stalledHere(duration: Duration)
  /// A rank has left while others went on: with its error's text, if it left because of one.
  case left(rank: Int, reason: String)
  /// After this many steps the parameters of these ranks differ from those of rank 0.
  case diverged(step: Int, ranks: [Int])
  /// Rank 0 could not read or write a file, for this reason.
  case file(String)

  public var description: String {
    switch self {
    case .launchedAlone(let expected):
      "a launcher has started \(expected) processes, and this one is alone: build with the trait MPI, "
        + "against the MPI whose mpirun starts it"
    case .joinedBefore: "a process joins one cluster, once"
    case .refusedByMPI(let operation, let reason): "MPI cannot \(operation): \(reason)"
    case .unlike(let rank, let differences):
      "rank \(rank) does not run what rank 0 does:" + differences.map { "\n  \($0)" }.joined()
    case .notAllowed(let parameter, let value, let allowed): "\(parameter) is \(allowed), got \(value)"
    case .silent(let rank, let what, let duration): "rank \(rank) did not answer for \(duration): \(what)"
    case .stalledHere(let duration):
      "this process did not run, or reached nobody, for \(duration), which is more than others wait"
    case .left(let rank, let reason): "rank \(rank) has left: \(reason)"
    case .diverged(let step, let ranks):
      "after step \(step) the parameters of ranks \(ranks) are not those of rank 0: nothing was saved"
    case .file(let reason): reason
    }
  }
}
