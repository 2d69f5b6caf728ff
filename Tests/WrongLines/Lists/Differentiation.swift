extension WrongLine {
  private static let manyReaders: TestName =
    "AdjointTests.FanOutTests/`every reader of many sends its part back, and moves its result`"
  private static let eachOperand: TestName =
    "AdjointTests.FanOutTests/`each operand alone has its derivatives, whichever place it is at`"
  private static let fanOut: TestName =
    "AdjointTests.FanOutTests/`a node read by one to five gates, and several times by each, is as many nodes`"
  private static let formulas: TestName = "AdjointTests.FormulaNeighbourTests"

  /// Wrong lines in the walks of differentiation and in what they recognise as formulas.
  static let differentiation: [WrongLine] = [
    WrongLine(
      "a node read three times by one gate loses its third contribution",
      in: "Sources/Adjoint/Differentiation/Differentiation+Reverse.swift",
      replace: "    for position in 0..<records.resultCount {\n",
      with: """
            for position in 0..<records.resultCount {
              if position == 2, (0..<2).allSatisfy({ forward.input($0, of: node) == forward.input(2, of: node) }) {
                continue
              }

        """,
      caughtBy: fanOut),
    WrongLine(
      "a third contribution is not linked to those before it",
      in: "Sources/Adjoint/Differentiation/Contributions.swift",
      replace: "        ring[last].next = UInt32(newest)\n        sent[place] = Link(lastEntry: newest)\n",
      with: "",
      caughtBy: manyReaders),
    WrongLine(
      "a contribution that is left over alone after a full sum is lost",
      in: "Sources/Adjoint/Gates/Arithmetic/Accumulate.swift",
      replace: "terms = stride(from: 0, to: terms.count, by: width).map",
      with: "terms = stride(from: 0, to: max(terms.count - 1, 1), by: width).map",
      caughtBy: manyReaders),
    WrongLine(
      "sums of sums keep the first sixteen",
      in: "Sources/Adjoint/Gates/Arithmetic/Accumulate.swift",
      replace: "terms = stride(from: 0, to: terms.count, by: width).map",
      with: "terms = stride(from: 0, to: min(terms.count, width * width), by: width).map",
      caughtBy: manyReaders),
    WrongLine(
      "a gate asked for its pullback gives each node one contribution",
      in: "Sources/Adjoint/Differentiation/Differentiation+Reverse.swift",
      replace: "if let gradient { contributions.add(gradient, to: input) }",
      with: "if let gradient, !contributions.hasAny(input) { contributions.add(gradient, to: input) }",
      caughtBy: fanOut),
    WrongLine(
      "operands from the 33rd on take no part in gradients alone",
      in: "Sources/Adjoint/Differentiation/Differentiation.swift",
      replace: "bits |= 1 << UInt32(min(position, 31))",
      with: "bits |= 1 << UInt32(position)",
      caughtBy: eachOperand),
    WrongLine(
      "operands from the 33rd on move nothing alone",
      in: "Sources/Adjoint/Differentiation/Differentiation+Forward.swift",
      replace: "bits |= 1 << UInt32(min(offset, 31))",
      with: "bits |= 1 << UInt32(offset)",
      caughtBy: eachOperand),
    WrongLine(
      "the third tangent of a sum is lost",
      in: "Sources/Adjoint/Gates/Arithmetic/Accumulate.swift",
      replace: "let moving = tangents.compactMap { $0 }",
      with: "let moving = Array(tangents.compactMap { $0 }.prefix(2))",
      caughtBy: fanOut),
    WrongLine(
      "numbers that differ pass for one number",
      in: "Sources/Adjoint/Graph/Elements/TensorValues.swift",
      replace: "return areEqual ? first : nil",
      with: "return first",
      caughtBy: formulas),
    WrongLine(
      "a difference from any number passes for a negation",
      in: "Sources/Adjoint/Recognition/FormulaSearch.swift",
      replace: "number(zero) == 0 { return x }",
      with: "number(zero) != nil { return x }",
      caughtBy: formulas),
    WrongLine(
      "1 / (2 + exp(-x)) passes for a sigmoid",
      in: "Sources/Adjoint/Recognition/FormulaSearch.swift",
      replace: "if number(first) == wanted { return",
      with: "if number(first) != nil { return",
      caughtBy: formulas),
    WrongLine(
      "two nodes are alike if their first operands are",
      in: "Sources/Adjoint/Recognition/FormulaSearch.swift",
      replace: "for position in 0..<left.inputCount {",
      with: "for position in 0..<1 {",
      caughtBy: formulas),
    WrongLine(
      "1 + exp(-x) to any negative power passes for a sigmoid",
      in: "Sources/Adjoint/Recognition/SigmoidFormula.swift",
      replace: "number(exponent) == -1 { return",
      with: "(number(exponent) ?? 0) < 0 { return",
      caughtBy: formulas),
    WrongLine(
      "x + y passes for 2x",
      in: "Sources/Adjoint/Recognition/TanhFormula.swift",
      replace: "flatMap { $0 == $1 ? $0 : nil }",
      with: "flatMap { x, _ in x }",
      caughtBy: formulas),
    WrongLine(
      "a power of a root passes for its square",
      in: "Sources/Adjoint/Recognition/EvenPowerFormula.swift",
      replace: "guard exponent.map({ number($0) == 2 }) ?? true else { return nil }\n",
      with: "",
      caughtBy: formulas),
    WrongLine(
      "a sum with a negative number passes for a sum of squares",
      in: "Sources/Adjoint/Recognition/EvenPowerFormula.swift",
      replace: "$0 >= 0 && $0 < .infinity",
      with: "$0 < .infinity",
      caughtBy: formulas),
    WrongLine(
      "lanes are made of units that no memory holds",
      in: "Sources/Adjoint/Differentiation/Jacobians/Graph+Jacobian.swift",
      replace: "if let reason = lanes.impossibility {",
      with: "if let reason = node.shape.impossibility {",
      caughtBy: "AdjointTests.HostileExtentTests/`sizes that do not go together are an error with the line`"),
    WrongLine(
      "a derivative costs as much as the whole range from its variable to its output",
      in: "Sources/Adjoint/Differentiation/NodeRegion.swift",
      replace: "isSparse = range.count >= Self.shortestRange && found.count <= most",
      with: "isSparse = false",
      caughtBy:
        "AdjointTests.DifferentiationTests/`a variable made early is reached past all that has nothing to do with it`"
    ),
    WrongLine(
      "a derivative costs as much as the whole graph before its output",
      in: "Sources/Adjoint/Differentiation/NodeRegion.swift",
      replace: "let start = min(variables.min()?.int ?? end, end)",
      with: "let start = 0",
      caughtBy:
        "AdjointTests.DifferentiationTests/`unrolled optimisation visits as many nodes in each step, however large the graph has grown`"
    ),
    WrongLine(
      "a node of a list of few lies where it would in the whole range",
      in: "Sources/Adjoint/Differentiation/NodeRegion.swift",
      replace: "isSparse ? nodes[place] : NodeID(",
      with: "NodeID(",
      caughtBy: "AdjointTests.DifferentiationTests/`what lies between the variables and the outputs changes no bit`"),
    WrongLine(
      "forward mode outlasts a Jacobian-vector product",
      in: "Sources/Adjoint/Differentiation/Differentiation+Forward.swift",
      replace: "state.context.isForwardMode = context.isForwardMode",
      with: "state.context.isForwardMode = true",
      caughtBy: "AdjointTests.ForwardModeTests"),
    WrongLine(
      "what is built after a Jacobian-vector product belongs to its last node",
      in: "Sources/Adjoint/Differentiation/Differentiation+Forward.swift",
      replace: "state.context.differentiating = context.differentiating",
      with: "_ = context.differentiating",
      caughtBy: "AdjointTests.ForwardModeTests"),
    WrongLine(
      "gradients within a pushforward count as tangents",
      in: "Sources/Adjoint/Differentiation/Differentiation+Reverse.swift",
      replace: "      state.context.isForwardMode = false\n",
      with: "",
      caughtBy: "AdjointTests.ForwardModeTests"),
    WrongLine(
      "reverse mode outlasts a gradient",
      in: "Sources/Adjoint/Differentiation/Differentiation+Reverse.swift",
      replace: "state.context.isForwardMode = context.isForwardMode",
      with: "state.context.isForwardMode = false",
      caughtBy: "AdjointTests.ForwardModeTests"),
    WrongLine(
      "what is built after a gradient belongs to its last node",
      in: "Sources/Adjoint/Differentiation/Differentiation+Reverse.swift",
      replace: "state.context.differentiating = context.differentiating",
      with: "_ = context.differentiating",
      caughtBy: "AdjointTests.ForwardModeTests"),
    WrongLine(
      "lanes of tangents count as gradients",
      in: "Sources/Adjoint/Differentiation/Jacobians/Lanes.swift",
      replace: "state.context.isForwardMode = single.isTangent(node)",
      with: "state.context.isForwardMode = false",
      caughtBy: "AdjointTests.ForwardModeTests"),
    WrongLine(
      "lanes belong to no node",
      in: "Sources/Adjoint/Differentiation/Jacobians/Lanes.swift",
      replace: "state.context.differentiating = single.forwardNode(of: node)",
      with: "state.context.differentiating = nil",
      caughtBy: "AdjointTests.ForwardModeTests"),
    WrongLine(
      "what is built after a Jacobian belongs to its last node",
      in: "Sources/Adjoint/Differentiation/Jacobians/Lanes.swift",
      replace: "state.context.differentiating = context.differentiating",
      with: "_ = context.differentiating",
      caughtBy: "AdjointTests.ForwardModeTests"),
    WrongLine(
      "a custom gate is asked for its derivative once for all applications",
      in: "Sources/Adjoint/Differentiation/RuleRecord.swift",
      replace: "guard forward.gate(of: node) is any RecordedGate else { return nil }",
      with: "break",
      caughtBy: "AdjointTests.CustomGateTests"),
    WrongLine(
      "gradients are added in a type without arithmetic",
      in: "Sources/Adjoint/Differentiation/Contributions.swift",
      replace: "if !type.hasArithmetic { return accumulateComputed(contributions, type) }",
      with: "",
      caughtBy: "AdjointTests.CastTests"),
  ]
}
