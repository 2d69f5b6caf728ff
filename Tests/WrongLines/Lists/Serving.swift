extension WrongLine {
  private static let lending: TestName =
    "AdjointTests.LendingLineTests/`all orders of few events lend as a list of the waiting does`"
  private static let batches: TestName =
    "AdjointTests.BatchLineTests/`all orders of few events close batches by size and patience, and serve each once`"
  private static let families: TestName =
    "AdjointTests.FamilyCacheTests/`all orders of few events keep what was used last, each made once`"

  /// Wrong lines in what serves requests.
  static let serving: [WrongLine] = [
    WrongLine(
      "an item that comes back lies idle while others wait",
      in: "Sources/Adjoint/Serving/Sessions/LendingLine.swift",
      replace: "if let (_, waiter) = line.removeFirst() { return Handover(waiter: waiter, answer: .lend(item)) }",
      with: "",
      caughtBy: lending),
    WrongLine(
      "an item that is lost keeps its place",
      in: "Sources/Adjoint/Serving/Sessions/LendingLine.swift",
      replace: """
              count -= 1
              return nil
        """,
      with: "      return nil",
      caughtBy: lending),
    WrongLine(
      "a place that was left is taken for one that waits",
      in: "Sources/Adjoint/Serving/TicketLine.swift",
      replace: "while head < places.count, values[places[head]] == nil { head += 1 }",
      with: "",
      caughtBy: "AdjointTests.LendingLineTests"),
    WrongLine(
      "a session that a request has kept is lent again",
      in: "Sources/Adjoint/Serving/Sessions/WarmSessions.swift",
      replace: "if isKnownUniquelyReferenced(&session), session",
      with: "if session",
      caughtBy: "AdjointTests.SessionPoolTests/`a session that a request has kept is not lent again`"),
    WrongLine(
      "a session whose upstream gradient was written is lent again",
      in: "Sources/Adjoint/Serving/Sessions/WarmSessions.swift",
      replace: "{ $0.writtenUpstreams.isEmpty }",
      with: "{ _ in true }",
      caughtBy: "AdjointTests.SessionPoolTests/`an upstream gradient is not there for the next request`"),
    WrongLine(
      "a batch closes a nanosecond late",
      in: "Sources/Adjoint/Serving/Batches/BatchLine.swift",
      replace: "now - leader.arrival >= patience",
      with: "now - leader.arrival > patience",
      caughtBy: batches),
    WrongLine(
      "those who wait when a batcher stops wait on",
      in: "Sources/Adjoint/Serving/Batches/BatchLine.swift",
      replace: ">= patience || isStopped",
      with: ">= patience",
      caughtBy: batches),
    WrongLine(
      "a queue holds one more than its limit",
      in: "Sources/Adjoint/Serving/Batches/BatchLine.swift",
      replace: "if line.count == queueLimit { throw .overloaded }",
      with: "if line.count > queueLimit { throw .overloaded }",
      caughtBy: batches),
    WrongLine(
      "a timer that has gone off counts as one that will",
      in: "Sources/Adjoint/Serving/Batches/BatchLine.swift",
      replace: "    wakeTime = nil\n    return orders(now)",
      with: "    return orders(now)",
      caughtBy: batches),
    WrongLine(
      "a run that fails is the failure of all of its rows",
      in: "Sources/Adjoint/Serving/Batches/Batcher.swift",
      replace: "for member in batch { await run([member]) }",
      with: "deliver(batch.map { ($0.ticket, .failure(error)) })",
      caughtBy: "AdjointTests.BatcherTests/`a row that fails its run is the only one to meet the error`"),
    WrongLine(
      "what is used does not count as used",
      in: "Sources/Adjoint/Serving/Families/FamilyCache.swift",
      replace: "    kept.values[place].lastUse = clock\n",
      with: "",
      caughtBy: families),
    WrongLine(
      "a program that does not compile is waited for ever after",
      in: "Sources/Adjoint/Serving/Families/FamilyCache.swift",
      replace: "Array(waiting.removeValue(forKey: key)!.values)",
      with: "Array(waiting[key]!.values)",
      caughtBy: families),
    WrongLine(
      "a row may read another row of an operand that has rows",
      in: "Sources/Adjoint/Serving/Rows/RowIndependence.swift",
      replace: "if read.clamped(to: own) != read { return false }",
      with: "_ = own",
      caughtBy: "AdjointTests.RowIndependenceTests"),
    WrongLine(
      "each row may read other elements of an operand that all share",
      in: "Sources/Adjoint/Serving/Rows/RowIndependence.swift",
      replace: "} else if read != readByFirst ?? read {",
      with: "} else if read.isEmpty {",
      caughtBy: "AdjointTests.RowIndependenceTests/`what depends on a row's place in the batch is refused`"),
    WrongLine(
      "a gate of the package may work along the axis of the rows",
      in: "Sources/Adjoint/Serving/Rows/RowIndependence.swift",
      replace: "!gate.axes.contains(0) && hasRows",
      with: "hasRows",
      caughtBy: "AdjointTests.RowIndependenceTests"),
  ]
}
