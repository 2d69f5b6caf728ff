import Kernels
import Testing

@Suite struct ScalarMachineTests {
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
    var numbers = SeededNumbers(seed: UInt64(count))
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
    var values = (0..<40).map { Float($0) }
    values[21] = 3e30
    let expected = elementwise(operation, output: [40], [([40], values)])
    let run = [ScalarCode.head(UInt8(operation.rawValue), .run, count: 40)] + (0..<40).map(UInt32.init)
    #expect(same(results(run, 40, after: values), expected))
  }

  @Test(arguments: ElementwiseOperation.allCases.filter { $0.arity < 3 })
  func `an operand that is the last result is read from where it was kept`(operation: ElementwiseOperation) {
    let opcode = UInt8(operation.rawValue)
    let other: [UInt32] = operation.arity == 2 ? [1] : []
    let values: [Double] = [0.75, 1.5]
    let first = [ScalarCode.head(opcode, .single), 0] + other
    for form in [ScalarCode.Form.firstIsLast, .secondIsLast] where form == .firstIsLast || operation.arity == 2 {
      let kept = first + [ScalarCode.head(opcode, form)] + other
      let again: [UInt32] = form == .firstIsLast ? [2] + other : other + [2]
      let reread = first + [ScalarCode.head(opcode, .single)] + again
      #expect(same(results(kept, 2, after: values), results(reread, 2, after: values)))
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
