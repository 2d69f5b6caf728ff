import DependencyScheduling
import Kernels
import Testing

@Suite(.timeLimit(.minutes(20))) struct ScalarMachineTests {
  /// The results of `code`, laid behind `values`.
  private func results<T: KernelFloat>(_ code: [UInt32], _ count: Int, after values: [T]) -> [T] {
    var slab = values + [T](repeating: 0, count: count + 1)
    slab.withUnsafeMutableBytes {
      runScalars(T.elementType, code, words: code.count, slab: $0.baseAddress!, firstResult: values.count)
    }
    #expect(slab.last == 0, "a run writes nothing beyond its results")
    return Array(slab[values.count..<values.count + count])
  }

  private func check<T: KernelFloat>(_ operation: ElementwiseOperation, runsOf count: Int, _: T.Type) {
    var numbers = SeededGenerator(seed: UInt64(count))
    let values: [T] = randomValues(300, &numbers).map { $0 * $0 * $0 * 40 }
    let operands = (0..<operation.arity).map { _ in (0..<count).map { _ in Int(numbers.next() % 300) } }
    let gathered = operands.map { column in ([count], column.map { values[$0] }) }
    let expected = elementwise(operation, output: [count], gathered)
    let opcode = UInt8(operation.rawValue)
    var singles: [UInt32] = []
    for gate in 0..<count {
      singles.append(ScalarCode.head(opcode, .single))
      for column in operands { singles.append(UInt32(column[gate])) }
    }
    #expect(same(results(singles, count, after: values), expected))
    guard count >= ScalarCode.shortestRun else { return }
    let run = [ScalarCode.head(opcode, .run, count: count)] + operands.joined().map(UInt32.init)
    #expect(same(results(run, count, after: values), expected))
  }

  @Test(arguments: ElementwiseOperation.allCases)
  func `a scalar gate gives the bits that a tensor's element gets`(operation: ElementwiseOperation) {
    for count in 1...70 {
      check(operation, runsOf: count, Float.self)
      check(operation, runsOf: count, Double.self)
    }
  }

  @Test(arguments: [ElementwiseOperation.sine, .cosine])
  func `one wide angle changes no other gate of its run`(operation: ElementwiseOperation) {
    func check<T: KernelFloat>(_ wide: T) {
      // Blocks of 4 gates, of 16, and a last one that goes over what the one before it did.
      for count in [4, 5, 15, 16, 17, 40] {
        for place in 0..<count {
          var values = (0..<count).map { T($0) }
          values[place] = wide
          let expected = elementwise(operation, output: [count], [([count], values)])
          let run = [ScalarCode.head(UInt8(operation.rawValue), .run, count: count)] + (0..<count).map(UInt32.init)
          #expect(same(results(run, count, after: values), expected), "\(place) of \(count)")
        }
      }
    }
    check(3e30 as Float)
    check(3e300)
  }

  @Test(arguments: ElementwiseOperation.allCases.filter { $0.arity < 3 })
  func `operands that are the last two results are read from where they were kept`(operation: ElementwiseOperation) {
    checkKept(operation, after: [0.75, 1.5] as [Double])
    checkKept(operation, after: [0.75, 1.5] as [Float])
  }

  private func checkKept<T: KernelFloat>(_ operation: ElementwiseOperation, after values: [T]) {
    let opcode = UInt8(operation.rawValue)
    let isBinary = operation.arity == 2
    let other: [UInt32] = isBinary ? [1] : []
    // Elements 2 and 3 are the last two results when the next gate comes.
    let first = [ScalarCode.head(opcode, .single), 0] + other + [ScalarCode.head(opcode, .single), 1] + other
    let forms: [(form: ScalarCode.Form, left: [UInt32], reread: [UInt32])] =
      isBinary
      ? [
        (.firstIsLast, [1], [3, 1]), (.secondIsLast, [1], [1, 3]), (.firstIsBefore, [1], [2, 1]),
        (.lastAndBefore, [], [3, 2]), (.beforeAndLast, [], [2, 3]),
      ] : [(.firstIsLast, [], [3]), (.firstIsBefore, [], [2])]
    for (form, left, reread) in forms {
      let kept = first + [ScalarCode.head(opcode, form)] + left
      let plain = first + [ScalarCode.head(opcode, .single)] + reread
      #expect(same(results(kept, 3, after: values), results(plain, 3, after: values)), "\(form)")
    }
  }

  @Test(arguments: ElementwiseOperation.allCases.filter { $0.arity == 2 }, [1, 2, 3, 40])
  func `a series is its gates one by one, and leaves the last two at hand`(operation: ElementwiseOperation, count: Int)
  {
    checkSeries(operation, count: count, Float.self)
    checkSeries(operation, count: count, Double.self)
  }

  private func checkSeries<T: KernelFloat>(_ operation: ElementwiseOperation, count: Int, _: T.Type) {
    let opcode = UInt8(operation.rawValue)
    var numbers = SeededGenerator(seed: UInt64(count))
    let values: [T] = randomValues(50, &numbers)
    let operands = (0..<count).map { _ in UInt32(numbers.next() % 50) }
    let first = [ScalarCode.head(opcode, .single), 0, 1]
    let series = first + [ScalarCode.head(opcode, .series, count: count)] + operands
    var singles = first
    for (gate, operand) in operands.enumerated() {
      singles += [ScalarCode.head(opcode, .single), UInt32(50 + gate), operand]
    }
    let last = UInt32(50 + count)
    let reread = singles + [ScalarCode.head(opcode, .single), last - 1, last]
    let kept = series + [ScalarCode.head(opcode, .beforeAndLast)]
    #expect(same(results(kept, count + 2, after: values), results(reread, count + 2, after: values)))
  }

  private func checkZeros<T: KernelFloat>(_ operation: ElementwiseOperation, _: T.Type) {
    let opcode = UInt8(operation.rawValue)
    let tiny = T.leastNormalMagnitude
    let values: [T] = [1, 0, -0.0, .infinity, -.infinity, .nan, tiny, -tiny, -1, .greatestFiniteMagnitude]
    for start in values.indices {
      for (first, second) in (0..<100).map({ ($0 / 10, $0 % 10) }) {
        let operands = [first, second, 8].map(UInt32.init)
        let series =
          [ScalarCode.head(opcode, .single), UInt32(start), 0]
          + [ScalarCode.head(opcode, .series, count: 3)] + operands
        var expected = [definition(operation, values[start], values[0], 0)]
        for operand in operands {
          expected.append(definition(operation, expected.last!, values[Int(operand)], 0))
        }
        #expect(same(results(series, 4, after: values), expected), "\(values[start]): \(operands)")
      }
    }
    let pairs = (0..<100).map { (UInt32($0 / 10), UInt32($0 % 10)) }
    let singles = pairs.flatMap { [ScalarCode.head(opcode, .single), $0.0, $0.1] }
    let run = [ScalarCode.head(opcode, .run, count: 100)] + pairs.map(\.0) + pairs.map(\.1)
    let expected = pairs.map { definition(operation, values[Int($0.0)], values[Int($0.1)], 0) }
    #expect(same(results(singles, 100, after: values), expected))
    #expect(same(results(run, 100, after: values), expected))
  }

  @Test(arguments: [ElementwiseOperation.downstream, .mutualProduct, .downstreamQuotient])
  func `a zero is strong in singles, runs and series, and what is infinite or undefined stays so elsewhere`(
    operation: ElementwiseOperation
  ) {
    checkZeros(operation, Float.self)
    checkZeros(operation, Double.self)
  }

  @Test func `fetching lines changes nothing, wherever they lie`() {
    let square = UInt8(ElementwiseOperation.square.rawValue)
    let code = [ScalarCode.fetch(count: 3), 0, 1, 0x03FF_FFFF, ScalarCode.head(square, .single), 0]
    #expect(results(code, 1, after: [3.0]) == [9])
  }

  /// A gate alone may take a shorter way to the same bits.
  @Test(arguments: [ElementwiseOperation.sigmoid, .sine, .cosine])
  func `a gate alone gives the bits of one among many, over all floats`(operation: ElementwiseOperation) {
    let opcode = UInt8(operation.rawValue)
    let count = 4_096
    let run = [ScalarCode.head(opcode, .run, count: count)] + (0..<count).map(UInt32.init)
    let singles = (0..<count).flatMap { [ScalarCode.head(opcode, .single), UInt32($0)] }
    var next: UInt64 = 0
    while next < 1 << 32 {
      let values = (0..<count).map { Float(bitPattern: UInt32(truncatingIfNeeded: next + UInt64($0) * 10_007)) }
      next += UInt64(count) * 10_007
      // A wide angle would have its whole block computed one by one.
      let among = operation == .sigmoid ? values : values.map { abs($0) <= 4e8 ? $0 : 0 }
      #expect(same(results(run, count, after: among), results(singles, count, after: among)))
    }
  }

  @Test func `gates read what runs and singles before them wrote`() {
    let (add, square) = (UInt8(ElementwiseOperation.add.rawValue), UInt8(ElementwiseOperation.square.rawValue))
    var code: [UInt32] = [ScalarCode.head(add, .single), 0, 0]
    for _ in 0..<9 { code += [ScalarCode.head(add, .firstIsLast), 0] }
    // Elements 1 to 10 hold 2 to 11 now: their squares follow.
    code += [ScalarCode.head(square, .run, count: 10)] + (1...10)
    code += [ScalarCode.head(add, .single), 11, 20]
    let expected = (2...11).map(Double.init) + (2...11).map { Double($0 * $0) } + [4 + 121]
    #expect(results(code, 21, after: [1.0]) == expected)
  }

  @Test func `no code changes nothing`() {
    var slab: [Float] = [5]
    slab.withUnsafeMutableBytes {
      runScalars(.float32, [], words: 0, slab: $0.baseAddress!, firstResult: 0)
    }
    #expect(slab == [5])
  }
}
