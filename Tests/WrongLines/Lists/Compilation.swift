extension WrongLine {
  private static let circularCosts: TestName =
    """
    AdjointTests.CostModelTests/`a circular convolution and the correlation of its gradient cost every \
    element times every tap`
    """
  private static let rowCosts: TestName =
    """
    AdjointTests.CostModelTests/`an operation on rows costs by what it reads, even if it leaves one \
    element of each`
    """
  private static let scalarCosts: TestName =
    """
    AdjointTests.CostModelTests/`a scalar costs its operations, an addition for each contribution \
    behind the first`
    """
  private static let finerParts: TestName =
    """
    AdjointTests.DivisionTests/`finer parts are tried where fewer than four workers are busy, and kept \
    where they save a fifth`
    """
  private static let scopesWithin: TestName =
    """
    AdjointTests.CheckpointTests/`what lies in scopes within a checkpointed one is computed again with \
    it, named or not`
    """

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
      "a kernel call without parts is compiled",
      in: "Sources/Adjoint/Compilation/Lowering/StatedCosts.swift",
      replace: "if extent < 1 {",
      with: "if extent < 0 {",
      caughtBy: "AdjointTests.OwnKernelCallTests/`a call that makes no sense is an error with the line`"),
    WrongLine(
      "a kernel call may read beyond its operand",
      in: "Sources/Adjoint/Compilation/Lowering/StatedCosts.swift",
      replace: "range.upperBound > signature.shape.elementCount",
      with: "range.upperBound > signature.shape.elementCount + 1",
      caughtBy: "AdjointTests.OwnKernelCallTests/`a call that makes no sense is an error with the line`"),
    WrongLine(
      "a kernel call may leave elements unwritten",
      in: "Sources/Adjoint/Compilation/Lowering/StatedCosts.swift",
      replace: "range != 0..<shapes.writtenCount",
      with: "range.upperBound > shapes.writtenCount",
      caughtBy: "AdjointTests.OwnKernelCallTests/`a call that makes no sense is an error with the line`"),
    WrongLine(
      "each part of a scatter adds to all rows",
      in: "Sources/Adjoint/Gates/Movement/ScatterAddRowsCall.swift",
      replace: "rows: range)",
      with: "rows: 0..<extent)",
      caughtBy: "AdjointTests.FootprintTests"),
    WrongLine(
      "a table of narrow rows is divided",
      in: "Sources/Adjoint/Gates/Movement/ScatterAddRowsCall.swift",
      replace: "count = min(count, max(columns / 4, 1))",
      with: "count = min(count, max(columns, 1))",
      caughtBy: "AdjointTests.DivisionTests/`workers share the table that gathered rows send their gradients to`"),
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
      "a sum of pads keeps -0",
      in: "Sources/CKernels/accumulate.c",
      replace: "output[i] = input[i] + (ELEMENT)0;",
      with: "output[i] = input[i] + -(ELEMENT)0;",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a sum of pads that is spliced keeps -0",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldIntoSplices.swift",
      replace: "rewriter.addConstant(0, type,",
      with: "rewriter.addConstant(-0.0, type,",
      caughtBy: "AdjointTests.SumOfPadsTests"),
    WrongLine(
      "a sum of many pads is joined in groups, each of the whole value",
      in: "Sources/Adjoint/Compilation/Rewriting/JoinPads.swift",
      replace: "private static let mostLevels = 8",
      with: "private static let mostLevels = 1",
      caughtBy: "AdjointTests.SumOfPadsTests"),
    WrongLine(
      "a sum that something else reads is looked through",
      in: "Sources/Adjoint/Compilation/Rewriting/JoinPads.swift",
      replace: "guard readers[term.int] == 1 else { return nil }",
      with: "",
      caughtBy: "AdjointTests.SumOfPadsTests"),
    WrongLine(
      "a constant that has been folded into others is kept",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder.swift",
      replace: " || storage.isConstant($0) && !order.isUsed($0)",
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
      replace: "UInt64(Float(value).bitPattern)",
      with: "UInt64(Float(value + 0).bitPattern)",
      caughtBy: "AdjointTests.RepeatedConstantTests"),
    WrongLine(
      "an array of zeros of both signs repeats a value",
      in: "Sources/Adjoint/Graph/TensorValues.swift",
      replace: "values.allSatisfy { $0.bitPattern == first.bitPattern } ? Double(first) : nil",
      with: "values.allSatisfy { $0 == first } ? Double(first) : nil",
      caughtBy: "AdjointTests.RepeatedConstantTests"),
    WrongLine(
      "a number that is broadcast is written out",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "case .alias, .broadcast, .slice, .transpose: return values",
      with: "case .alias, .slice, .transpose: return values",
      caughtBy: "AdjointTests.RepeatedConstantTests"),
    WrongLine(
      "gates that read each element read a number",
      in: "Sources/Adjoint/Compilation/Lowering/ReadRepeatedAsScalars.swift",
      replace: "guard storage.brief(of: node).keepsSignature, storage",
      with: "guard storage.inputCount(of: node) > 0, storage",
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
      replace: "buffer.lifetime == .result && uses",
      with: "[.result, .constant].contains(buffer.lifetime) && uses",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "constants of any size are read to fold a gate",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "guard operandBytes <= Self.mostOperandBytes,",
      with: "guard operandBytes >= 0,",
      caughtBy: "AdjointTests.FoldingTests"),
    WrongLine(
      "the work of folding a gate is counted and not bounded",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "guard count <= Self.mostOperations, operations",
      with: "guard operations",
      caughtBy: "AdjointTests.FoldingTests"),
    WrongLine(
      "the work of folding all gates is not bounded",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "operations + count <= Self.mostOperationsOfGraph else",
      with: "count >= 0 else",
      caughtBy: "AdjointTests.FoldingTests"),
    WrongLine(
      "a scan of constants counts as one step",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "scan.body.stepCount.times(scan.body.definitionWork)",
      with: "scan.body.definitionWork",
      caughtBy: "AdjointTests.FoldingTests"),
    WrongLine(
      "a slice of a constant is computed by its definition",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "if case .slice(let starts)",
      with: "if result.shape.rank == -1, case .slice(let starts)",
      caughtBy: "AdjointTests.FoldingTests"),
    WrongLine(
      "a slice of a constant begins each row where the first does",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "start += rest % extents[axis] * strides[axis]",
      with: "start += rest % extents[axis] * 0",
      caughtBy: "AdjointTests.FoldingTests"),
    WrongLine(
      "a chain reads one operand more than its kernel has room for",
      in: "Sources/Adjoint/Compilation/Lowering/FuseElementwise.swift",
      replace: "operands: reads.count, operations: other.operations",
      with: "operands: reads.count - 1, operations: other.operations",
      caughtBy: "AdjointTests.LongChainTests"),
    WrongLine(
      "a chain does one operation more than its kernel has room for",
      in: "Sources/Adjoint/Compilation/Lowering/FuseElementwise.swift",
      replace: "operations: other.operations + mine.operations, reach",
      with: "operations: other.operations + mine.operations - 1, reach",
      caughtBy: "AdjointTests.LongChainTests"),
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
    WrongLine(
      "a pass that makes a graph anew forgets the fences",
      in: "Sources/Adjoint/Compilation/Rewriting/GraphRewriter.swift",
      replace: "    result.fences = carriedFences()\n",
      with: "",
      caughtBy: "AdjointTests.CheckpointTests/`fences survive every pass, before what they were before`"),
    WrongLine(
      "a fence goes to a later node than its own",
      in: "Sources/Adjoint/Compilation/Rewriting/GraphRewriter.swift",
      replace: "enumerated() where first[node] == nil {",
      with: "enumerated() where node.index % 2 == 0 && first[node] == nil {",
      caughtBy: "AdjointTests.CheckpointTests/`fences survive every pass, before what they were before`"),
    WrongLine(
      "an output that shows a parameter drops the fences",
      in: "Sources/Adjoint/Compilation/Rewriting/CopyShownSources.swift",
      replace: "graph.roots.gradients[position] = unshared(root, in: &graph, &copies)\n    }\n",
      with: "graph.roots.gradients[position] = unshared(root, in: &graph, &copies)\n    }\n    graph.fences = []\n",
      caughtBy: "AdjointTests.CheckpointTests/`an output that shows a parameter costs its own memory and no more`"),
    WrongLine(
      "a message compiles the program again",
      in: "Sources/Adjoint/Compilation/Program.swift",
      replace: "{ provenance.describe(node) }",
      with: "{ (try? order.run().provenance.describe(node)) ?? \"\" }",
      caughtBy: "AdjointTests.CustomGateTests/`no message about a node compiles the program again`"),
    WrongLine(
      "a gate's shape rule runs under the graph's lock",
      in: "Sources/Adjoint/Graph/Graph.swift",
      replace: "withState { $0.apply(number, result, to: inputs, at: location) }",
      with: "withState { $0.apply(number, gate.applied(to: operands).result, to: inputs, at: location) }",
      caughtBy: "AdjointTests.GateCallbackTests"),
    WrongLine(
      "a gate's kernel is asked for under the graph's lock",
      in: "Sources/Adjoint/Graph/Graph.swift",
      replace: "withState({ $0.storage.gates.add(gate, key, traits, after: newest) })",
      with: "withState({ $0.storage.gates.add(gate, key, GateTraits(gate), after: newest) })",
      caughtBy: "AdjointTests.GateCallbackTests"),
    WrongLine(
      "gates are compared under the graph's lock",
      in: "Sources/Adjoint/Graph/Graph.swift",
      replace: "if withState({ $0.storage.gates[candidate] }) as? G == gate {",
      with: "if withState({ $0.storage.gates[candidate] as? G == gate }) {",
      caughtBy: "AdjointTests.GateCallbackTests"),
    WrongLine(
      "a NaN is folded to an int32",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "if result.elementType == .int32, value.values",
      with: "if result.elementType == .float64, value.values",
      caughtBy: "AdjointTests.NoIntegerTests/`a constant that is no int32 after a gate fails when it is run`"),
    WrongLine(
      "the cost of a wide window of channels overflows",
      in: "Sources/Adjoint/Gates/Pooling/ChannelWindowSumCall.swift",
      replace: "(Float(radius) + 1)",
      with: "Float(radius + 1)",
      caughtBy: "AdjointTests.HostileExtentTests/`a size that makes no sense is an error with the line`"),
    WrongLine(
      "a product of a transposed operand is estimated by its rows",
      in: "Sources/Adjoint/Gates/Calls/MatmulCall.swift",
      replace: "a[transposeA ? a.rank - 2 : a.rank - 1]",
      with: "a[transposeA ? a.rank - 1 : a.rank - 2]",
      caughtBy: "AdjointTests.CostModelTests/`a product costs its multiplications, however its operands lie`"),
    WrongLine(
      "a product that is added to a sum is estimated by the sum's columns",
      in: "Sources/Adjoint/Gates/Calls/MatmulCall.swift",
      replace: "shapes.operands[isAdded ? 1 : 0].shape",
      with: "shapes.operands[0].shape",
      caughtBy: "AdjointTests.CostModelTests/`a product costs its multiplications, however its operands lie`"),
    WrongLine(
      "a product in double precision is estimated as one in single precision",
      in: "Sources/Adjoint/Compilation/Lowering/CostModel.swift",
      replace: "type == .float64 ? operationsPerNanosecond / 2",
      with: "type == .float64 ? operationsPerNanosecond",
      caughtBy: "AdjointTests.CostModelTests/`a product costs its multiplications, however its operands lie`"),
    WrongLine(
      "a circular convolution is estimated as its gradient's correlation",
      in: "Sources/Adjoint/Gates/Products/CircularConvolutionCall.swift",
      replace: "(isCorrelation ? shapes",
      with: "(!isCorrelation ? shapes",
      caughtBy: circularCosts),
    WrongLine(
      "a shifted power is estimated as plain arithmetic",
      in: "Sources/COperations/include/COperations.h",
      replace: "shiftedPower, FUNCTION",
      with: "shiftedPower, ARITHMETIC",
      caughtBy: "AdjointTests.CostModelTests"),
    WrongLine(
      "what a chain writes costs nothing",
      in: "Sources/Adjoint/Compilation/Lowering/ChainWork.swift",
      replace: "(chain.operandCount + chain.outputCount)",
      with: "chain.operandCount",
      caughtBy: "AdjointTests.CostModelTests/`a chain costs what it reads and writes, and each of its operations`"),
    WrongLine(
      "a pooling is estimated by one column of its window",
      in: "Sources/Adjoint/Gates/Pooling/PoolCall.swift",
      replace: "Float(window.height * window.width)",
      with: "Float(window.height)",
      caughtBy: "AdjointTests.CostModelTests/`a window costs each pixel that it folds`"),
    WrongLine(
      "an operation on rows is estimated by what it writes",
      in: "Sources/Adjoint/Gates/Reductions/RowCall.swift",
      replace: "Float(shapes.readCount)",
      with: "Float(shapes.writtenCount)",
      caughtBy: rowCosts),
    WrongLine(
      "a speed is measured in thousandths of its unit",
      in: "Sources/Adjoint/Compilation/Lowering/CostModel+Measured.swift",
      replace: "* 1e-9",
      with: "* 1e-6",
      caughtBy: "AdjointTests.CostModelTests/`measured speeds are in elements and operations a nanosecond`"),
    WrongLine(
      "the gates of a chain cost nothing",
      in: "Sources/Adjoint/Compilation/Lowering/ChainWork.swift",
      replace: "+ arithmetic * Float(chain.count)",
      with: "+ 0 * arithmetic * Float(chain.count)",
      caughtBy: "AdjointTests.CostModelTests/`a chain costs what it reads and writes, and each of its operations`"),
    WrongLine(
      "one addition of a sum of scalars is not counted",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder.swift",
      replace: "max(1, inputs.count - 1)",
      with: "max(1, inputs.count - 2)",
      caughtBy: scalarCosts),
    WrongLine(
      "finer parts are kept where they make the critical path longer",
      in: "Sources/Adjoint/Compilation/Lowering/Division.swift",
      replace: "shorter < gain * longer",
      with: "shorter < longer / gain",
      caughtBy: finerParts),
    WrongLine(
      "pieces along different axes are put side by side",
      in: "Sources/Adjoint/Compilation/Rewriting/JoinPads.swift",
      replace: "axis == nil || axis == cut[0]",
      with: "axis == nil || cut.count == 1",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "pieces that are cut along two axes are put side by side along the first",
      in: "Sources/Adjoint/Compilation/Rewriting/JoinPads.swift",
      replace: "cut.count == 1",
      with: "cut.count >= 1",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a sum may be written over any of its contributions",
      in: "Sources/Adjoint/Gates/Calls/AccumulateCall.swift",
      replace: "-> Bool { position == 0 }",
      with: "-> Bool { true }",
      caughtBy: "AdjointTests.FootprintTests/`a sum of many contributions keeps to its footprint`"),
    WrongLine(
      "a scope within a checkpointed one is computed again by itself",
      in: "Sources/Adjoint/Compilation/Recomputation/CheckpointedScopes.swift",
      replace: "return ends.lazy.compactMap",
      with: "return ends.reversed().lazy.compactMap",
      caughtBy: scopesWithin),
    WrongLine(
      "the estimate of a gate that only an update needs is not looked at",
      in: "Sources/Adjoint/Compilation/Compilation.swift",
      replace: "checkOwnKernels(values + gradients + next)",
      with: "checkOwnKernels(values + gradients)",
      caughtBy: "AdjointTests.BadInputTests/`a mistake is refused whatever a program wants the node for`"),
    WrongLine(
      "an update may read a scan's element outside of the scan",
      in: "Sources/Adjoint/Compilation/Compilation.swift",
      replace: "throwFirstLeak(in: state, values + gradients + next)",
      with: "throwFirstLeak(in: state, values + gradients)",
      caughtBy: "AdjointTests.BadInputTests/`a mistake is refused whatever a program wants the node for`"),
    WrongLine(
      "the estimate of a gate that no output needs is not looked at",
      in: "Sources/Adjoint/Compilation/Compilation.swift",
      replace: "checkOwnKernels(values + gradients",
      with: "checkOwnKernels(outputs + gradients",
      caughtBy: "AdjointTests.BadInputTests/`a mistake is refused whatever a program wants the node for`"),
    WrongLine(
      "a scalar is named as what shows it last",
      in: "Sources/Adjoint/Compilation/Plan/Provenance.swift",
      replace: "stride(from: values.count - 1, through: 0, by: -1)",
      with: "stride(from: 0, through: values.count - 1, by: 1)",
      caughtBy: "AdjointTests.NonFiniteTests/`a scalar under another shape is not named for what it shows`"),
    WrongLine(
      "the line behind the one that is read is fetched",
      in: "Sources/Adjoint/Compilation/Recomputation/FarReads.swift",
      replace: "lines.append(UInt32(line))",
      with: "lines.append(UInt32(line + 1))",
      caughtBy:
        "AdjointTests.ScalarRunTests/`a step fetches each line that it reads from far behind, once, and no other`"),
    WrongLine(
      "a line that one step has fetched is not fetched by later ones",
      in: "Sources/Adjoint/Compilation/Recomputation/FarReads.swift",
      replace: """
            step += 1

        """,
      with: """
            step = 1

        """,
      caughtBy:
        "AdjointTests.ScalarRunTests/`a step fetches each line that it reads from far behind, once, and no other`"),
    WrongLine(
      "the second operand's line is not fetched",
      in: "Sources/Adjoint/Compilation/Recomputation/FarReads.swift",
      replace: "for operand in 0..<Int(gate.arity) where",
      with: "for operand in 0..<1 where",
      caughtBy:
        "AdjointTests.ScalarRunTests/`a step fetches each line that it reads from far behind, once, and no other`"),
    WrongLine(
      "the schedule of a step is that of its forward pass",
      in: "Sources/Adjoint/Compilation/Program+Schedule.swift",
      replace: "{ plan.step }",
      with: "{ plan.forward }",
      caughtBy: "AdjointTests.CompilationTests/`backward units come after forward ones and depend on them`"),
    WrongLine(
      "a node made on a known line is in the scope that was there first",
      in: "Sources/Adjoint/Graph/Locations/SiteTable.swift",
      replace: "sites[guess] == site {",
      with: "sites[guess].location == site.location {",
      caughtBy: "AdjointTests.GraphTests/`a node knows its line and its scope among very many`"),
    WrongLine(
      "an axis may be named once from each end",
      in: "Sources/Adjoint/Graph/Shape.swift",
      replace: "!result.contains(front)",
      with: "!result.contains(axis)",
      caughtBy: "AdjointTests.GraphTests/`axes may be named in any order and from either end, each once`"),
    WrongLine(
      "one axis more than there are is taken",
      in: "Sources/Adjoint/Graph/Shape.swift",
      replace: "axis >= -rank, axis < rank else",
      with: "axis >= -rank - 1, axis < rank else",
      caughtBy: "AdjointTests.GraphTests/`axes may be named in any order and from either end, each once`"),
    WrongLine(
      "sums over the same axes in another order are two",
      in: "Sources/Adjoint/Graph/Shape.swift",
      replace: "return result.sorted()",
      with: "return result",
      caughtBy: "AdjointTests.CompilationTests/`common subexpressions are shared`"),
    WrongLine(
      "a function of a scalar costs as an addition",
      in: "Sources/Adjoint/Graph/GateTable.swift",
      replace: "scalarCost: CostModel.scalarGate(kernel)",
      with: "scalarCost: 1.5",
      caughtBy: scalarCosts),
    WrongLine(
      "what an output of a kernel reads is taken for what reads an input",
      in: "Sources/Adjoint/Graph/Initializer.swift",
      replace: "return (Double(shape[1] * window), Double(shape[0] * window))",
      with: "return (Double(shape[0] * window), Double(shape[1] * window))",
      caughtBy: "AdjointTests.InitializerTests/`each rule has its mean and its variance`"),
    WrongLine(
      "a kernel of one pixel without axes of pixels is taken for a matrix",
      in: "Sources/Adjoint/Graph/Initializer.swift",
      replace: "shape.rank >= 2 else",
      with: "shape.rank >= 3 else",
      caughtBy: "AdjointTests.InitializerTests/`each rule has its mean and its variance`"),
    WrongLine(
      "what an output reads is the first extent alone",
      in: "Sources/Adjoint/Graph/Initializer.swift",
      replace: "Double(shape.dimensions.dropLast().reduce(1, *))",
      with: "Double(shape.dimensions.first ?? 1)",
      caughtBy: "AdjointTests.InitializerTests/`each rule has its mean and its variance`"),
    WrongLine(
      "an int32 parameter may start beyond three deviations out of range",
      in: "Sources/Adjoint/Graph/Initializer.swift",
      replace: "mean + 6 * deviation",
      with: "mean + 3 * deviation",
      caughtBy:
        "AdjointTests.InitializerTests/`an int32 parameter is refused if any value that its rule can give is no int32`"),
    WrongLine(
      "kernels have the fans of matrices",
      in: "Sources/Adjoint/Graph/Initializer.swift",
      replace: "initializer.outputsAreFirst = true",
      with: "initializer.outputsAreFirst = false",
      caughtBy: "AdjointTests.InitializerTests/`each rule has its mean and its variance`"),
    WrongLine(
      "a fraction in single precision is taken for an integer",
      in: "Sources/Adjoint/Graph/TensorValues.swift",
      replace: "return values.first { isNone(Double($0)) }.map(Double.init)",
      with: "return values.first { $0.isNaN }.map(Double.init)",
      caughtBy:
        "AdjointTests.InitializerTests/`an int32 parameter is refused if any value that its rule can give is no int32`"),
  ]
}
