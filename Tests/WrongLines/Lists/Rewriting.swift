extension WrongLine {
  private static let scopesWithin: TestName =
    """
    AdjointTests.CheckpointTests/`what lies in scopes within a checkpointed one is computed again with \
    it, named or not`
    """

  /// Wrong lines in what passes make of a graph, and in what is computed again.
  static let rewriting: [WrongLine] = [
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
      replace: "return values.singleValue.map { .repeated($0) } ?? values",
      with: "return values.singleValue.map { .repeated($0 + 0) } ?? values",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "the third operand keeps the node that another has replaced",
      in: "Sources/Adjoint/Compilation/Rewriting/Simplify.swift",
      replace: "if input != read { isRenamed = true }",
      with: "if input != read, position < 2 { isRenamed = true }",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a product that something else reads becomes part of a sum",
      in: "Sources/Adjoint/Compilation/Rewriting/LowerSums.swift",
      replace: "readers[node.int] == 1",
      with: "readers[node.int] <= 2",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a transpose of outer axes becomes a flag of the product",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldTransposes.swift",
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
      "norms along different axes are shared",
      in: "Sources/Adjoint/Compilation/Rewriting/ShareNorms.swift",
      replace: "axes: Set(axes))",
      with: "axes: [])",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "pieces that overlap by one row are put side by side",
      in: "Sources/Adjoint/Compilation/Rewriting/PaddedPieces.swift",
      replace: "<= next.start else",
      with: "<= next.start + 1 else",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a sum of pads that is spliced keeps -0",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldIntoSplices.swift",
      replace: "rewriter.addConstant(0, type,",
      with: "rewriter.addConstant(-0.0, type,",
      caughtBy: "AdjointTests.SumOfPadsTests"),
    WrongLine(
      "a sum of many pads is divided into groups before its pieces are looked for",
      in: "Sources/Adjoint/Compilation/Rewriting/LowerSums.swift",
      replace: "if reasons.pads, let pieces",
      with: "if reasons.pads, storage.rows[node.int].inputCount <= Accumulate.width, let pieces",
      caughtBy: "AdjointTests.SumOfPadsTests"),
    WrongLine(
      "of groups that are sums of their own the last is not added",
      in: "Sources/Adjoint/Compilation/Rewriting/LowerSums.swift",
      replace: "inputs: sum.terms.map { value(of: $0) }",
      with: "inputs: (sum.terms.count == 3 ? sum.terms.dropLast() : sum.terms[...]).map(value)",
      caughtBy: "AdjointTests.FanOutTests"),
    WrongLine(
      "the last sum that waits for a contribution never gets it",
      in: "Sources/Adjoint/Compilation/Rewriting/LowerSums.swift",
      replace: "for number in plan.waiting[.node(node)] ?? [] { advance(number) }",
      with: "for number in (plan.waiting[.node(node)] ?? []).dropLast() { advance(number) }",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a number that is broadcast is written out",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "case .alias, .broadcast, .slice, .transpose: return values",
      with: "case .alias, .slice, .transpose: return values",
      caughtBy: "AdjointTests.RepeatedConstantTests"),
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
      "a running sum begins anew with its fifth contribution",
      in: "Sources/Adjoint/Compilation/Rewriting/LowerSums.swift",
      replace: "partial = made == 0 ? value(of: sum.terms[0])",
      with: "partial = made == 0 || made == 4 ? value(of: sum.terms[made])",
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
      replace: "let node = storage.original(of: root)",
      with: "let node = root",
      caughtBy: "AdjointTests.PlanLawTests"),
    WrongLine(
      "nodes that a pass keeps where they are leave out the terms of sums that grow",
      in: "Sources/Adjoint/Compilation/Rewriting/LowerSums.swift",
      replace: "[ways.keys.min(), ownProducts.min(), terms.min()]",
      with: "[ways.keys.min(), ownProducts.min()]",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "constants of nodes that are made anew stay under their old numbers",
      in: "Sources/Adjoint/Graph/GraphStorage.swift",
      replace: "constants.filter { $0.key.int < count }",
      with: "constants",
      caughtBy: "AdjointTests.GraphRewriterTests"),
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
      "a gate of constants is folded by its definition",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "      default: try operands.result(of: kernel.checkedCall(shapes), shapes)",
      with: """
              default:
                TensorValues(
                  try self[gate].definition(
                    zip(operands, shapes.operands).map {
                      ReferenceTensor($1.shape, $1.elementType, $0.doubles(count: $1.shape.elementCount))
                    }, shape: shapes.result.shape
                  ).values, as: shapes.result.elementType)
        """,
      caughtBy: "AdjointTests.FoldingTests/`a folded gate has the bits that it has when it runs`"),
    WrongLine(
      "pieces along different axes are put side by side",
      in: "Sources/Adjoint/Compilation/Rewriting/PaddedPieces.swift",
      replace: "axis == nil || axis == cut[0]",
      with: "axis == nil || cut.count == 1",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "pieces that are cut along two axes are put side by side along the first",
      in: "Sources/Adjoint/Compilation/Rewriting/PaddedPieces.swift",
      replace: "cut.count == 1",
      with: "cut.count >= 1",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "a scope within a checkpointed one is computed again by itself",
      in: "Sources/Adjoint/Compilation/Recomputation/CheckpointedScopes.swift",
      replace: "return ends.lazy.compactMap",
      with: "return ends.reversed().lazy.compactMap",
      caughtBy: scopesWithin),
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
      "what a value that is made again is made of is kept",
      in: "Sources/Adjoint/Compilation/Recomputation/Recomputation.swift",
      replace: "pending += storage.inputs(of: node).filter(policy.isMadeAgainWithin)",
      with: "",
      caughtBy: "AdjointTests.CheckpointTests"),
    WrongLine(
      "values are made again wherever there is room, not behind a fence",
      in: "Sources/Adjoint/Compilation/Recomputation/Recomputation.swift",
      replace: "if let first, policy.isFenced { fences.insert(first) }",
      with: "_ = first",
      caughtBy: "AdjointTests.CheckpointTests"),
    WrongLine(
      "each gradient of a scope has copies of its own",
      in: "Sources/Adjoint/Compilation/Recomputation/Recomputation.swift",
      replace: "if sharing != .nobody { shared[sharing] = copies }",
      with: "",
      caughtBy: "AdjointTests.CheckpointTests"),
    WrongLine(
      "a NaN is folded to an int32",
      in: "Sources/Adjoint/Gates/Kernel.swift",
      replace: "if let wrong = output.type.firstOutOfRange(result.values) {",
      with: "if let wrong = ElementType.float64.firstOutOfRange(result.values) {",
      caughtBy: "AdjointTests.NoIntegerTests/`a constant that is no int32 after a gate fails when it is run`"),
    WrongLine(
      "an integer that no double has is folded as one",
      in: "Sources/Adjoint/Compilation/Rewriting/FoldConstants.swift",
      replace: "return values.singleValue.map { .repeated($0) } ?? values",
      with: "return shapes.result.shape.elementCount == 1 ? .repeated(values.doubles(count: 1)[0]) : values",
      caughtBy: "AdjointTests.ElementTypeTests"),
  ]
}
