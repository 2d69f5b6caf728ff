extension WrongLine {
  /// Wrong lines in what is printed, drawn, traced and looked for.
  static let inspection: [WrongLine] = [
    WrongLine(
      "a trace leaves out the last step of each unit",
      in: "Sources/Adjoint/Inspection/Session+Trace.swift",
      replace: "plan.steps(of: firstUnit + Int(unit.index)).map { step in",
      with: "plan.steps(of: firstUnit + Int(unit.index)).dropLast().map { step in",
      caughtBy: "AdjointTests.TraceLawTests"),
    WrongLine(
      "the time of a step in a trace is when it ended",
      in: "Sources/Adjoint/Inspection/Session+Trace.swift",
      replace: "times[step] = MonotonicClock.now - start",
      with: "times[step] = MonotonicClock.now",
      caughtBy: "AdjointTests.TraceLawTests"),
    WrongLine(
      "a trace names three gates of a chain",
      in: "Sources/Adjoint/Inspection/Session+Trace.swift",
      replace: "distinct.prefix(4)",
      with: "distinct.prefix(3)",
      caughtBy: "AdjointTests.TraceLawTests"),
    WrongLine(
      "negative infinity is not looked for",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: "includingInfinity && value.isInfinite",
      with: "includingInfinity && value == .infinity",
      caughtBy: "AdjointTests.NonFiniteLawTests"),
    WrongLine(
      "what parameters hold is not looked at",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: "doors.inputs + doors.parameters",
      with: "doors.inputs",
      caughtBy: "AdjointTests.NonFiniteLawTests"),
    WrongLine(
      "new values of parameters are not looked at",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: "program.endpoints.hasGradients || !program.plan.updates.isEmpty",
      with: "program.endpoints.hasGradients",
      caughtBy: "AdjointTests.NonFiniteLawTests"),
    WrongLine(
      "looking for a NaN updates parameters",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: """
        updating: false) }
            let found = try searchNonFinite(pass, includingInfinity: includingInfinity, cancellation)
        """,
      with: """
        updating: isComplete) }
            let found = try searchNonFinite(pass, includingInfinity: includingInfinity, cancellation)
        """,
      caughtBy: "AdjointTests.NonFiniteLawTests"),
    WrongLine(
      "the first gate of a run of scalars is not looked at",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: #"""
        provenance.scalars(of: run) {
                if let bad
        """#,
      with: #"""
        provenance.scalars(of: run).dropFirst() {
                if let bad
        """#,
      caughtBy: "AdjointTests.NonFiniteLawTests"),
    WrongLine(
      "a tangent is told as of the backward pass",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: "names.isTangent(node) ? nil :",
      with: "",
      caughtBy: "AdjointTests.NonFiniteLawTests"),
    WrongLine(
      "the last element is not looked at",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: "0..<signature.shape.elementCount",
      with: "0..<max(1, signature.shape.elementCount - 1)",
      caughtBy: "AdjointTests.NonFiniteLawTests"),
    WrongLine(
      "a forward pass outlasts reserving memory",
      in: "Sources/Adjoint/Inspection/Session+Memory.swift",
      replace: "progress.forwardVersion = nil",
      with: "",
      caughtBy: "AdjointTests.InspectedMemoryTests"),
    WrongLine(
      "reserving memory clears upstream gradients that were given",
      in: "Sources/Adjoint/Inspection/Session+Memory.swift",
      replace: #"""
        Set(
                endpoints.inputs.filter { fed.contains($0.node) }.map(\.place)
                  + upstreams.compactMap { endpoints.upstreams[$0]?.place })
        """#,
      with: #"Set(endpoints.inputs.filter { fed.contains($0.node) }.map(\.place))"#,
      caughtBy: "AdjointTests.InspectedMemoryTests"),
    WrongLine(
      "a forward pass outlasts trimming memory",
      in: "Sources/Adjoint/Inspection/Session+Memory.swift",
      replace: "progress.withLock { $0.forwardVersion = nil }",
      with: "",
      caughtBy: "AdjointTests.InspectedMemoryTests"),
    WrongLine(
      "liveness counts a value written over its operand twice",
      in: "Sources/Adjoint/Inspection/Program+Liveness.swift",
      replace: "if isCovered != wasCovered {",
      with: "if isCovered == (change > 0) {",
      caughtBy: "AdjointTests.InspectedMemoryTests"),
    WrongLine(
      "doubles of a slab are counted as floats",
      in: "Sources/Adjoint/Inspection/Program+Liveness.swift",
      replace: "placement.float64Slots * 8",
      with: "placement.float64Slots * 4",
      caughtBy: "AdjointTests.InspectedMemoryTests"),
    WrongLine(
      "a branch of a picture has the first of two contributions",
      in: "Sources/AdjointPictures/PictureNumbers.swift",
      replace: "sum.map { zip($0, sent).map(+) } ?? sent",
      with: "sum ?? sent",
      caughtBy: "AdjointPicturesTests.PictureNumberTests"),
    WrongLine(
      "each branch of a DOT picture has the whole gradient",
      in: "Sources/AdjointPictures/PictureDOT.swift",
      replace: "isBranch ? PictureWords.Stem(gradient: words.sent(over: index)) : words.stem(of: link.flow)",
      with: "words.stem(of: link.flow)",
      caughtBy: "AdjointPicturesTests.PictureNumberTests"),
    WrongLine(
      "a DOT picture leaves out the last edge",
      in: "Sources/AdjointPictures/PictureDOT.swift",
      replace: "picture.links.enumerated() {",
      with: "picture.links.enumerated().dropLast() {",
      caughtBy: "AdjointPicturesTests.PictureNumberTests"),
    WrongLine(
      "values and gradients of a DOT picture have each other's colour",
      in: "Sources/AdjointPictures/PictureDOT.swift",
      replace: ##"(stem.value, "#0a8a0a"), (stem.gradient, "#dd1111")"##,
      with: ##"(stem.gradient, "#0a8a0a"), (stem.value, "#dd1111")"##,
      caughtBy: "AdjointPicturesTests.PictureNumberTests"),
    WrongLine(
      "two edges to one gate are one",
      in: "Sources/AdjointPictures/Picture.swift",
      replace: "LinkKey(flow: flow, to: edge.to, entry: edge.entry)",
      with: "LinkKey(flow: flow, to: edge.to, entry: nil)",
      caughtBy: "AdjointPicturesTests.PictureNumberTests"),
    WrongLine(
      "three elements are told by their ends",
      in: "Sources/AdjointPictures/PictureNumbers.swift",
      replace: "values.count <= 3",
      with: "values.count < 3",
      caughtBy: "AdjointPicturesTests.PictureNumberTests"),
    WrongLine(
      "a table sums up six elements",
      in: "Sources/Adjoint/Inspection/PrintedTable.swift",
      replace: "elements.count <= 6",
      with: "elements.count < 6",
      caughtBy: "AdjointPicturesTests.PictureNumberTests"),
    WrongLine(
      "an ellipsis stands after an input",
      in: "Sources/Adjoint/Inspection/GraphPrinting.swift",
      replace: "edge.depth == 1 && !inputs.isEmpty",
      with: "edge.depth == 1",
      caughtBy: "AdjointPicturesTests.PictureNumberTests"),
    WrongLine(
      "a copy gate of two branches has no numbers",
      in: "Sources/AdjointPictures/PictureWords.swift",
      replace: "counts[link.flow] > 1, flow.values.count == 1",
      with: "counts[link.flow] > 2, flow.values.count == 1",
      caughtBy: "AdjointPicturesTests.PictureNumberTests"),
    WrongLine(
      "a trace calls all parts of a divided call by the same name",
      in: "Sources/Adjoint/Inspection/Session+Trace.swift",
      replace: "return \"\\(name), \\(range.lowerBound)..<\\(range.upperBound) of \\(plan.calls[call].extent)\"",
      with: "return name",
      caughtBy: "AdjointTests.TraceLawTests"),
    WrongLine(
      "a trace says how long a part is instead of where it ends",
      in: "Sources/Adjoint/Inspection/Session+Trace.swift",
      replace: "..<\\(range.upperBound) of",
      with: "..<\\(range.count) of",
      caughtBy: "AdjointTests.TraceLawTests"),
    WrongLine(
      "a trace says of how many parts a call is instead of its extent",
      in: "Sources/Adjoint/Inspection/Session+Trace.swift",
      replace: "of \\(plan.calls[call].extent)\"",
      with: "of \\(count)\"",
      caughtBy: "AdjointTests.TraceLawTests"),
    WrongLine(
      "a call that is not divided is called a part of itself",
      in: "Sources/Adjoint/Inspection/Session+Trace.swift",
      replace: "guard let count = partCounts[call], count > 1 else",
      with: "guard let count = partCounts[call], count > 0 else",
      caughtBy: "AdjointTests.TraceLawTests"),
    WrongLine(
      "an explanation tells costs that were measured",
      in: "Sources/Adjoint/Inspection/Explanation/Explanation+Calls.swift",
      replace: "?? call.cost(at: .nominal)",
      with: "?? call.cost(at: plan.costs)",
      caughtBy: "AdjointTests.ExplanationLawTests/`no cost that was measured is told`"),
    WrongLine(
      "the cost of a loop is told as it was measured",
      in: "Sources/Adjoint/Inspection/Explanation/Explanation+Calls.swift",
      replace: "loop.plan.costs != .nominal",
      with: "loop.plan.costs == .nominal",
      caughtBy: "AdjointTests.ExplanationLawTests/`no cost that was measured is told`"),
    WrongLine(
      "each part of a call costs what the call does",
      in: "Sources/Adjoint/Inspection/Explanation/Explanation+Units.swift",
      replace: "sum += cost / Float(index.calls[call].units.count)",
      with: "sum += cost",
      caughtBy: "AdjointTests.ExplanationLawTests"),
    WrongLine(
      "an explanation leaves out the last item that it may show",
      in: "Sources/Adjoint/Inspection/Explanation/ExplanationPart.swift",
      replace: "if itemCount <= Self.mostItems",
      with: "if itemCount < Self.mostItems",
      caughtBy: "AdjointTests.ExplanationLawTests"),
    WrongLine(
      "the last to read a chain is said to end it",
      in: "Sources/Adjoint/Compilation/Lowering/FuseElementwise.swift",
      replace: "if notesReaders, states[Int(chainOf[input.int])].isOpen {",
      with: "if notesReaders {",
      caughtBy: "AdjointTests.ChainEndTests/`what reads a chain behind its end is counted`"),
    WrongLine(
      "a fence that ends a chain is taken for its limit",
      in: "Sources/Adjoint/Compilation/Lowering/FuseElementwise.swift",
      replace: "if reader.fences != state.fences { return (.fence, node) }",
      with: "",
      caughtBy: "AdjointTests.ChainEndTests/`a fence ends a chain`"),
    WrongLine(
      "an explanation leaves a slot of the backward pass out of the sum",
      in: "Sources/Adjoint/Inspection/Explanation/Explanation+Memory.swift",
      replace: "else { counts.gradients += slot.byteCount }",
      with: "",
      caughtBy: "AdjointTests.ExplanationLawTests/`what is told of memory adds up to what a session takes`"),
    WrongLine(
      "scalars that the backward pass computes are counted as values",
      in: "Sources/Adjoint/Inspection/Explanation/PlanIndex.swift",
      replace: "if isBackward { backwardScalarBytes += run.slots.count * run.type.byteCount }",
      with: "",
      caughtBy: "AdjointTests.ExplanationTests"),
    WrongLine(
      "what is computed again is told with what is computed once",
      in: "Sources/Adjoint/Inspection/Explanation/CompilationRecord.swift",
      replace: "if let count = remaining[value], count > 0",
      with: "if let count = remaining[value], count > 1",
      caughtBy: "AdjointTests.ExplanationTests"),
  ]
}
