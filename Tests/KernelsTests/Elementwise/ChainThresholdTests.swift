import DependencyScheduling
import Kernels
import Testing

/// Chains at the thresholds that decide how they are worked: blocks of 64 elements in one go, temporaries and operands
/// up to the most there may be, indices in every place of a block, rows up to a leaf's length.
@Suite(.timeLimit(.minutes(20))) struct ChainThresholdTests {
  private func run<T: KernelFloat>(_ chain: ElementwiseChain, _ memory: [[T]], cuts: [Int]) throws -> [[T]] {
    let outputs = (0..<chain.outputCount).map { _ in
      UnsafeMutableRawPointer(UnsafeMutablePointer<T>.allocate(capacity: chain.count))
    }
    defer { outputs.forEach { $0.deallocate() } }
    try withPointers(to: memory) { inputs in
      for (begin, end) in zip(cuts, cuts.dropFirst()) {
        try runChain(chain, T.elementType, inputs: inputs, outputs: outputs, range: begin..<end)
      }
    }
    return outputs.map { Array(UnsafeBufferPointer(start: $0.assumingMemoryBound(to: T.self), count: chain.count)) }
  }

  private func pointer<T>(_ values: [T]) -> UnsafeRawPointer {
    let memory = UnsafeMutablePointer<T>.allocate(capacity: values.count)
    memory.initialize(from: values, count: values.count)
    return UnsafeRawPointer(memory)
  }

  /// Sums of squares that are all there at once: as many temporaries as there are operands.
  @Test(arguments: [1, 15, 16, 17, 63, 64, 65, 127, 128, 129])
  func `few and many temporaries give the same, in few and many elements`(count: Int) throws {
    func check<T: KernelFloat>(temporaries: Int, isInPlace: Bool, _: T.Type) throws {
      var builder = ElementwiseChain.Builder(shape: [count])
      let x = builder.operand(.whole([count]))
      let one = builder.operand(isInPlace ? .whole([count]) : .broadcast([1], to: [count]))
      let squares = (0..<temporaries).map { _ in builder.apply(.multiply, [x, x]) }
      let sum = squares.reduce(one) { builder.apply(.add, [$0, $1]) }
      let chain = builder.finish(outputs: [sum])
      let memory: [[T]] = [(0..<count).map { T($0 % 50) }, [T](repeating: 1, count: isInPlace ? count : 1)]
      let expected = (0..<count).map { T(temporaries * ($0 % 50) * ($0 % 50) + 1) }
      for cuts in [[0, count], [0, count / 2, count], [0, count - 1, count]] {
        #expect(try run(chain, memory, cuts: cuts) == [expected], "\(temporaries) temporaries, cut \(cuts)")
      }
    }
    for temporaries in [1, 30, 31, 32, 33, 34, 100, 127] {
      for isInPlace in [true, false] {
        try check(temporaries: temporaries, isInPlace: isInPlace, Float.self)
        try check(temporaries: temporaries, isInPlace: isInPlace, Double.self)
      }
    }
  }

  @Test func `the longest chain of the most operands, each repeated, fits its room`() throws {
    let operandCount = ElementwiseChain.Demand.most.operands
    let operationCount = ElementwiseChain.Demand.most.operations
    let shape = [40, 17]
    var builder = ElementwiseChain.Builder(shape: shape)
    let operands = (0..<operandCount).map { number -> Int in
      let operand = number % 2 == 0 ? [1] : [40, 1]
      return builder.operand(.broadcast(operand, to: shape))
    }
    // Half of all operations make values that are kept until the other half adds them up.
    let kept = (0..<operationCount / 2).map { builder.apply(.add, [operands[$0 % operandCount], operands[0]]) }
    let sum = kept.dropFirst().reduce(kept[0]) { builder.apply(.add, [$0, $1]) }
    let result = builder.apply(.subtract, [sum, operands[1]])
    let chain = builder.finish(outputs: [result])
    #expect(chain.operationCount == operationCount)
    let memory = (0..<operandCount).map { number -> [Double] in
      if number % 2 == 0 { return [Double(number + 1)] }
      return (0..<40).map { Double(number * 40 + $0) }
    }
    let expected = (0..<40 * 17).map { place -> Double in
      func value(_ operand: Int) -> Double { memory[operand][operand % 2 == 0 ? 0 : place / 17] }
      var sum = -value(1)
      for number in 0..<operationCount / 2 { sum += value(number % operandCount) + value(0) }
      return sum
    }
    for cuts in [[0, 680], [0, 3, 333, 680]] { #expect(try run(chain, memory, cuts: cuts) == [expected]) }
  }

  @Test func `an index that names no row is found in every place of a block`() throws {
    for (count, columns) in [(64, 1), (65, 1), (513, 1), (33, 3)] {
      let shape = columns == 1 ? [count] : [count, columns]
      var builder = ElementwiseChain.Builder(shape: shape)
      let named = builder.operand(.indices(under: shape))
      let rows = builder.operand(.gathered(shape, rows: 5, columns: columns, by: named))
      let chain = { builder.finish(outputs: [$0]) }(builder.apply(.negate, [rows]))
      let table = pointer((0..<5 * columns).map { Float($0) })
      let output = UnsafeMutablePointer<Float>.allocate(capacity: chain.count)
      defer {
        table.deallocate()
        output.deallocate()
      }
      let places = Set([0, 1, 14, 15, 16, 31, 62, 63, 64, 511, 512, count - 2, count - 1]).filter { $0 < count }
      for place in places {
        for wrong: Int32 in [5, -1, .max, .min] {
          var indices = (0..<count).map { Int32($0 % 5) }
          indices[place] = wrong
          let named = pointer(indices)
          defer { named.deallocate() }
          let error = #expect(throws: ChainIndexOutOfRange.self) {
            try runChain(
              chain, .float32, inputs: [named, table], outputs: [UnsafeMutableRawPointer(output)],
              range: 0..<chain.count)
          }
          #expect(error?.error == IndexOutOfRange(position: place, index: Int(wrong), rowCount: 5))
        }
      }
    }
  }

  /// An index names 2^31 rows at most, and a table may have more.
  @Test(arguments: [1, 2], [1 << 31, 1 << 32, 1 << 32 + 1])
  func `a table of more rows than indices can name is read where they point`(columns: Int, rows: Int) throws {
    let shape = [20, columns]
    var builder = ElementwiseChain.Builder(shape: shape)
    let named = builder.operand(.indices(under: shape))
    let gathered = builder.operand(.gathered(shape, rows: rows, columns: columns, by: named))
    let chain = { builder.finish(outputs: [$0]) }(builder.apply(.negate, [gathered]))
    let indices = (0..<20).map { Int32($0 % 7) }
    let inputs = [pointer(indices), pointer((0..<7 * columns).map { Float($0) })]
    defer { inputs.forEach { $0.deallocate() } }
    var output = [Float](repeating: 99, count: chain.count)
    try output.withUnsafeMutableBytes {
      try runChain(chain, .float32, inputs: inputs, outputs: [$0.baseAddress!], range: 0..<chain.count)
    }
    #expect(output == indices.flatMap { row in (0..<columns).map { -Float(Int(row) * columns + $0) } })
  }

  /// Rows shorter, as long as, and longer than what is reduced whole, by every operation.
  @Test(arguments: [1, 3, 33, 2_047, 2_048, 2_049, 4_095, 4_096, 4_097, 8_193])
  func `a chain that ends in a reduction has the bits of the chain and then the reduction`(columns: Int) throws {
    func check<T: KernelFloat>(_ operation: ReduceOperation, isStored: Bool, scale: T) throws {
      let rows = max(3, 4_200 / columns), count = rows * columns
      var numbers = SeededGenerator(seed: UInt64(columns))
      let values: [T] = randomValues(count, &numbers)
      var builder = ElementwiseChain.Builder(shape: [rows, columns])
      let x = builder.operand(.whole([rows, columns])), factor = builder.operand(.broadcast([1], to: [rows, columns]))
      let other = builder.apply(.negate, [x]), product = builder.apply(.multiply, [x, factor])
      let chain = builder.finish(outputs: [other, product])
      let reduction = ChainReduction(chain, operation, columns: columns, source: 1, isStored: isStored)
      let products = values.map { $0 * scale }
      var first = [T](repeating: 99, count: count), second = first
      var parts = [T](repeating: 99, count: reduction.resultCount), result = [T](repeating: 99, count: rows)
      try withPointers(to: [values, [scale]]) { inputs in
        try first.withUnsafeMutableBytes { first in
          try second.withUnsafeMutableBytes { second in
            try parts.withUnsafeMutableBytes { parts in
              let stored = [first.baseAddress!] + (isStored ? [second.baseAddress!] : [])
              let middle = reduction.resultCount / 2
              for range in [middle..<reduction.resultCount, 0..<middle] {
                try runChainReduction(
                  reduction, T.elementType, inputs: inputs, outputs: stored + [parts.baseAddress!], range: range)
              }
            }
          }
        }
      }
      var expected = result
      expected.withUnsafeMutableBytes { expected in
        products.withUnsafeBytes {
          runReduction(
            operation, T.elementType, plan: ReductionPlan(input: [rows, columns], axes: [1]), input: $0.baseAddress!,
            output: expected.baseAddress!, range: 0..<rows)
        }
      }
      if reduction.isOfLeaves {
        let plan = LeafPlan(rows: rows, columns: columns)
        result.withUnsafeMutableBytes { result in
          parts.withUnsafeBytes {
            runLeafJoin(
              operation, T.elementType, plan: plan, input: $0.baseAddress!, output: result.baseAddress!, range: 0..<rows
            )
          }
        }
      } else {
        result = parts
      }
      #expect(reduction.isOfLeaves == (columns > ChainReduction.longestRow))
      #expect(same(result, expected), "\(operation), \(T.self), stored \(isStored), times \(scale)")
      #expect(first == values.map { -$0 })
      if isStored { #expect(second == products) }
    }
    for operation in ReduceOperation.allCases {
      for isStored in [false, true] {
        try check(operation, isStored: isStored, scale: 3 as Float)
        try check(operation, isStored: isStored, scale: 3.0)
        try check(operation, isStored: isStored, scale: 1e30 as Float)
      }
    }
  }
}
