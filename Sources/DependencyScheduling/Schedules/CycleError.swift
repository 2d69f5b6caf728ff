/// Dependencies that wait for one another: no order can satisfy them.
///
/// The cycle is listed in the direction the work would flow, without repeating its first element; its
/// ``description`` closes the ring:
///
///     the dependencies form a cycle: parse -> check -> parse
public struct CycleError: Error, Hashable, Sendable {
  /// The units of one cycle, each waiting for the one before it, the first for the last.
  public let units: [UnitID]

  /// What the units are called: task names from a ``TaskGraph``, otherwise "unit 3" and the like.
  public let names: [String]

  init(units: [UnitID]) {
    self.units = units
    names = units.map(\.description)
  }

  init(_ cycle: CycleError, names: [String]) {
    units = cycle.units
    self.names = cycle.units.map { names[Int($0.index)] }
  }
}

extension CycleError: CustomStringConvertible {
  public var description: String {
    "the dependencies form a cycle: " + (names + names.prefix(1)).joined(separator: " -> ")
  }
}
