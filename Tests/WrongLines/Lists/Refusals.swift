extension WrongLine {
  /// Wrong lines in what refuses a mistake: of a gate from outside the package, of what is fed, of a step that went
  /// wrong.
  static let refusals: [WrongLine] = [
    WrongLine(
      "an update is put in place whatever the gradients are",
      in: "Sources/Adjoint/Execution/Guards/Session+Guards.swift",
      replace: "!magnitude(of: guarded).isFinite",
      with: "magnitude(of: guarded) > .infinity",
      caughtBy: "AdjointTests.NonFiniteGuardTests"),
    WrongLine(
      "only a NaN is refused",
      in: "Sources/Adjoint/Execution/Guards/Session+Guards.swift",
      replace: "!magnitude(of: guarded).isFinite",
      with: "magnitude(of: guarded).isNaN",
      caughtBy: "AdjointTests.NonFiniteGuardTests"),
    WrongLine(
      "the producer of an infinity is looked for among NaNs",
      in: "Sources/Adjoint/Execution/Guards/Session+Guards.swift",
      replace: "return search(includingInfinity: true)",
      with: "return search(includingInfinity: false)",
      caughtBy: "AdjointTests.NonFiniteGuardTests"),
    WrongLine(
      "a guarded value is looked at in the forward pass's memory",
      in: "Sources/Adjoint/Compilation/Plan/Endpoints.swift",
      replace: "graph.roots.gradients.dropFirst(variables.count)",
      with: "graph.roots.gradients",
      caughtBy: "AdjointTests.NonFiniteGuardTests"),
    WrongLine(
      "a trainer guards the loss alone",
      in: "Sources/AdjointTraining/Loop/Steps/TrainingStep.swift",
      replace: "options.refusesNonFinite ? [loss] + gradients : []",
      with: "[]",
      caughtBy: "AdjointTrainingTests.NonFiniteStepTests"),
    WrongLine(
      "a clipped trainer refuses by itself what the guard should name",
      in: "Sources/AdjointTraining/Loop/Steps/GradientUpdate.swift",
      replace: "refusesNonFinite: !options.refusesNonFinite",
      with: "refusesNonFinite: true",
      caughtBy: "AdjointTrainingTests.NonFiniteStepTests"),
    WrongLine(
      "the count of what an unread input is fed is not checked",
      in: "Sources/Adjoint/Execution/Session+Loans.swift",
      replace: """
              try check(endpoint, T.self, count: values.count)
              if try ignores(endpoint) { return try body() }
        """,
      with: """
              if try ignores(endpoint) { return try body() }
              try check(endpoint, T.self, count: values.count)
        """,
      caughtBy: "AdjointTests.UnreadInputTests"),
    WrongLine(
      "the state of a scan is fed like an input",
      in: "Sources/Adjoint/Execution/Feeding/UnreadSources.swift",
      replace: "case is Input: role = .unread",
      with: "case is any SourceGate: role = .unread",
      caughtBy: "AdjointTests.UnreadInputTests"),
    WrongLine(
      "a kernel that leaves elements unwritten is believed",
      in: "Sources/Adjoint/Gates/Calls/OwnCall.swift",
      replace: "if suspects.isEmpty { return }",
      with: "if suspects.count < written.count { return }",
      caughtBy: "AdjointTests.WrongAnswerTests"),
    WrongLine(
      "a value that looks like the pattern counts as unwritten",
      in: "Sources/Adjoint/Gates/Calls/OwnCall.swift",
      replace: "isFilled(result, $0, Pattern.second)",
      with: "!isFilled(result, $0, Pattern.second)",
      caughtBy: "AdjointTests.WrongAnswerTests"),
    WrongLine(
      "each block of a formula reads the elements of the first",
      in: "Sources/Adjoint/Gates/Elementwise/FormulaCall.swift",
      replace: "var elements = base + block.lowerBound * size",
      with: "var elements = base",
      caughtBy: "AdjointTests.FormulaTests"),
    WrongLine(
      "a formula claims to read of a repeated operand what it reads of others",
      in: "Sources/Adjoint/Gates/Elementwise/FormulaCall.swift",
      replace: "plans[position].map { $0.elementsRead(of: 0, for: range) } ?? range",
      with: "plans[position].map { _ in range } ?? range",
      caughtBy: "AdjointTests.FormulaTests"),
    WrongLine(
      "a result that is spoilt over its operand is believed",
      in: "Sources/Adjoint/Gates/Calls/OwnCall.swift",
      replace: "where !areEqual(beside, outputs[0], at: element)",
      with: "where element < 0",
      caughtBy: "AdjointTests.WrongAnswerTests"),
    WrongLine(
      "parts that leave a gap are believed",
      in: "Sources/Adjoint/Compilation/Costs/StatedCosts.swift",
      replace: "if range.lowerBound != end {",
      with: "if range.lowerBound < end {",
      caughtBy: "AdjointTests.WrongAnswerTests"),
    WrongLine(
      "a gradient of another graph is taken for one of this",
      in: "Sources/Adjoint/Differentiation/Differentiation+Reverse.swift",
      replace: "guard gradient.graph === graph else {",
      with: "guard gradient.graph === graph || gradient.id.int < graph.nodeCount else {",
      caughtBy: "AdjointTests.WrongAnswerTests"),
    WrongLine(
      "a constant keeps its element type, and the other operand is cast",
      in: "Sources/Adjoint/Graph/GraphState.swift",
      replace: "isConstant(partner), !isConstant(operand)",
      with: "isConstant(operand), !isConstant(partner)",
      caughtBy: "AdjointTests.ElementTypeLawTests"),
    WrongLine(
      "a first value that rounds to infinity is a number",
      in: "Sources/Adjoint/Graph/Elements/ElementType.swift",
      replace: "(2 - ulpOfOne / 2) * Self.power(greatestExponent)",
      with: ".infinity",
      caughtBy: "AdjointTests.InitializerRefusalTests"),
    WrongLine(
      "only the first of given values is looked at",
      in: "Sources/Adjoint/Graph/Elements/TensorValues.swift",
      replace: "for start in stride(from: 0, to: elements.count, by: Self.block) {",
      with: "for start in [0] where elements.count > 0 {",
      caughtBy: "AdjointTests.InitializerRefusalTests"),
  ]
}
