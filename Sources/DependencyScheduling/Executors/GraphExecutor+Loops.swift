internal import Threads

extension GraphExecutor {
  /// Calls `body` with stretches of `range` that together make it up, several at once.
  ///
  /// ```swift
  /// try executor.forEach(0..<cells.count, grain: 64) { stretch in
  ///   for index in stretch { cells[index].update() }
  /// }
  /// ```
  /// - Parameters:
  ///   - range: What the stretches make up, in any order; may be empty.
  ///   - grain: The number of elements of a stretch, at least 1; the last one may be shorter. Choose it so that a
  ///     stretch takes some microseconds at least.
  ///   - cancellation: Looked at between two stretches.
  ///   - sharing: Whether the loop is shared out; `nil` leaves it to the executor.
  ///   - fileID: Where the call stands in the source, with `line` and `column`: what is learned is kept for that place.
  ///   - line: See `fileID`.
  ///   - column: See `fileID`.
  ///   - body: Called once for each stretch, by several threads at once.
  /// - Throws: ``InvalidLoop``, the first error that `body` threw, or `CancellationError`.
  /// - Complexity: O(stretches) beside what `body` takes.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func forEach(
    _ range: Range<Int>, grain: Int, cancellation: CancellationToken? = nil, sharing: Sharing? = nil,
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    _ body: @Sendable (_ stretch: Range<Int>) throws -> Void
  ) throws {
    let stretches = try Stretches(range, grain)
    let site = CallSite(fileID: fileID, line: line, column: column)
    try run(
      loops.schedule(of: stretches.count),
      options: RunOptions(cancellation: cancellation, sharing: sharing, site: site)
    ) { try body(stretches[Int($0.index)]) }
  }

  /// Calls `body` with stretches of `range` that together make it up, several at once, without blocking a thread of
  /// Swift's cooperative pool. Cancelling the task ends the loop between two stretches.
  ///
  /// - Parameters:
  ///   - range: What the stretches make up, in any order; may be empty.
  ///   - grain: The number of elements of a stretch, at least 1; the last one may be shorter.
  ///   - cancellation: Looked at between two stretches.
  ///   - sharing: Whether the loop is shared out; `nil` leaves it to the executor.
  ///   - fileID: Where the call stands in the source, with `line` and `column`: what is learned is kept for that place.
  ///   - line: See `fileID`.
  ///   - column: See `fileID`.
  ///   - body: Called once for each stretch, on the executor's seats, by several threads at once.
  /// - Throws: ``InvalidLoop``, the first error that `body` threw, or `CancellationError`.
  /// - Complexity: O(stretches) beside what `body` takes.
  public func forEach(
    _ range: Range<Int>, grain: Int, cancellation: CancellationToken? = nil, sharing: Sharing? = nil,
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    _ body: @escaping @Sendable (_ stretch: Range<Int>) throws -> Void
  ) async throws {
    let stretches = try Stretches(range, grain)
    let schedule = loops.schedule(of: stretches.count)
    let site = CallSite(fileID: fileID, line: line, column: column)
    try await run(
      schedule, options: RunOptions(cancellation: cancellation, sharing: sharing, site: site),
      keeping: UnitBody(learningWith: schedule.storage.learned) { try body(stretches[Int($0.index)]) })
  }

  /// Combines what `partial` makes of stretches of `range`, in a tree that depends on the range and the grain alone:
  /// the same bits at every width.
  ///
  /// ```swift
  /// let sum = try executor.reduce(0..<values.count, grain: 1_024, { $0.reduce(0) { $0 + values[$1] } }, +)
  /// ```
  /// Neighbours are combined two by two, then the results of that, and so on; an odd one waits for the next level. The
  /// caller does this when all stretches are done.
  ///
  /// - Parameters:
  ///   - range: What the stretches make up.
  ///   - grain: The number of elements of a stretch, at least 1; the last one may be shorter.
  ///   - cancellation: Looked at between two stretches.
  ///   - sharing: Whether the loop is shared out; `nil` leaves it to the executor.
  ///   - fileID: Where the call stands in the source, with `line` and `column`: what is learned is kept for that place.
  ///   - line: See `fileID`.
  ///   - column: See `fileID`.
  ///   - partial: Called once for each stretch, by several threads at once.
  ///   - combine: Called with two neighbouring results, the left one first, by the calling thread.
  /// - Returns: The combined result; `nil` for an empty range.
  /// - Throws: ``InvalidLoop``, the first error that a closure threw, or `CancellationError`.
  /// - Complexity: O(stretches) beside what the closures take.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func reduce<Value: Sendable>(
    _ range: Range<Int>, grain: Int, cancellation: CancellationToken? = nil, sharing: Sharing? = nil,
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    _ partial: @Sendable (_ stretch: Range<Int>) throws -> Value, _ combine: (Value, Value) throws -> Value
  ) throws -> Value? {
    let stretches = try Stretches(range, grain)
    let results = PartialResults<Value>(stretches.count)
    let site = CallSite(fileID: fileID, line: line, column: column)
    try run(
      loops.schedule(of: stretches.count),
      options: RunOptions(cancellation: cancellation, sharing: sharing, site: site)
    ) { unit in results[Int(unit.index)] = try partial(stretches[Int(unit.index)]) }
    return try results.combined(combine)
  }

  /// Combines what `partial` makes of stretches of `range`, in a tree that depends on the range and the grain alone,
  /// without blocking a thread of Swift's cooperative pool. Cancelling the task ends the reduction between two
  /// stretches.
  ///
  /// - Parameters:
  ///   - range: What the stretches make up.
  ///   - grain: The number of elements of a stretch, at least 1; the last one may be shorter.
  ///   - cancellation: Looked at between two stretches.
  ///   - sharing: Whether the loop is shared out; `nil` leaves it to the executor.
  ///   - fileID: Where the call stands in the source, with `line` and `column`: what is learned is kept for that place.
  ///   - line: See `fileID`.
  ///   - column: See `fileID`.
  ///   - partial: Called once for each stretch, on the executor's seats, by several threads at once.
  ///   - combine: Called with two neighbouring results, the left one first, by the awaiting task.
  /// - Returns: The combined result; `nil` for an empty range.
  /// - Throws: ``InvalidLoop``, the first error that a closure threw, or `CancellationError`.
  /// - Complexity: O(stretches) beside what the closures take.
  public func reduce<Value: Sendable>(
    _ range: Range<Int>, grain: Int, cancellation: CancellationToken? = nil, sharing: Sharing? = nil,
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    _ partial: @escaping @Sendable (_ stretch: Range<Int>) throws -> Value, _ combine: (Value, Value) throws -> Value
  ) async throws -> Value? {
    let stretches = try Stretches(range, grain)
    let results = PartialResults<Value>(stretches.count)
    let schedule = loops.schedule(of: stretches.count)
    let site = CallSite(fileID: fileID, line: line, column: column)
    try await run(
      schedule, options: RunOptions(cancellation: cancellation, sharing: sharing, site: site),
      keeping: UnitBody(learningWith: schedule.storage.learned) { unit in
        results[Int(unit.index)] = try partial(stretches[Int(unit.index)])
      })
    return try results.combined(combine)
  }
}

/// A loop whose stretches nobody can count: its grain is below 1, or there are too many elements or stretches.
public struct InvalidLoop: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the stretches were to make up.
  public let range: Range<Int>
  /// The number of elements of a stretch that was asked for.
  public let grain: Int

  public var description: String {
    "the grain of a loop is at least 1, and makes at most \(UnitID.limit) stretches of at most \(Int.max) elements, "
      + "got \(grain) for \(range)"
  }
}

/// A range in stretches of one length, the last one apart.
private struct Stretches: Sendable {
  let range: Range<Int>
  let grain: Int
  let count: Int

  init(_ range: Range<Int>, _ grain: Int) throws(InvalidLoop) {
    let (elements, overflows) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
    guard grain >= 1, !overflows else { throw InvalidLoop(range: range, grain: grain) }
    (self.range, self.grain) = (range, grain)
    count = elements == 0 ? 0 : (elements - 1) / grain + 1
    guard count <= UnitID.limit else { throw InvalidLoop(range: range, grain: grain) }
  }

  subscript(index: Int) -> Range<Int> {
    let start = range.lowerBound + index * grain
    return start..<(range.upperBound - start > grain ? start + grain : range.upperBound)
  }
}

/// What the stretches of a loop came to.
private final class PartialResults<Value: Sendable>: @unchecked Sendable {  // because each place has one writer
  private let count: Int
  private let places: UnsafeMutablePointer<Value?>

  init(_ count: Int) {
    self.count = count
    places = .allocate(capacity: count)
    places.initialize(repeating: nil, count: count)
  }

  deinit {
    places.deinitialize(count: count)
    places.deallocate()
  }

  subscript(index: Int) -> Value? {
    get { places[index] }
    set { places[index] = newValue }
  }

  /// Two by two, level by level.
  func combined(_ combine: (Value, Value) throws -> Value) rethrows -> Value? {
    if count == 0 { return nil }
    var step = 1
    while step < count {
      for left in stride(from: 0, to: count - step, by: 2 * step) {
        places[left] = try combine(places[left]!, places[left + step]!)
        places[left + step] = nil
      }
      step *= 2
    }
    return places[0]
  }
}

/// The schedules of loops that were run before: one of independent units for each number of stretches, the latest few.
final class LoopSchedules: @unchecked Sendable {  // because `lock` guards the schedules
  private let lock = PlatformLock()
  private var schedules: [Schedule] = []
  private static let most = 8  // Decisions/Scheduling.md

  /// - Complexity: O(count), and O(1) for a number met lately.
  func schedule(of count: Int) -> Schedule {
    let known = lock.withLock { () -> Schedule? in
      guard let position = schedules.firstIndex(where: { $0.unitCount == count }) else { return nil }
      schedules.append(schedules.remove(at: position))
      return schedules.last
    }
    if let known { return known }
    let made = Schedule(successorOffsets: [UInt32](repeating: 0, count: count + 1), successors: [])
    lock.withLock {
      if schedules.count == Self.most { schedules.removeFirst() }
      schedules.append(made)
    }
    return made
  }
}
