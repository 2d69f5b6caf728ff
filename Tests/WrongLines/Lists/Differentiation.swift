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
      replace: "        ring[last].next = UInt32(newest)\n        sent[node.int] = Link(lastEntry: newest)\n",
      with: "",
      caughtBy: manyReaders),
    WrongLine(
      "a contribution that is left over alone after a full sum is lost",
      in: "Sources/Adjoint/Differentiation/Contributions.swift",
      replace: "let sum = end - start == 1 ? terms[start] : state",
      with: "if end - start == 1 { continue }\n        let sum = state",
      caughtBy: manyReaders),
    WrongLine(
      "sums of sums keep the first sixteen",
      in: "Sources/Adjoint/Differentiation/Contributions.swift",
      replace: "terms.removeLast(terms.count - sums)",
      with: "terms.removeLast(terms.count - min(sums, 16))",
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
      in: "Sources/Adjoint/Recognition/FormulaSearch.swift",
      replace: "case .float64(let values): return values.allSatisfy { $0 == values[0] } ? values.first : nil",
      with: "case .float64(let values): return values.first",
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
  ]
}
