extension WrongLine {
  /// Wrong lines in the graph, the compiler's passes and the plans that they make.
  static let compilation: [WrongLine] = [
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
      replace: "let reading = chain == FuseElementwise.none ? position : chainEnds[Int(chain)]",
      with: "let reading = position",
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
            for (position, operand) in operands.enumerated() {
              use(
        """,
      with: """
            for (position, operand) in operands.enumerated() where position != 2 {
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
      caughtBy: "AdjointTests.ScalarRunTests/`contributions are added in graph order, however many`"),
    WrongLine(
      "a join leaves out the first contribution",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder+Arrival.swift",
      replace: "for unit in plan.accumulators[accumulator].units {",
      with: "for unit in plan.accumulators[accumulator].units.dropFirst() {",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "each part of a reduction is taken to store as many elements as it has sums",
      in: "Sources/Adjoint/Compilation/Lowering/ChainReductionCall.swift",
      replace: "number == reduction.storedCount ? range : reduction.elements(of: range)",
      with: "range",
      caughtBy: "AdjointTests.FootprintTests"),
    WrongLine(
      "a product that is added reads its operands where those of a plain one are",
      in: "Sources/Adjoint/Gates/Calls/MatmulCall.swift",
      replace: "switch position - (isAdded ? 1 : 0) {",
      with: "switch position {",
      caughtBy: "AdjointTests.FootprintTests"),
    WrongLine(
      "dropout is cut within the four elements of a count",
      in: "Sources/Adjoint/Gates/Functions/DropoutCall.swift",
      replace: "-> Int { max(grain, 4) }",
      with: "-> Int { grain }",
      caughtBy: "AdjointTests.FootprintTests"),
    WrongLine(
      "the gate before a run counts as the one before the last",
      in: "Sources/Adjoint/Compilation/Scalars/Singles.swift",
      replace: "count > 1 ? slot - 2",
      with: "count > 0 ? slot - 2",
      caughtBy: "AdjointTests.ScalarRunTests/`contributions are added in graph order, however many`"),
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
      "a constant of -0 is shared with one of 0",
      in: "Sources/Adjoint/Compilation/Rewriting/ShareCommon.swift",
      replace: "bits: value.bitPattern)",
      with: "bits: (value + 0).bitPattern)",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "constants of different shapes are shared",
      in: "Sources/Adjoint/Compilation/Rewriting/ShareCommon.swift",
      replace: "ScalarKey(signature: signature,",
      with: "ScalarKey(signature: .scalar(.float32),",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "the third operand is not compared where gates are shared",
      in: "Sources/Adjoint/Compilation/Rewriting/ShareCommon.swift",
      replace: "for position in 0..<inputs.count where input(position",
      with: "for position in 0..<min(inputs.count, 2) where input(position",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "-0 is folded to 0",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: ".repeated(value.values[0])",
      with: ".repeated(value.values[0] + 0)",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "the third operand keeps the node that another has replaced",
      in: "Sources/Adjoint/Compilation/Rewriting/Simplify.swift",
      replace: "if input != read { isRenamed = true }",
      with: "if input != read, position < 2 { isRenamed = true }",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a product that something else reads becomes part of a sum",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldIntoProducts.swift",
      replace: "readers[term.int] == 1",
      with: "readers[term.int] <= 2",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a transpose of outer axes becomes a flag of the product",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldIntoProducts.swift",
      replace: "return permutation == exchanged ?",
      with: "return permutation.suffix(2) == exchanged.suffix(2) ?",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "spliced pieces begin where the first would be repeated",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldIntoSplices.swift",
      replace: "start += storage.signature(of: input).shape[0]",
      with: "start += storage.signature(of: inputs.first!).shape[0]",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a chain crosses a fence",
      in: "Sources/Adjoint/Compilation/Lowering/FuseElementwise.swift",
      replace: """
        other.isForward == isForward,
                other.fences == passedFences

        """,
      with: """
        other.isForward == isForward

        """,
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a chain of the backward pass takes in one of the forward pass",
      in: "Sources/Adjoint/Compilation/Lowering/FuseElementwise.swift",
      replace: "other.signature == storage.rows[node.int].signature, other.isForward == isForward,",
      with: "other.signature == storage.rows[node.int].signature,",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the first result is taken for a value that only its chain reads",
      in: "Sources/Adjoint/Compilation/Lowering/FuseElementwise.swift",
      replace: "for root in roots { isInner[root.int] = false }",
      with: "for root in roots.dropFirst() { isInner[root.int] = false }",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "a chain that has been read takes in more gates",
      in: "Sources/Adjoint/Compilation/Lowering/FuseElementwise.swift",
      replace: """
              states[Int(chainOf[input.int])].isOpen = false

        """,
      with: "",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "norms along different axes are shared",
      in: "Sources/Adjoint/Compilation/Rewriting/ShareNorms.swift",
      replace: "axes: Set(axes))",
      with: "axes: [])",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "pieces that overlap by one row are put side by side",
      in: "Sources/Adjoint/Compilation/Rewriting/JoinPads.swift",
      replace: "<= next.start else",
      with: "<= next.start + 1 else",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "the gap between pieces is filled with -0",
      in: "Sources/Adjoint/Compilation/Rewriting/JoinPads.swift",
      replace: "addConstant(0, whole.elementType, Shape(gap)",
      with: "addConstant(-0.0, whole.elementType, Shape(gap)",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a running sum begins anew with its fifth contribution",
      in: "Sources/Adjoint/Compilation/Rewriting/RunningSums.swift",
      replace: "partial = count == 0 ? term",
      with: "partial = count == 0 || count == 4 ? term",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "rows are taken for longer where outer axes are reduced, too",
      in: "Sources/Adjoint/Compilation/Lowering/DivideReductions.swift",
      replace: "guard others.allSatisfy({ self[$0] == 1 }) else { return nil }",
      with: "",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "the last gradient may lie in an input",
      in: "Sources/Adjoint/Compilation/Rewriting/CopyShownSources.swift",
      replace: "graph.roots.gradients.enumerated() {",
      with: "graph.roots.gradients.dropLast().enumerated() {",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "an input under another shape is a result where it lies",
      in: "Sources/Adjoint/Compilation/Rewriting/CopyShownSources.swift",
      replace: """
            while case .alias = storage.traits(of: node).kernel.form { node = storage.inputs(of: node).first! }

        """,
      with: "",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "the last page of a column is changed under its copies",
      in: "Sources/Adjoint/Graph/Columns/SharedColumn.swift",
      replace: """
        if !isKnownUniquelyReferenced(&lastPage) {

        """,
      with: """
        if lastBase != bases[page] {

        """,
      caughtBy: "AdjointTests.SharedColumnTests"),
    WrongLine(
      "two columns take the same spare page",
      in: "Sources/Adjoint/Graph/Columns/ColumnPages.swift",
      replace: "if spare.isEmpty || !isKnownUniquelyReferenced(&spare[spare.count - 1]) {",
      with: "if spare.isEmpty {",
      caughtBy: "AdjointTests.SharedColumnTests"),
    WrongLine(
      "-0 in a formula is 0",
      in: "Sources/Adjoint/Graph/GraphState.swift",
      replace: "let key = Literal(type: type, bits: value.bitPattern)",
      with: "let key = Literal(type: type, bits: (value + 0).bitPattern)",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "the last of many operands keeps the node that another has replaced",
      in: "Sources/Adjoint/Graph/GraphStorage.swift",
      replace: "for position in 0..<inputs.count { longInputs.replace(",
      with: "for position in 0..<inputs.count - 1 { longInputs.replace(",
      caughtBy: "AdjointTests.RewriteLawTests"),
  ]
}
