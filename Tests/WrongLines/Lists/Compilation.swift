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

  /// Wrong lines in graphs, and in the lowering of graphs to calls.
  static let compilation: [WrongLine] = [
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
      in: "Sources/Adjoint/Compilation/Costs/StatedCosts.swift",
      replace: "if extent < 1 {",
      with: "if extent < 0 {",
      caughtBy: "AdjointTests.OwnKernelCallTests/`a call that makes no sense is an error with the line`"),
    WrongLine(
      "a kernel call may read beyond its operand",
      in: "Sources/Adjoint/Compilation/Costs/StatedCosts.swift",
      replace: "range.upperBound > signature.shape.elementCount",
      with: "range.upperBound > signature.shape.elementCount + 1",
      caughtBy: "AdjointTests.OwnKernelCallTests/`a call that makes no sense is an error with the line`"),
    WrongLine(
      "a kernel call may leave elements unwritten",
      in: "Sources/Adjoint/Compilation/Costs/StatedCosts.swift",
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
      "a sum of pads keeps -0",
      in: "Sources/CKernels/accumulate.c",
      replace: "output[i] = input[i] + (ELEMENT)0;",
      with: "output[i] = input[i] + -(ELEMENT)0;",
      caughtBy: "AdjointTests.RewriteLawTests"),
    WrongLine(
      "an array of zeros of both signs repeats a value",
      in: "Sources/Adjoint/Graph/Elements/TensorValues.swift",
      replace: "guard memcmp(base, base + size, (count - 1) * size) == 0 else",
      with: "guard Set(doubles(at: base, count: count)).count == 1 else",
      caughtBy: "AdjointTests.RepeatedConstantTests"),
    WrongLine(
      "gates that read each element read a number",
      in: "Sources/Adjoint/Compilation/Lowering/ReadRepeatedAsScalars.swift",
      replace: "guard storage.brief(of: node).keepsSignature, storage",
      with: "guard storage.inputCount(of: node) > 0, storage",
      caughtBy: "AdjointTests.RepeatedConstantTests"),
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
      "rows are taken for longer where outer axes are reduced, too",
      in: "Sources/Adjoint/Compilation/Lowering/DivideReductions.swift",
      replace: "guard others.allSatisfy({ self[$0] == 1 }) else { return nil }",
      with: "",
      caughtBy: "AdjointTests.RewriteLawTests"),
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
      in: "Sources/Adjoint/Compilation/Costs/CostModel.swift",
      replace: "type.isDouble ? operationsPerNanosecond / 2",
      with: "type.isDouble ? operationsPerNanosecond",
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
      in: "Sources/Adjoint/Compilation/Costs/ChainWork.swift",
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
      in: "Sources/Adjoint/Compilation/Costs/CostModel+Measured.swift",
      replace: "* 1e-9",
      with: "* 1e-6",
      caughtBy: "AdjointTests.CostModelTests/`measured speeds are in elements and operations a nanosecond`"),
    WrongLine(
      "the gates of a chain cost nothing",
      in: "Sources/Adjoint/Compilation/Costs/ChainWork.swift",
      replace: "+ arithmetic * Float(chain.count)",
      with: "+ 0 * arithmetic * Float(chain.count)",
      caughtBy: "AdjointTests.CostModelTests/`a chain costs what it reads and writes, and each of its operations`"),
    WrongLine(
      "finer parts are kept where they make the critical path longer",
      in: "Sources/Adjoint/Compilation/Planning/Division.swift",
      replace: "shorter < gain * longer",
      with: "shorter < longer / gain",
      caughtBy: finerParts),
    WrongLine(
      "a sum may be written over any of its contributions",
      in: "Sources/Adjoint/Gates/Calls/AccumulateCall.swift",
      replace: "-> Bool { position == 0 }",
      with: "-> Bool { true }",
      caughtBy: "AdjointTests.FootprintTests/`a sum of many contributions keeps to its footprint`"),
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
      replace: "layout == .kernels ? (in: second, out: first) : (in: first, out: second)",
      with: "layout != .kernels ? (in: second, out: first) : (in: first, out: second)",
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
      replace: "with { $0.layout = .kernels }",
      with: "with { $0.layout = .matrix }",
      caughtBy: "AdjointTests.InitializerTests/`each rule has its mean and its variance`"),
    WrongLine(
      "a fraction in single precision is taken for an integer",
      in: "Sources/Adjoint/Graph/Elements/TensorValues.swift",
      replace: "elements.elementType == type ? nil :",
      with: "elements.elementType != .float64 ? nil :",
      caughtBy:
        "AdjointTests.InitializerTests/`an int32 parameter is refused if any value that its rule can give is no int32`"),
    WrongLine(
      "a call that reads what reaches no memory is not told",
      in: "Sources/Adjoint/Compilation/Calls/CallGraph+Invariants.swift",
      replace: "if isInner(operand) {",
      with: "if isInner(operand), operand == call.node {",
      caughtBy: "AdjointTests.CallGraphTests"),
    WrongLine(
      "a value that two calls write is not told",
      in: "Sources/Adjoint/Compilation/Calls/CallGraph+Invariants.swift",
      replace: "where !written.insert(result).inserted {",
      with: "where !written.insert(result).inserted && number < 0 {",
      caughtBy: "AdjointTests.CallGraphTests"),
    WrongLine(
      "a call that reads what is computed later is not told",
      in: "Sources/Adjoint/Compilation/Calls/CallGraph+Invariants.swift",
      replace: "if !isThere(operand) {",
      with: "if number > 0, !isThere(operand) {",
      caughtBy: "AdjointTests.CallGraphTests"),
    WrongLine(
      "the packed value of a scan that is taken apart has memory",
      in: "Sources/Adjoint/Compilation/Lowering/LowerToCalls.swift",
      replace: "    calls.keepFromMemory(node)\n    let loop",
      with: "    let loop",
      caughtBy: "AdjointTests.CallGraphTests"),
    WrongLine(
      "a chain reads a value once for each shape that it is shown in",
      in: "Sources/Adjoint/Compilation/Lowering/ChainCall.swift",
      replace: """
              let node = storage.original(of: node)

        """,
      with: "",
      caughtBy: "AdjointTests.CallGraphTests"),
    WrongLine(
      "the values within a chain are contributions to no sum in arrival order",
      in: "Sources/Adjoint/Compilation/Planning/UnitBuilder.swift",
      replace: "for result in call.results where result != node {",
      with: "for result in call.results.prefix(0) where result != node {",
      caughtBy: "AdjointTests.RepeatedNodeTests"),
    WrongLine(
      "a product that is an output is kept from memory",
      in: "Sources/Adjoint/Compilation/Calls/CallGraph.swift",
      replace: "for root in graph.roots.all { makers[original(of: root)] = nil }",
      with: "",
      caughtBy: "AdjointTests.FuseProductsTests"),
    WrongLine(
      "a product that two calls read goes on with the second",
      in: "Sources/Adjoint/Compilation/Calls/CallGraph.swift",
      replace: "if let other = readers[maker], other != number { makers[operand] = nil }",
      with: "",
      caughtBy: "AdjointTests.FuseProductsTests"),
    WrongLine(
      "a wide product is left to fewer workers for its chain",
      in: "Sources/Adjoint/Compilation/Calls/FuseProducts.swift",
      replace: "|| dividesByRows(product, into: Division.partCount(of: call.cost, each: Division.fine.part))",
      with: "|| true",
      caughtBy: "AdjointTests.FuseProductsTests"),
    WrongLine(
      "a chain is ahead of the rows that are multiplied",
      in: "Sources/Adjoint/Compilation/Calls/ProductChainCall.swift",
      replace: "try chained.run(operands, outputs, elements(of: blocks))",
      with: "try chained.run(operands, outputs, elements(of: range))",
      caughtBy: "AdjointTests.FuseProductsTests"),
    WrongLine(
      "an infinite product is told as its chain's",
      in: "Sources/Adjoint/Compilation/Calls/ProductChainCall.swift",
      replace: "if isFound(own) { return true }",
      with: "",
      caughtBy: "AdjointTests.FuseProductsTests"),
    WrongLine(
      "a value of a product's chain is told as the one before",
      in: "Sources/Adjoint/Compilation/Calls/ProductChainCall.swift",
      replace: "value.number += 1",
      with: "value.number += 0",
      caughtBy: "AdjointTests.FuseProductsTests"),
    WrongLine(
      "what a loop keeps in its own memory is looked at as its result",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: "guard !buffer.isScratch, buffer",
      with: "guard buffer",
      caughtBy: "AdjointTests.NonFiniteLawTests"),
    WrongLine(
      "a matrix is packed for one product of some rows",
      in: "Sources/Adjoint/Compilation/Calls/PackOperands.swift",
      replace: "times * saved - price >= least * times * time",
      with: "times * saved >= least * times * time",
      caughtBy: "AdjointTests.PackOperandsTests"),
    WrongLine(
      "matrices are packed where values are computed again for want of memory",
      in: "Sources/Adjoint/Compilation/Calls/PackOperands.swift",
      replace: "let isTight = !calls.graph.fences.isEmpty",
      with: "let isTight = false",
      caughtBy: "AdjointTests.PackOperandsTests"),
    WrongLine(
      "a constant that a result shows is kept as panels alone",
      in: "Sources/Adjoint/Compilation/Calls/PackOperands.swift",
      replace: "for node in calls.graph.roots.all { unread.remove(calls.original(of: node)) }",
      with: "",
      caughtBy: "AdjointTests.PackOperandsTests"),
    WrongLine(
      "a matrix that a step reads as an element is packed before the loop",
      in: "Sources/Adjoint/Compilation/Calls/PackOperands.swift",
      replace: "} else if let loop = calls.loop, loop.invariants.contains(matrix) {",
      with: "} else if let loop = calls.loop {",
      caughtBy: "AdjointTests.PackOperandsTests"),
    WrongLine(
      "panels are made behind all else",
      in: "Sources/Adjoint/Compilation/Planning/RunOrder.swift",
      replace: "before[reader, default: []].append(node)",
      with: "before[NodeID(passes.count - 2), default: []].append(node)",
      caughtBy: "AdjointTests.PackOperandsTests"),
  ]
}
