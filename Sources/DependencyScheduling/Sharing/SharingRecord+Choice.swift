extension SharingRecord {
  /// How a run begins.
  package enum Choice: Equatable, Sendable {
    case shared

    /// On the calling thread, too briefly for a clock.
    case alone

    /// On the calling thread while a ``Watch`` looks at the clock, and shares the rest out if it takes too long.
    case watched(Expectation)
  }

  /// What is known of a run when it begins.
  package struct Facts: Sendable {
    var unitCount: Int

    /// The most workers of the run, its caller included.
    var width: Int

    /// What the units' costs say, if they were given: `alone` their sum, `shared` the larger of the critical path and
    /// the sum divided by the width.
    var estimate: (alone: Double, shared: Double)?

    package init(unitCount: Int, width: Int, estimate: (alone: Double, shared: Double)? = nil) {
      self.unitCount = unitCount
      self.width = width
      self.estimate = estimate
    }
  }

  /// What a run that begins alone is held to.
  package struct Expectation: Equatable, Sendable {
    /// When it has taken too long.
    var limit: Double

    /// What a run takes that is shared out from the beginning, if known.
    var shared: Double?
  }
}
