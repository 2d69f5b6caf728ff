/// The index of a unit in a ``Schedule``: what a worker runs, one at a time, start to end.
///
/// Units are numbered from zero without gaps, so arrays indexed by ``index`` hold what belongs to them.
public struct UnitID: Hashable, Sendable, Comparable {
  /// The position of the unit, in `0..<schedule.unitCount`.
  public let index: UInt32

  /// The unit at `index`. Nothing is checked before it is used with a schedule.
  public init(_ index: UInt32) {
    self.index = index
  }

  /// The largest number of units in one schedule: 31 bits, so that an edge keeps one bit for its own use.
  static let limit = Int(Int32.max)

  public static func < (left: UnitID, right: UnitID) -> Bool {
    left.index < right.index
  }
}

extension UnitID: CustomStringConvertible {
  public var description: String { "unit \(index)" }
}
