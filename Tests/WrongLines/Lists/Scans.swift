extension WrongLine {
  private static let everyLength: TestName =
    "AdjointTests.ScanFormTests/`derivatives by both modes and of second order are the loop's at every length`"
  private static let eachVariable: TestName =
    "AdjointTests.ScanFormTests/`each variable alone has its derivatives, whatever is read of the results`"
  private static let programGradients: TestName =
    "AdjointTests.ScanFormTests/`a program's gradients are the loop's, whatever its options are`"
  private static let memoryBoundary: TestName =
    "AdjointTests.ScanFormTests/`values of a step that end just behind a boundary of memory stay apart`"
  private static let manyParts: TestName =
    "AdjointTests.ScanFormTests/`a state of more parts than loops are looked for in is one loop`"
  private static let gatesInScans: TestName =
    """
    AdjointTests.ScanDerivativeTests/`gates in the body of a scan have their derivatives in both modes, \
    and of second order`
    """
  private static let integersInBodies: TestName =
    """
    AdjointTests.ScanDerivativeTests/`a body reads integers that are constant, given, elements or \
    computed as the loop written out does`
    """
  private static let constantsOfBodies: TestName =
    "AdjointTests.ConstantMemoryTests/`the program keeps the constants of loops' bodies, and no loop writes them out`"
  private static let definition: TestName = "AdjointTests.ScanFormTests/`the definition of a scan is the loop`"

  private static let statesOfSteps: TestName =
    "AdjointTests.ScanMemoryTests/`states before and after the steps are what they are`"
  private static let slicesOfInputs: TestName =
    "AdjointTests.ScanMemoryTests/`slices of an input are read where it lies, be it lent or written`"

  /// Wrong lines in scans: their chunks and parts, their derivatives, the memory of a loop.
  static let scans: [WrongLine] = [
    WrongLine(
      "the third chunk of a scan starts from an old state",
      in: "Sources/Adjoint/Recurrence/Splitting/ChunkedScan.swift",
      replace: "      state = run.state\n",
      with: "      if chunks.count != 1 { state = run.state }\n",
      caughtBy: programGradients),
    WrongLine(
      "the chunks of a reversed scan are stacked in the order in which they ran",
      in: "Sources/Adjoint/Recurrence/Splitting/ChunkedScan.swift",
      replace: "    if body.isReversed { chunks.reverse() }\n",
      with: "",
      caughtBy: everyLength),
    WrongLine(
      "a reversed scan runs its chunks from the first to the last",
      in: "Sources/Adjoint/Recurrence/Splitting/ChunkedScan.swift",
      replace: "body.isReversed ? Array(ranges.indices.reversed()) : Array(ranges.indices)",
      with: "Array(ranges.indices)",
      caughtBy: everyLength),
    WrongLine(
      "steps that chunks of one length leave over are not run",
      in: "Sources/Adjoint/Recurrence/Splitting/ChunkedScan.swift",
      replace: "steps * $0 / count..<steps * ($0 + 1) / count",
      with: "steps / count * $0..<steps / count * ($0 + 1)",
      caughtBy: programGradients),
    WrongLine(
      "the sum over all steps leaves out the first chunk",
      in: "Sources/Adjoint/Recurrence/Splitting/ChunkedScan.swift",
      replace: "graph.accumulate(chunks.map { $0.sums[number] })",
      with: "graph.accumulate(chunks.dropFirst().map { $0.sums[number] })",
      caughtBy: everyLength),
    WrongLine(
      "a chunk reads the piece of a sequence that belongs to another chunk",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScans.swift",
      replace: "sources.count > 1 ? pieces[operand]!.nodes : [operand]",
      with: "sources.count > 1 ? pieces[operand]!.nodes.reversed() : [operand]",
      caughtBy: everyLength),
    WrongLine(
      "all sums of a scan are the first",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScans.swift",
      replace: "sums: numbers.filter { $0 >= firstSum }.map { whole.results[$0] })",
      with: "sums: numbers.filter { $0 >= firstSum }.map { _ in whole.results[firstSum] })",
      caughtBy: gatesInScans),
    WrongLine(
      "packed results of a scan are put together from the last to the first",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScans.swift",
      replace: "like: node, inputs: [results[number]!])",
      with: "like: node, inputs: [results[places.parts.count - 1 - number]!])",
      caughtBy: "AdjointTests.SplitScansTests"),
    WrongLine(
      "a sum of merged scans is looked for among the stacked values",
      in: "Sources/Adjoint/Compilation/Rewriting/MergeScans.swift",
      replace: "if number >= firstSum { return whole.parts[whole.numberOfSum[scan.sums[number - firstSum]]!] }",
      with: "if number >= firstSum { return whole.parts[number] }",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "what comes into a sum over all steps is taken from the first stacked value",
      in: "Sources/Adjoint/Recurrence/ReverseScan.swift",
      replace: "upstreams[stateCount + scan.stacked.count + $0]!",
      with: "upstreams[stateCount + $0]!",
      caughtBy: everyLength),
    WrongLine(
      "the definition of a sum over all steps is the last step's",
      in: "Sources/Adjoint/Recurrence/Scan.swift",
      replace: "zip(totals[number], values[node.int]!.values).map { $0 + $1 }",
      with: "values[node.int]!.values",
      caughtBy: "AdjointTests.SplitScansTests"),
    WrongLine(
      "what roundings take from a long sum is not added to it",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScan.swift",
      replace: "let total = sum + lost.removeFirst()",
      with: "let total = sum",
      caughtBy: "AdjointTests.LongScanTests"),
    WrongLine(
      "a long sum keeps what only its last addition lost",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScan.swift",
      replace: "nextLost.append(builder.apply(Add(), losses.removeFirst(), error))",
      with: "losses.removeFirst()\n      nextLost.append(error)",
      caughtBy: "AdjointTests.LongScanTests"),
    WrongLine(
      "loops are looked for among more parts than have a bit",
      in: "Sources/Adjoint/Recurrence/Splitting/StateLoops.swift",
      replace: "guard count <= UInt64.bitWidth else",
      with: "guard count <= UInt64.bitWidth + 1 else",
      caughtBy: manyParts),
    WrongLine(
      "an infinite sum over many steps is not a number",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScan.swift",
      replace: "return select(equal(total, total), total, sum)",
      with: "return total",
      caughtBy: "AdjointTests.LongScanTests"),
    WrongLine(
      "what a part of a state takes over from another loop is not handed on",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScan.swift",
      replace: "if let other = loopOf[body.next[part].int], other != number {",
      with: "if let other = loopOf[body.next[part].int], other != number, part < 0 {",
      caughtBy: everyLength),
    WrongLine(
      "the last term of a sum over all steps is lost",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScan.swift",
      replace: "of: last.terms.map { sums[$0]! })",
      with: "of: last.terms.prefix(max(2, last.terms.count - 1)).map { sums[$0]! })",
      caughtBy: gatesInScans),
    WrongLine(
      "the second gradient of a part of a scan's results is dropped",
      in: "Sources/Adjoint/Recurrence/ReverseScan.swift",
      replace: "if contributions.count < 2 { return",
      with: "if contributions.count < 999 { return",
      caughtBy: "AdjointTests.ScanFormTests/`third derivatives are those of the loop by any modes`"),
    WrongLine(
      "the last of several gradients of a scan's results is dropped",
      in: "Sources/Adjoint/Recurrence/ReverseScan.swift",
      replace: "terms += more",
      with: "terms += more.count > 1 ? more.dropLast() : more",
      caughtBy: manyParts),
    WrongLine(
      "only the first part of a state starts backward from its own gradient",
      in: "Sources/Adjoint/Recurrence/ReverseScan.swift",
      replace: "let initial = step.state.map { upstreams[$0] ??",
      with: "let initial = step.state.map { ($0 > 0 ? nil : upstreams[$0]) ??",
      caughtBy: eachVariable),
    WrongLine(
      "a reversed scan is differentiated by another reversed scan",
      in: "Sources/Adjoint/Recurrence/ReverseBody.swift",
      replace: "isReversed: !body.isReversed",
      with: "isReversed: true",
      caughtBy: eachVariable),
    WrongLine(
      "only the first part of a state starts forward from its own tangent",
      in: "Sources/Adjoint/Recurrence/ForwardScan.swift",
      replace: "step.state.map { tangents[$0] ??",
      with: "step.state.map { ($0 > 0 ? nil : tangents[$0]) ??",
      caughtBy: eachVariable),
    WrongLine(
      "tangents of a reversed scan go from the first step to the last",
      in: "Sources/Adjoint/Recurrence/ForwardStep.swift",
      replace: "isReversed: body.isReversed)",
      with: "isReversed: false)",
      caughtBy: eachVariable),
    WrongLine(
      "the definition of a scan ignores that it is reversed",
      in: "Sources/Adjoint/Recurrence/Scan.swift",
      replace: "let time = body.isReversed ? body.stepCount - 1 - step : step",
      with: "let time = step",
      caughtBy: definition),
    WrongLine(
      "memory of a loop overlaps by one element",
      in: "Sources/Adjoint/Recurrence/Loops/LoopLayout.swift",
      replace: "defer { scratchBytes += (byteCount + 63) / 64 * 64 }",
      with: "defer { scratchBytes += (byteCount + 59) / 64 * 64 }",
      caughtBy: memoryBoundary),
    WrongLine(
      "the two places of a state overlap by one element",
      in: "Sources/Adjoint/Recurrence/Loops/LoopLayout.swift",
      replace: "let aligned = (byteCount + 63) / 64 * 64",
      with: "let aligned = (byteCount + 59) / 64 * 64",
      caughtBy: memoryBoundary),
    WrongLine(
      "the state after an even number of steps is read where an odd one leaves it",
      in: "Sources/Adjoint/Recurrence/Loops/LoopLayout.swift",
      replace: "(stepCount - 1) % 2 * target.parity",
      with: "0 * target.parity",
      caughtBy: programGradients),
    WrongLine(
      "the first step of a loop reads its state where later steps leave it",
      in: "Sources/Adjoint/Recurrence/Loops/LoopPlan+Run.swift",
      replace: "              if time == 0 { layout.placeInitialState(in: table, memory) }\n",
      with: "",
      caughtBy: programGradients),
    WrongLine(
      "a loop accumulates in order of arrival where its program does",
      in: "Sources/Adjoint/Recurrence/Loops/LoopPlan.swift",
      replace: "    options.accumulation = .graphOrder\n",
      with: "",
      caughtBy: programGradients),
    WrongLine(
      "a part of two merged scans is looked for where the first scan had it",
      in: "Sources/Adjoint/Compilation/Rewriting/MergeScans.swift",
      replace: "whole.parts[number] : whole.part(of: scan.stacked[number - first])",
      with: "whole.parts[number] : whole.parts[number]",
      caughtBy: eachVariable),
    WrongLine(
      "a refused body is split",
      in: "Sources/Adjoint/Recurrence/Graph+Scan.swift",
      replace: "if let error = error(nil, next + outputs, at: location) { return error }",
      with: "_ = error(nil, next + outputs, at: location)",
      caughtBy: "AdjointTests.WrongScanTests/`a body whose output does not fit is refused before it is split`"),
    WrongLine(
      "a refused scan has no outputs",
      in: "Sources/Adjoint/Recurrence/Graph+Scan.swift",
      replace: "outputs: outputs.map { result(",
      with: "outputs: outputs.prefix(0).map { result(",
      caughtBy: "AdjointTests.WrongScanTests/`a refused scan has all its results, each the error`"),
    WrongLine(
      "a refused scan does not tell its body",
      in: "Sources/Adjoint/Recurrence/Graph+Scan.swift",
      replace: "for node in given { state.markPoisoned(node.id, error) }",
      with: "for node in given.prefix(0) { state.markPoisoned(node.id, error) }",
      caughtBy: "AdjointTests.WrongScanTests/`a refused scan tells its body`"),
    WrongLine(
      "a scan takes any number of steps",
      in: "Sources/Adjoint/Recurrence/Graph+Scan.swift",
      replace: "if steps > Shape.mostElements {",
      with: "if steps < 0 {",
      caughtBy: "AdjointTests.HostileExtentTests/`a size that makes no sense is an error with the line`"),
    WrongLine(
      "the outputs of all steps are not counted",
      in: "Sources/Adjoint/Recurrence/Graph+Scan.swift",
      replace: "if let reason = stack.impossibility {",
      with: "if let reason = output.shape.impossibility {",
      caughtBy: "AdjointTests.HostileExtentTests/`sizes that do not go together are an error with the line`"),
    WrongLine(
      "the end of a scan's part overflows",
      in: "Sources/Adjoint/Recurrence/ScanPart.swift",
      replace: "let end = (Extent(start) + Extent(result.elementCount)).value",
      with: "let end = start + result.elementCount",
      caughtBy: "AdjointTests.HostileExtentTests/`a size that makes no sense is an error with the line`"),
    WrongLine(
      "an integer constant of a body is written as a float",
      in: "Sources/Adjoint/Compilation/Lowering/LowerToCalls.swift",
      replace: "elementType: constant.elementType,",
      with: "elementType: constant.elementType == .int32 ? .float32 : constant.elementType,",
      caughtBy: constantsOfBodies),
    WrongLine(
      "all constants of a body are read where the first is",
      in: "Sources/Adjoint/Recurrence/Loops/LoopLayout.swift",
      replace: ".operand(first + buffer.constant)",
      with: ".operand(first)",
      caughtBy: constantsOfBodies),
    WrongLine(
      "of one value that is stacked twice only the last stack is written",
      in: "Sources/Adjoint/Recurrence/Loops/LoopLayout.swift",
      replace: "if place.isBuffer, written[place] == nil, plan",
      with: "if place.isBuffer, plan",
      caughtBy: "AdjointTests.SplitScansTests"),
    WrongLine(
      "the states before and after the steps of a reversed scan lie as those of any",
      in: "Sources/Adjoint/Compilation/Lowering/ScanResults.swift",
      replace: "body.isReversed ? (after, before) : (before, after)",
      with: "(before, after)",
      caughtBy: statesOfSteps),
    WrongLine(
      "two states share the memory of one",
      in: "Sources/Adjoint/Compilation/Lowering/ScanResults.swift",
      replace: "let after = partOf[next], pieces[after] == nil,",
      with: "let after = partOf[next],",
      caughtBy: statesOfSteps),
    WrongLine(
      "the state before the first step is not written where the others lie",
      in: "Sources/Adjoint/Recurrence/Loops/LoopLayout.swift",
      replace: "        self.before.append(LoopCopy(from: first, to: target, byteCount: byteCount))\n",
      with: "",
      caughtBy: statesOfSteps),
    WrongLine(
      "states that lie among others are written elsewhere",
      in: "Sources/Adjoint/Execution/Session+Loans.swift",
      replace: "plan.placement.buffers[place.index].whole < 0, ",
      with: "",
      caughtBy: statesOfSteps),
    WrongLine(
      "a result takes the memory of a sequence that its step has still to read",
      in: "Sources/Adjoint/Recurrence/Loops/LoopLayout.swift",
      replace: "guard let first = writers.first, index >= first else { continue }",
      with: "guard let first = writers.first, index < first else { continue }",
      caughtBy:
        """
        AdjointTests.ScanMemoryTests/`a result takes the memory of a sequence only if each step has read its element \
        by then`
        """),
    WrongLine(
      "no result takes the memory of a sequence",
      in: "Sources/Adjoint/Recurrence/Loops/LoopPlan+Run.swift",
      replace: "layout.overwritable[number]?.contains(position) ?? false",
      with: "layout.overwritable[number]?.contains(-1 - position) ?? false",
      caughtBy: "AdjointTests.ScanMemoryTests/`a recurrence keeps its states once`"),
    WrongLine(
      "slices of an input are read where it lay before it was lent",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "for piece in pieces[place.index] ?? [] {",
      with: "for piece in pieces[-1 - place.index] ?? [] {",
      caughtBy: slicesOfInputs),
    WrongLine(
      "a slice that is shown is shown where the input lies",
      in: "Sources/Adjoint/Compilation/Lowering/LowerToCalls.swift",
      replace: "!shown.contains(node), ",
      with: "",
      caughtBy: slicesOfInputs),
    WrongLine(
      "a sequence of columns is read once for all steps",
      in: "Sources/Adjoint/Recurrence/Splitting/ReadOnceForAllSteps.swift",
      replace: "shape.rank < all.rank || shape[0] == 1",
      with: "shape.rank <= all.rank",
      caughtBy: "AdjointTests.RewriteLawTests/`a pass changes the plan and no bit, whatever the numbers`"),
    WrongLine(
      "a part of a loop reads the rows of others",
      in: "Sources/Adjoint/Recurrence/Loops/LoopParts.swift",
      replace: "own.lowerBound <= read.lowerBound, read.upperBound <= own.upperBound",
      with: "own.lowerBound <= read.upperBound",
      caughtBy: "AdjointTests.LoopPartsTests"),
    WrongLine(
      "each part of a loop copies the first rows",
      in: "Sources/Adjoint/Recurrence/Loops/LoopPlan+Run.swift",
      replace: "(to + parts.lowerBound * share).copyMemory(from: from + parts.lowerBound * share,",
      with: "to.copyMemory(from: from,",
      caughtBy: "AdjointTests.LoopPartsTests"),
    WrongLine(
      "results of two types are packed as the narrower",
      in: "Sources/Adjoint/Recurrence/Scan.swift",
      replace: "types.first!.computed : .float64",
      with: "types.first!.computed : .float32",
      caughtBy: "AdjointTests.CastingScanTests"),
    WrongLine(
      "a part of another type is looked for by its own size",
      in: "Sources/Adjoint/Gates/Movement/CastCall.swift",
      replace: "input: inputs[0] + start * type.byteCount",
      with: "input: inputs[0] + start * result.byteCount",
      caughtBy: "AdjointTests.CastingScanTests"),
    WrongLine(
      "gradients held as halves are added up as halves",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScan.swift",
      replace: "let term = builder.computed(builder[node])",
      with: "let term = builder[node]",
      caughtBy: "AdjointTests.CastingScanTests"),
    WrongLine(
      "a loop is cut where a call of its body cannot be",
      in: "Sources/Adjoint/Recurrence/Loops/LoopParts.swift",
      replace: "call.extent % (count * cutStep) == 0",
      with: "call.extent % count == 0",
      caughtBy: "AdjointTests.LoopPartsTests"),
    WrongLine(
      "a loop's constants are looked for where its panels are",
      in: "Sources/Adjoint/Recurrence/Loops/LoopLayout.swift",
      replace: "let first = body.sources.count + built.packedSources.count",
      with: "let first = body.sources.count",
      caughtBy: "AdjointTests.PackOperandsTests"),
    WrongLine(
      "a scan is split where no shape has all steps of a value",
      in: "Sources/Adjoint/Recurrence/Splitting/SplitScans.swift",
      replace: "return split.isRefused ? ScanExpansion(",
      with: "return split.ranges.isEmpty ? ScanExpansion(",
      caughtBy: "AdjointTests.SplitScansTests"),
  ]
}
