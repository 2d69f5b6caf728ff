import DependencyScheduling
import Kernels
import Testing

/// Splices of what a chain computes, against the same done one after the other over whole values.
@Suite(.timeLimit(.minutes(20))) struct ChainSpliceTests {
  private static let operations: [ElementwiseOperation] = [.add, .subtract, .multiply, .maximum, .tanh, .sine, .negate]

  private struct RandomChain<T: KernelFloat> {
    let count: Int
    var memory: [[T]] = []
    var values: [[T]] = []
    /// How far splices shift what goes into a value.
    var reaches: [Int] = []
    var builder: ElementwiseChain.Builder
    var results: [Int] = []

    init(count: Int, operations: Int, _ numbers: inout SeededGenerator) {
      self.count = count
      builder = .init(shape: [count])
      for operand in 0..<4 {
        // The last one is spliced alone, and has a length of its own.
        memory.append(randomValues(operand == 3 ? 7 : operand == 2 ? 1 : count, &numbers))
        values.append(operand == 2 ? [T](repeating: memory[2][0], count: count) : memory[operand])
        reaches.append(0)
        _ = builder.operand(operand == 2 ? .broadcast([1], to: [count]) : .whole([count]))
      }
      for _ in 0..<operations {
        if Int.random(in: 0..<3, using: &numbers) == 0 { splice(&numbers) } else { apply(&numbers) }
      }
    }

    private func value(_ numbers: inout SeededGenerator) -> Int {
      let value = Bool.random(using: &numbers) ? values.count - 1 : Int.random(in: 0..<values.count, using: &numbers)
      return value == 3 ? 0 : value
    }

    private mutating func apply(_ numbers: inout SeededGenerator) {
      let operation = ChainSpliceTests.operations.randomElement(using: &numbers)!
      let operands = (0..<operation.arity).map { _ in value(&numbers) }
      results.append(builder.apply(operation, operands))
      values.append(elementwise(operation, output: [count], operands.map { ([count], values[$0]) }))
      reaches.append(operands.map { reaches[$0] }.max()!)
    }

    /// A value up or down by a few elements; of the ones it leaves behind some come from the last operand, others are 0.
    private mutating func splice(_ numbers: inout SeededGenerator) {
      let source = value(&numbers)
      let shift = Int.random(in: 0...min(5, count), using: &numbers) * (Bool.random(using: &numbers) ? 1 : -1)
      guard reaches[source] + abs(shift) <= ElementwiseChain.Demand.most.reach, abs(shift) < count else { return }
      let rows = shift > 0 ? 0..<count - shift : -shift..<count
      var pieces = [(value: source, piece: piece(rows, start: max(0, shift)))]
      var spliced = [T](repeating: 0, count: count)
      for row in rows { spliced[row + shift] = values[source][row] }
      if shift > 1 {
        pieces.insert((3, piece(2..<shift + 1, start: 0)), at: 0)
        for row in 0..<shift - 1 { spliced[row] = memory[3][row + 2] }
      }
      results.append(builder.splice(pieces))
      values.append(spliced)
      reaches.append(reaches[source] + abs(shift))
    }

    private func piece(_ rows: Range<Int>, start: Int) -> ElementwiseChain.Builder.Piece {
      ElementwiseChain.Builder.Piece(rows: rows, start: start, length: 1)
    }
  }

  private func check<T: KernelFloat>(seed: UInt64, _: T.Type) {
    var numbers = SeededGenerator(seed: seed)
    let count = [1, 3, 40, 700, 1_500, 5_000].randomElement(using: &numbers)!
    let random = RandomChain<T>(count: count, operations: Int.random(in: 1...40, using: &numbers), &numbers)
    guard let last = random.results.last else { return }
    let outputs = random.results.filter { $0 == last || Int.random(in: 0..<4, using: &numbers) == 0 }
    // What nothing reads is an output, too.
    let all = random.results.shuffled(using: &numbers)
    for wanted in [all, outputs + random.results.filter { !outputs.contains($0) }] {
      let chain = random.builder.finish(outputs: wanted)
      let cut = count / 3 / 8 * 8
      let results = run(chain, random.memory, cuts: [0, cut, count])
      for (position, output) in wanted.enumerated() {
        #expect(same(results[position], random.values[output]), "seed \(seed): value \(output) of \(count)")
      }
      for operation in 0..<last - random.memory.count {
        let prefix = run(chain.prefix(through: operation), random.memory, cuts: [0, count])[0]
        #expect(same(prefix, random.values[random.memory.count + operation]), "seed \(seed): operation \(operation)")
      }
    }
  }

  private func run<T: KernelFloat>(_ chain: ElementwiseChain, _ memory: [[T]], cuts: [Int]) -> [[T]] {
    func pointer(_ values: [T]) -> UnsafeMutablePointer<T> {
      let base = UnsafeMutablePointer<T>.allocate(capacity: values.count)
      base.initialize(from: values, count: values.count)
      return base
    }
    let inputs = memory.map(pointer)
    let outputs = (0..<chain.outputCount).map { _ in pointer([T](repeating: 0, count: chain.count)) }
    defer { for base in inputs + outputs { base.deallocate() } }
    for (begin, end) in zip(cuts, cuts.dropFirst()) {
      try! runChain(
        chain, T.elementType, inputs: inputs.map { UnsafeRawPointer($0) },
        outputs: outputs.map { UnsafeMutableRawPointer($0) }, range: begin..<end)
    }
    return outputs.map { Array(UnsafeBufferPointer(start: $0, count: chain.count)) }
  }

  @Test(arguments: 0..<150 as Range<UInt64>)
  func `what a chain computes is spliced as if it were stored`(seed: UInt64) {
    check(seed: seed, Float.self)
    check(seed: seed, Double.self)
  }

  @Test func `an operand that is spliced is not written over`() {
    var builder = ElementwiseChain.Builder(shape: [100])
    let a = builder.operand(.whole([100])), b = builder.operand(.whole([100]))
    let shifted = builder.splice([(value: a, piece: .init(rows: 0..<99, start: 1, length: 1))])
    let sum = builder.apply(.add, [shifted, b])
    let chain = builder.finish(outputs: [sum])
    #expect(!chain.mayOverwrite(operand: a, by: 0))
    #expect(chain.mayOverwrite(operand: b, by: 0))
  }

  @Test func `an operand that is needed around a block is not written over`() {
    var builder = ElementwiseChain.Builder(shape: [100])
    let a = builder.operand(.whole([100])), b = builder.operand(.whole([100]))
    let product = builder.apply(.multiply, [a, a])
    let shifted = builder.splice([(value: product, piece: .init(rows: 1..<100, start: 0, length: 1))])
    let sum = builder.apply(.add, [shifted, b])
    let chain = builder.finish(outputs: [sum])
    #expect(!chain.mayOverwrite(operand: a, by: 0))
    #expect(chain.mayOverwrite(operand: b, by: 0))
    #expect(chain.elements(of: 0, for: 16..<32) == 16..<33)
    #expect(chain.elements(of: 0, for: 96..<100) == 96..<100)
  }
}
