internal import DependencyScheduling

/// How small the parts are that kernel calls are divided into, in nanoseconds of work.
package struct Division: Hashable, Sendable {
  /// The work of a part of a call.
  package var part: Float
  /// The work of a part where operands come in parts: each may then begin before the others' are there.
  package var followingPart: Float
  /// Elementwise calls are cut at multiples of so many elements.
  package var grain = 1024  // Decisions/Units-and-division.md

  /// Everything that can be divided is, anywhere: bits do not depend on it, which this is there to prove.
  package static let finest = Division(part: 1e-3, followingPart: 1e-3, grain: 1)
  /// Parts that cost nothing to speak of: what most graphs need, that have other nodes for other workers.
  static let coarse = Division(part: 12_000, followingPart: .infinity)  // Decisions/Units-and-division.md
  /// For a graph that is one long chain of calls, as a recurrent network is: its rows go through it side by side. One
  /// worker pays some percent for it, since it reads weights for fewer rows at a time.
  static let fine = Division(part: 3_500, followingPart: 500)  // Decisions/Units-and-division.md

  /// How many parts, of such a cost each, a call of `cost` holds: at most as many as calls are divided into.
  static func partCount(of cost: Float, each part: Float) -> Int { Int(min(cost / part, Float(CostModel.mostParts))) }

  /// With fewer workers busy, at best, finer parts are tried.
  private static let fewWorkers = 4.0  // Decisions/Units-and-division.md
  /// How much shorter the critical path must become for finer parts to be kept.
  private static let gain = 0.8  // Decisions/Units-and-division.md

  /// Whether the units of a schedule leave so few workers busy that finer parts may be worth their price.
  static func isTooCoarse(for schedule: Schedule) -> Bool {
    guard let work = schedule.estimatedWork, let span = schedule.estimatedSpan else { return false }
    return work < fewWorkers * span
  }

  /// Whether the units of `fine` let more workers be busy than those of `coarse`.
  static func isWorthIt(_ fine: Schedule, over coarse: Schedule) -> Bool {
    guard let shorter = fine.estimatedSpan, let longer = coarse.estimatedSpan else { return false }
    return shorter < gain * longer
  }
}
