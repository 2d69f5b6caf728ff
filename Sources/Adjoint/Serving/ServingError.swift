/// Why a request was not served, or what serves requests could not be made.
public enum ServingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// As many requests wait as may: come back later.
  case overloaded
  /// The request's deadline passed before it got a session.
  case deadlinePassed
  /// Whoever was asked has been told to stop.
  case stopped
  /// The request has another count or type of values than a row has.
  case wrongRow(String)
  /// Rows of the program depend on one another, or are not known not to: the gate, with its name and line.
  case rowsDepend(String)
  /// A limit, a list of sizes or a program that nothing can be served with.
  case invalid(String)

  public var description: String {
    switch self {
    case .overloaded: "too many requests wait already"
    case .deadlinePassed: "the deadline passed before a session was free"
    case .stopped: "no more requests are served"
    case .wrongRow(let reason), .rowsDepend(let reason), .invalid(let reason): reason
    }
  }
}
