internal import Threads

/// What the units of a schedule do, kept by whoever runs it again and again: a run makes no object for it, and what
/// runs have taught about it is kept with it.
///
/// ```swift
/// let body = UnitBody { unit in cells[Int(unit.index)].update() }
/// for _ in 0..<1_000 { try executor.run(schedule, body) }
/// ```
/// May be used by several runs at once, of any schedules.
public final class UnitBody: Sendable {
  enum Kind: Sendable {
    case plain(@Sendable (UnitID) throws -> Void)
    case suspending(@Sendable (UnitID, inout UnitContext) throws -> Void)
  }

  let kind: Kind
  /// What runs have taught; `nil` if that belongs to the schedule, or there is nothing to learn.
  let learned: LearnedSharing?
  /// The place that made the body.
  let site: CallSite

  /// A body whose units are done when it returns.
  public convenience init(
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    _ body: @escaping @Sendable (UnitID) throws -> Void
  ) {
    self.init(.plain(body), LearnedSharing(), CallSite(fileID: fileID, line: line, column: column))
  }

  /// A body whose units may be completed later, by another thread; see ``UnitContext/suspend()``.
  ///
  /// ```swift
  /// let body = UnitBody(suspending: { unit, context in
  ///   let completion = context.suspend()
  ///   network.fetch(urls[Int(unit.index)]) { completion.finish() }   // on a thread of the network's
  /// })
  /// ```
  public convenience init(suspending body: @escaping @Sendable (UnitID, inout UnitContext) throws -> Void) {
    self.init(.suspending(body), nil)
  }

  init(_ kind: Kind, _ learned: LearnedSharing?, _ site: CallSite = CallSite()) {
    (self.kind, self.learned, self.site) = (kind, learned, site)
  }

  /// A body that shares with others what runs have taught: sessions of one program, say.
  package convenience init(learningWith learned: LearnedSharing, _ body: @escaping @Sendable (UnitID) throws -> Void) {
    self.init(.plain(body), learned)
  }

  var isSuspending: Bool {
    if case .suspending = kind { true } else { false }
  }

  /// Runs a unit on the calling thread, to its end: if it suspends, the thread waits.
  func runBlocking(_ unit: UnitID) throws {
    switch kind {
    case .plain(let body): try body(unit)
    case .suspending(let body): try UnitContext.runBlocking(unit, body)
    }
  }
}
