import Kernels
import Testing

@Suite struct ScalarMachineTests {
  private func check<T: KernelFloat>(_ operation: ElementwiseOperation, _: T.Type) {
    var numbers = SeededNumbers(seed: 3)
    let count = 400
    let operands: [[T]] = (0..<3).map { _ in randomValues(count, &numbers).map { $0 * $0 * $0 * 40 } }
    let shape = [count]
    let expected = elementwise(operation, output: shape, operands[..<operation.arity].map { (shape, $0) })
    var slab = operands.flatMap { $0 } + [T](repeating: 0, count: count)
    let program = (0..<UInt32(count)).map {
      ScalarInstruction(
        operation, result: UInt32(3 * count) + $0, a: $0, b: UInt32(count) + $0, c: UInt32(2 * count) + $0)
    }
    slab.withUnsafeMutableBytes {
      runScalars(T.elementType, program, count: program.count, slab: $0.baseAddress!)
    }
    #expect(same(Array(slab[(3 * count)...]), expected))
  }

  @Test(arguments: ElementwiseOperation.allCases)
  func `a scalar gate gives the bits that a tensor's element gets`(operation: ElementwiseOperation) {
    check(operation, Float.self)
    check(operation, Double.self)
  }

  @Test func `instructions read what those before them wrote, within a run and across`() {
    // slab[0] doubles ten times, then is squared and negated.
    var program = (0..<10).map { _ in ScalarInstruction(.add, result: 0, a: 0, b: 0) }
    program.append(ScalarInstruction(.square, result: 1, a: 0))
    program.append(ScalarInstruction(.negate, result: 2, a: 1))
    program.append(ScalarInstruction(.add, result: 2, a: 2, b: 0))
    var slab: [Double] = [1, 0, 0]
    slab.withUnsafeMutableBytes { runScalars(.float64, program, count: program.count, slab: $0.baseAddress!) }
    #expect(slab == [1024, 1_048_576, -1_047_552])
  }

  @Test func `no instructions change nothing`() {
    var slab: [Float] = [5]
    slab.withUnsafeMutableBytes { runScalars(.float32, [], count: 0, slab: $0.baseAddress!) }
    #expect(slab == [5])
  }
}
