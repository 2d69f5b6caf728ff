extension WrongLine {
  /// Memory orderings made weaker. No test of the whole can see one, so each has a program of two threads of its own.
  static let weakenedOrderings: [WrongLine] = [
    weakened(
      "Sources/DependencyScheduling/Running/Work/DependencyCounters.swift",
      "var value = word.pointee.load(ordering: .acquiring)", to: .relaxed, seenBy: "CounterHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/Work/DependencyCounters.swift",
      "value = word.pointee.subtract(1, ordering: .acquiringAndReleasing)", to: .acquiring, seenBy: "CounterHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/Work/DependencyCounters.swift",
      "value = word.pointee.subtract(1, ordering: .acquiringAndReleasing)", to: .releasing, seenBy: "CounterHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      "bottom.pointee.store(end, ordering: .sequentiallyConsistent)", to: .relaxed, seenBy: "StealHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      "let end = bottom.pointee.load(ordering: .sequentiallyConsistent)", to: .relaxed, seenBy: "StealHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      "bottom.pointee.store(last, ordering: .sequentiallyConsistent)", to: .releasing, seenBy: "LastUnitLitmus",
      as: .lostUnits),
    weakened(
      "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      "bottom.pointee.store(end, ordering: .sequentiallyConsistent)", to: .releasing, seenBy: "SleepLitmus",
      as: .lostUnits),
    weakened(
      "Sources/DependencyScheduling/Running/Work/DequeRow.swift",
      "used.word.pointee.store(place + 1, ordering: .releasing)",
      to: .relaxed, seenBy: "DequeRowHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/Work/DequeRow.swift",
      "var placesInUse: Int { used.word.pointee.load(ordering: .acquiring)", to: .relaxed, seenBy: "DequeRowHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/RunProgress.swift",
      "remaining.word.pointee.subtract(count, ordering: .acquiringAndReleasing)", to: .acquiring,
      seenBy: "CompletionHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/RunProgress.swift",
      "remaining.word.pointee.subtract(count, ordering: .acquiringAndReleasing)", to: .releasing,
      seenBy: "CompletionHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/RunAttendance.swift",
      "expected: old, desired: attendance.bits, ordering: .sequentiallyConsistent)", to: .relaxed,
      seenBy: "ParkingHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/RunAttendance.swift",
      "var old = bits.word.pointee.load(ordering: .sequentiallyConsistent)", to: .relaxed, seenBy: "ParkingHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/SharedProbe.swift",
      "expected: old, desired: probe.bits, ordering: .acquiringAndReleasing)", to: .acquiring, seenBy: "ProbeHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/SharedProbe.swift",
      "expected: old, desired: probe.bits, ordering: .acquiringAndReleasing)", to: .releasing, seenBy: "ProbeHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/SharedProbe.swift",
      "var current: Probe { Probe(bits: bits.word.pointee.load(ordering: .acquiring)", to: .relaxed,
      seenBy: "ProbeHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/Work/Handover.swift", "isPublished.store(true, ordering: .releasing)",
      to: .relaxed, seenBy: "HandoverHarness"),
    weakened(
      "Sources/DependencyScheduling/Running/Work/Handover.swift",
      "_ = isPublished.load(ordering: .acquiring)", to: .relaxed,
      seenBy: "HandoverHarness"),
    weakened(
      "Sources/DependencyScheduling/Seats/SeatWish.swift", "isMade.word.pointee.store(true, ordering: .releasing)",
      to: .relaxed, seenBy: "WishHarness"),
    weakened(
      "Sources/DependencyScheduling/Seats/SeatWish.swift",
      "isMade.word.pointee.load(ordering: .relaxed) && isMade.word.pointee.exchange(false, ordering: .acquiring)",
      to: .relaxed, seenBy: "WishHarness"),
    weakened(
      "Sources/DependencyScheduling/TaskGraphs/TaskProgress.swift", "unitsLeft.subtract(1, ordering: .releasing)",
      to: .relaxed, seenBy: "TaskProgressHarness"),
    weakened(
      "Sources/DependencyScheduling/TaskGraphs/TaskProgress.swift", "unitsLeft.load(ordering: .acquiring)",
      to: .relaxed, seenBy: "TaskProgressHarness"),
    weakened(
      "Sources/DependencyScheduling/TaskGraphs/TaskProgress.swift", "childrenEnded.add(1, ordering: .releasing)",
      to: .relaxed, seenBy: "TaskProgressHarness"),
    weakened(
      "Sources/DependencyScheduling/TaskGraphs/TaskProgress.swift", "_ = childrenEnded.load(ordering: .acquiring)",
      to: .relaxed, seenBy: "TaskProgressHarness"),
    weakened(
      "Sources/Adjoint/Execution/StripeClaims.swift", "return !isClaimed[stripe].exchange(true, ordering: .acquiring)",
      to: .relaxed, seenBy: "StripeHarness"),
    weakened(
      "Sources/Adjoint/Execution/StripeClaims.swift",
      "func giveBack(_ stripe: Int) { isClaimed[stripe].store(false, ordering: .releasing)", to: .relaxed,
      seenBy: "StripeHarness"),
    weakened(
      "Sources/Adjoint/Execution/Countdowns.swift", "left[result].subtract(1, ordering: .acquiringAndReleasing)",
      to: .acquiring, seenBy: "CountdownHarness"),
    weakened(
      "Sources/Adjoint/Execution/Countdowns.swift", "left[result].subtract(1, ordering: .acquiringAndReleasing)",
      to: .releasing, seenBy: "CountdownHarness"),
    weakened(
      "Sources/GradientMemory/IdleArenas.swift", "let found = places[place].exchange(0, ordering: .acquiring)",
      to: .relaxed, seenBy: "IdleHarness"),
    weakened(
      "Sources/GradientMemory/IdleArenas.swift",
      "let outcome = places[place].compareExchange(expected: 0, desired: UInt64(arena) + 1, ordering: .releasing)",
      to: .relaxed, seenBy: "IdleHarness"),
  ]

  private enum Ordering: String { case relaxed, acquiring, releasing }

  /// The last ordering in `text` replaced by a weaker one.
  private static func weakened(
    _ file: String, _ text: String, to weaker: Ordering, seenBy harness: String, as sign: OrderingHarness.Sign = .race
  ) -> WrongLine {
    let start = text.ranges(of: "rdering: .").last!.upperBound
    let end = text[start...].firstIndex { !$0.isLetter }!
    return WrongLine(
      "`\(text)` is \(weaker)", in: file, replace: text,
      with: text[..<start] + weaker.rawValue + text[end...],
      proof: .ordering(OrderingHarness(name: harness, sign: sign)))
  }
}
