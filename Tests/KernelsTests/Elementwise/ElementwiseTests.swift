import DependencyScheduling
import Kernels
import Testing

@Suite(.timeLimit(.minutes(20))) struct ElementwiseTests {
  /// Operands where something happens: zeros, ties, subnormal numbers, the ends, infinities, NaN.
  private func specialValues<T: KernelFloat>() -> [T] {
    let positive: [T] = [
      0, T.leastNonzeroMagnitude, T.leastNormalMagnitude, 0.25, 0.5, 0.625, 1, 1.5, 2, 3, 10, 88, 90, 105, 800,
      T.greatestFiniteMagnitude, .infinity,
    ]
    return positive + positive.map { -$0 } + [.nan]
  }

  private func checkSpecialValues<T: KernelFloat>(_ operation: ElementwiseOperation, _: T.Type) {
    let values: [T] = specialValues()
    let count = values.count
    var a: [T] = []
    var b: [T] = []
    var c: [T] = []
    for first in values {
      for second in values {
        a.append(first)
        b.append(second)
        c.append(operation == .route ? values[(a.count * 7) % count] : 1)
      }
    }
    let shape = [a.count]
    let result = elementwise(operation, output: shape, Array([(shape, a), (shape, b), (shape, c)][..<operation.arity]))
    for index in result.indices {
      let expected = definition(operation, a[index], b[index], c[index])
      let agrees =
        operation.isExact ? same(result[index], expected) : steps(between: result[index], and: expected) <= 3
      #expect(agrees, "\(operation)(\(a[index]), \(b[index]), \(c[index])) is \(expected), got \(result[index])")
    }
  }

  @Test(arguments: ElementwiseOperation.allCases)
  func `an operation gives what its definition gives, at the edges too`(operation: ElementwiseOperation) {
    checkSpecialValues(operation, Float.self)
    checkSpecialValues(operation, Double.self)
  }

  private func checkLayouts<T: KernelFloat>(_: T.Type, rank: Int) {
    var numbers = SeededGenerator(seed: UInt64(rank))
    for output in shapes(rank: rank) {
      let places = coordinates(of: output)
      let operands = operandShapes(under: output)
      let data = operands.map { (shape: $0, values: randomValues(elementCount($0), &numbers) as [T]) }
      let under = data.map { operand in
        places.map { operand.values[broadcastIndex($0, operand: operand.shape)] }
      }
      for first in data.indices {
        for second in data.indices {
          let result = elementwise(
            .subtract, output: output,
            [(data[first].shape, data[first].values), (data[second].shape, data[second].values)])
          let expected = zip(under[first], under[second]).map { $0 - $1 }
          #expect(result == expected, "\(data[first].shape) - \(data[second].shape) under \(output)")
        }
        let third = Int.random(in: data.indices, using: &numbers)
        let fourth = Int.random(in: data.indices, using: &numbers)
        let routed = elementwise(
          .route, output: output, [first, third, fourth].map { (data[$0].shape, data[$0].values) },
          cuts: oddCuts(places.count, &numbers))
        let expected = places.indices.map {
          definition(.route, under[first][$0], under[third][$0], under[fourth][$0])
        }
        #expect(routed == expected, "route of \(data[first].shape), \(data[third].shape), \(data[fourth].shape)")
        #expect(elementwise(.copy, output: output, [(data[first].shape, data[first].values)]) == under[first])
      }
    }
  }

  @Test(arguments: 0...4)
  func `operands of every layout up to rank 4 broadcast as NumPy does`(rank: Int) {
    checkLayouts(Float.self, rank: rank)
    if rank < 4 { checkLayouts(Double.self, rank: rank) }
  }

  @Test(arguments: [
    ([40, 300], [40, 300], [300]), ([40, 300], [300], [40, 300]), ([40, 300], [40, 1], [40, 300]),
    ([40, 300], [40, 300], []), ([7, 5, 70], [7, 1, 70], [5, 1]), ([300, 9], [300, 1], [9]), ([3, 2000], [1], [3, 1]),
    ([6, 1, 130], [1, 1, 130], [6, 1, 1]),
  ])
  func `long rows, columns and scalars broadcast, cut anywhere`(output: [Int], first: [Int], second: [Int]) {
    var numbers = SeededGenerator(seed: 5)
    let a: [Float] = randomValues(elementCount(first), &numbers)
    let b: [Float] = randomValues(elementCount(second), &numbers)
    let expected = coordinates(of: output).map {
      a[broadcastIndex($0, operand: first)] / b[broadcastIndex($0, operand: second)]
    }
    #expect(elementwise(.divide, output: output, [(first, a), (second, b)]) == expected)
    let cuts = oddCuts(expected.count, &numbers)
    #expect(elementwise(.divide, output: output, [(first, a), (second, b)], cuts: cuts) == expected)
  }

  private func checkCuts<T: KernelFloat>(_ operation: ElementwiseOperation, _: T.Type) {
    var numbers = SeededGenerator(seed: 17)
    let count = 1500
    let shape = [count]
    let operands: [[T]] = (0..<3).map { _ in
      (0..<count).map { _ in
        // All magnitudes, so that every branch of a polynomial is taken in vector bodies and in tails.
        let magnitude = pow10(Double.random(in: -12...12, using: &numbers))
        return T(Bool.random(using: &numbers) ? magnitude : -magnitude)
      }
    }
    let given = operands[..<operation.arity].map { (shape, $0) }
    let whole = elementwise(operation, output: shape, given)
    for _ in 0..<3 {
      let pieces = elementwise(operation, output: shape, given, cuts: oddCuts(count, &numbers))
      #expect(same(whole, pieces), "\(operation) depends on where its range is cut")
    }
    #expect(same(whole, inPlace(operation, operands: Array(operands[..<operation.arity]))))
  }

  private func pow10(_ exponent: Double) -> Double {
    (0..<Int(abs(exponent))).reduce(1) { value, _ in exponent < 0 ? value / 10 : value * 10 } * (1 + abs(exponent) / 3)
  }

  /// Each operand in turn gives its memory to the result.
  private func inPlace<T: KernelFloat>(_ operation: ElementwiseOperation, operands: [[T]]) -> [T] {
    let count = operands[0].count
    let plan = BroadcastPlan(output: [count], operands: operands.map { _ in [count] })
    var results: [[T]] = []
    for place in operands.indices {
      withPointers(to: operands) { inputs in
        let output = UnsafeMutableRawPointer(mutating: inputs[place])
        runElementwise(operation, T.elementType, plan: plan, inputs: inputs, output: output, range: 0..<count)
        results.append(
          Array(UnsafeBufferPointer(start: output.assumingMemoryBound(to: T.self), count: count)))
      }
    }
    for other in results.dropFirst() { #expect(same(results[0], other), "\(operation) in place of another operand") }
    return results[0]
  }

  @Test(arguments: ElementwiseOperation.allCases)
  func `where a range is cut, and whose memory is overwritten, changes no bit`(operation: ElementwiseOperation) {
    checkCuts(operation, Float.self)
    checkCuts(operation, Double.self)
  }

  @Test func `integers are copied and added, wrapping around`() {
    let a: [Int32] = [1, -5, .max, 7]
    let b: [Int32] = [2, 5, 1, -9]
    let plan = BroadcastPlan(output: [4], operands: [[4], [4]])
    var output = [Int32](repeating: 0, count: 4)
    withPointers(to: [a, b]) { inputs in
      output.withUnsafeMutableBytes {
        runElementwise(.add, .int32, plan: plan, inputs: inputs, output: $0.baseAddress!, range: 0..<4)
      }
    }
    #expect(output == [3, 0, .min, -2])
    let repeated = BroadcastPlan(output: [3, 4], operands: [[4]])
    var rows = [Int32](repeating: 0, count: 12)
    rows.withUnsafeMutableBytes { bytes in
      a.withUnsafeBytes {
        runBroadcast(elementSize: 4, plan: repeated, input: $0.baseAddress!, output: bytes.baseAddress!, range: 0..<12)
      }
    }
    #expect(rows == a + a + a)
  }
}
