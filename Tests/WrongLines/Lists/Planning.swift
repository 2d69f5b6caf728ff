extension WrongLine {
  private static let scalarCosts: TestName =
    """
    AdjointTests.CostModelTests/`a scalar costs its operations, an addition for each contribution \
    behind the first`
    """

  /// Wrong lines in the making of plans, and in what checks them.
  static let planning: [WrongLine] = [
    WrongLine(
      "memory is reserved for one element too few where that element begins a line",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: "{ (byteCount + 63) / 64 * 64 }",
      with: "{ (byteCount + 59) / 64 * 64 }",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "whoever touches the end of a buffer does not count for the rest of its last line",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: "bytes.map { $0.upperBound == byteCount ? $0.lowerBound..<BufferReuse.aligned(byteCount) : $0 }",
      with: "bytes",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "freed memory forgets who had to do with it",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: """
            addFree(stretch, users)
          }

          private mutating func place(
        """,
      with: """
            addFree(stretch, [])
          }

          private mutating func place(
        """,
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a buffer over several free stretches waits for the users of the first alone",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: """
              row.waits += waits

        """,
      with: "",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "what is left of a free stretch forgets its users",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: "addFree(stretch.upperBound..<found.bytes.upperBound, lastUsers)",
      with: "addFree(stretch.upperBound..<found.bytes.upperBound, [])",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "what is left of a row of free stretches has the users of the first",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: "found.numbers.last!]!.users",
      with: "found.numbers.first!]!.users",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the unit right before a writer is not waited for",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: "where user < first {",
      with: "where user + 1 < first {",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the unit before an ancestor counts as one",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: ">> UInt64(distance - 1) & 1 == 1",
      with: ">> UInt64(max(distance, 2) - 2) & 1 == 1",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "ancestors of ancestors are shifted by one too few",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: "ancestors[Int(from)] << UInt64(distance)",
      with: "ancestors[Int(from)] << UInt64(distance - 1)",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the line of memory does not grow with a buffer that passes its end",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: """
            length = max(length, stretch.upperBound)

        """,
      with: "",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a near user of memory is passed over instead of the memory",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: "guard isFar || writer - user > Self.farUnits, waits.count < Self.mostUsers else { return nil }",
      with: "guard isFar || writer - user > Self.farUnits, waits.count < Self.mostUsers else { continue }",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "each part of a call waits only for the first part of those who had the memory",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: "others[Int(otherUnit - other.units.lowerBound)]",
      with: "others[0]",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the bytes that users touch are not counted from the start of the line",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse.swift",
      replace: "let more = more.moved(by: starts[buffer]!)",
      with: "let more = more",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a piece of memory ends with the stretch that begins last",
      in: "Sources/Adjoint/Compilation/Planning/BufferReuse+Slots.swift",
      replace: "max(last.bytes.upperBound, bytes.upperBound)",
      with: "bytes.upperBound",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the first wait for memory is forgotten",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Calls.swift",
      replace: "for wait in waits where wait.to == openUnit",
      with: "for wait in waits.dropFirst() where wait.to == openUnit",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a result is written over an operand that is read later",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Calls.swift",
      replace: "lastRead[candidate.index] == position",
      with: "lastRead[candidate.index] >= 0",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a chain is taken to read its operands where each gate stands",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Calls.swift",
      replace: "for operand in call.operands { extend(operand, to: position) }",
      with: """
        for operand in call.operands { extend(operand, to: position - min(position, call.chainNodes.count)) }
        """,
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the last part of a value is not waited for",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Calls.swift",
      replace: "= UInt32(parts.ranges.count) }",
      with: "= UInt32(parts.ranges.count - 1) }",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the third operand of a call is not noted as used",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Calls.swift",
      replace: """
            for (position, operand) in call.operands.enumerated() {
              use(
        """,
      with: """
            for (position, operand) in call.operands.enumerated() where position != 2 {
              use(
        """,
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "who writes a value is not noted as its user",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Calls.swift",
      replace: """
              use(result, by: writers)

        """,
      with: "",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the first part of a value is not waited for",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Units.swift",
      replace: "return written.indices.compactMap",
      with: "return written.indices.dropFirst().compactMap",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a unit that waits for the one before a fence is taken to wait for the fence",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Units.swift",
      replace: "if let fence, unit >= fence {",
      with: "if let fence, unit + 1 >= fence {",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a fence leaves out the first unit",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Units.swift",
      replace: "for unit in (fence ?? 0)..<openUnit",
      with: "for unit in (fence ?? 1)..<openUnit",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "units behind a fence do not wait for it",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Units.swift",
      replace: """
            if let fence, !openWaitsForFence { addEdge(from: fence) }

        """,
      with: "",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "only the first part of a value is waited for",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Units.swift",
      replace: "(partCounts[maker] ?? 1)",
      with: "UInt32(1)",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the forward pass does not count its last slot",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Units.swift",
      replace: "{ $0.bytes.lowerBound < forwardLength }",
      with: "{ $0.bytes.upperBound < forwardLength }",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a buffer begins one element too early in its slot",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Units.swift",
      replace: ".offset = start - plan.slots[slot].bytes.lowerBound",
      with: ".offset = max(0, start - plan.slots[slot].bytes.lowerBound - 4)",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "of four contributions to a scalar the last is added first",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder.swift",
      replace: """
            for input in inputs.dropFirst() {

        """,
      with: """
            for input in inputs.dropFirst().reversed() {

        """,
      caughtBy: "AdjointTests.ScalarRunTests/`contributions are added in graph order, sixteen at a time, however many`"),
    WrongLine(
      "a join leaves out the first contribution",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Arrival.swift",
      replace: "for unit in plan.accumulators[accumulator].units {",
      with: "for unit in plan.accumulators[accumulator].units.dropFirst() {",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the gate before a run counts as the one before the last",
      in: "Sources/Adjoint/Compilation/Scalars/Singles.swift",
      replace: "count > 1 ? slot - 2",
      with: "count > 0 ? slot - 2",
      caughtBy: "AdjointTests.ScalarRunTests/`contributions are added in graph order, sixteen at a time, however many`"),
    WrongLine(
      "the operands of a difference are exchanged",
      in: "Sources/Adjoint/Compilation/Scalars/Singles.swift",
      replace: "if gate.operation.isCommutative, a != last,",
      with: "if a != last,",
      caughtBy: "AdjointTests.ScalarRunTests/`any grouping gives the bits of single gates`"),
    WrongLine(
      "the last result lies in memory of the run",
      in: "Sources/Adjoint/Compilation/Plan/Placement.swift",
      replace: "for root in graph.roots.all where",
      with: "for root in graph.roots.all.dropLast() where",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "what the forward pass computes lies in the spare memory of a parameter",
      in: "Sources/Adjoint/Compilation/Plan/UpdatePlan.swift",
      replace: " && !isForward[buffer.node.int]",
      with: "",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "what others read as well lies in the spare memory of a parameter",
      in: "Sources/Adjoint/Compilation/Plan/UpdatePlan.swift",
      replace: "uses[place] == 1 && ",
      with: "",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "operands in spare memory are not found again when it changes places",
      in: "Sources/Adjoint/Compilation/Plan/UpdatePlan.swift",
      replace: "[.parameter, .next].contains(",
      with: "[.parameter].contains(",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a constant that has been folded into others is kept",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder.swift",
      replace: " || storage.isConstant($0) && !calls.order.isUsed($0)",
      with: "",
      caughtBy: "AdjointTests.FoldingTests"),
    WrongLine(
      "constants of one value have the memory of the last",
      in: "Sources/Adjoint/Compilation/Plan/Placement.swift",
      replace: "constants[number].elementCount = max(count, constants[number].elementCount)",
      with: "constants[number].elementCount = count",
      caughtBy: "AdjointTests.RepeatedConstantTests"),
    WrongLine(
      "constants of 0 and of -0 share memory",
      in: "Sources/Adjoint/Compilation/Plan/Placement.swift",
      replace: "TensorValues.repeated(value).write(",
      with: "TensorValues.repeated(value + 0).write(",
      caughtBy: "AdjointTests.RepeatedConstantTests"),
    WrongLine(
      "a contribution to a constant is not told",
      in: "Sources/Adjoint/Compilation/Plan/PlanCheck+Memory.swift",
      replace: "if memory.sources.contains(place) {",
      with: "if memory.sources.isEmpty {",
      caughtBy: "AdjointTests.ConstantPlanTests"),
    WrongLine(
      "a constant in the memory of another is not told",
      in: "Sources/Adjoint/Compilation/Plan/PlanCheck.swift",
      replace: "if own != known || own == nil && values != memory.values {",
      with: "if own != known {",
      caughtBy: "AdjointTests.ConstantPlanTests"),
    WrongLine(
      "a step computes its parameter's next value in the memory of a constant",
      in: "Sources/Adjoint/Compilation/Plan/UpdatePlan.swift",
      replace: "buffer.lifetime == .result && buffer.whole",
      with: "[.result, .constant].contains(buffer.lifetime) && buffer.whole",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "one addition of a sum of scalars is not counted",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder.swift",
      replace: "max(1, inputs.count - 1)",
      with: "max(1, inputs.count - 2)",
      caughtBy: scalarCosts),
    WrongLine(
      "a scalar is named as what shows it last",
      in: "Sources/Adjoint/Compilation/Plan/Provenance.swift",
      replace: "stride(from: values.count - 1, through: 0, by: -1)",
      with: "stride(from: 0, through: values.count - 1, by: 1)",
      caughtBy: "AdjointTests.NonFiniteTests/`a scalar under another shape is not named for what it shows`"),
  ]
}
