extension SharingRecord {
  /// How a run begins, and who decided it.
  enum Beginning: Equatable, Sendable {
    case shared
    /// Alone, since nothing is known, while a seat watches: see ``Probe``.
    case probed
    /// Alone, without a look at the clock.
    case alone
    /// Alone, held to an expectation by a ``Watch``.
    case watched(Expectation)
  }

  /// How a run begins, and why.
  ///
  /// - Parameters:
  ///   - isSuspending: Whether its units may suspend: such a run is never left to one worker, whom they would hold up.
  ///   - record: Gives access to the record of earlier runs.
  static func decide(
    _ sharing: Sharing, _ facts: Facts, isSuspending: Bool,
    _ record: ((inout SharingRecord) -> Beginning) -> Beginning
  ) -> (beginning: Beginning, way: ObservedRun.Way) {
    if isSuspending { return (.shared, .sharedBySuspension) }
    if facts.width == 1 || facts.unitCount == 1 { return (.alone, .aloneByWidth) }
    switch sharing {
    case .never: return (.alone, .aloneByOptions)
    case .always: return (.shared, .sharedByOptions)
    case .automatic:
      let beginning = record { $0.begin(facts) }
      switch beginning {
      case .shared: return (beginning, .sharedByExperience)
      case .probed: return (beginning, .probed)
      case .alone, .watched: return (beginning, .aloneByExperience)
      }
    }
  }

  private mutating func begin(_ facts: Facts) -> Beginning {
    let knowsNothing = alone == nil && shared == nil && facts.estimate == nil
    return switch choose(facts) {
    case .shared: knowsNothing ? .probed : .shared
    case .alone: .alone
    case .watched(let expectation): .watched(expectation)
    }
  }
}
