import DependencyScheduling
import Kernels
import Testing

/// Long rows reduced leaf by leaf, by themselves and at the end of a chain.
@Suite(.timeLimit(.minutes(20))) struct LeafReductionTests {
  static let shapes = [(1, 4_097), (1, 8_192), (3, 12_288), (2, 20_001), (1, 100_003), (5, 4_096), (4, 33), (1, 1)]

  private func reduceInLeaves<T: KernelFloat>(
    _ operation: ReduceOperation, _ plan: LeafPlan, _ values: [T],
    leaves: (UnsafeMutableRawPointer, Range<Int>) -> Void,
    cuts: [Range<Int>]
  ) -> [T] {
    var parts = [T](repeating: 99, count: plan.count)
    var result = [T](repeating: 99, count: plan.rows)
    parts.withUnsafeMutableBytes { parts in
      for range in cuts { leaves(parts.baseAddress!, range) }
      result.withUnsafeMutableBytes { result in
        for row in 0..<plan.rows {
          runLeafJoin(
            operation, T.elementType, plan: plan, input: parts.baseAddress!, output: result.baseAddress!,
            range: row..<row + 1)
        }
      }
    }
    return result
  }

  private func whole<T: KernelFloat>(_ operation: ReduceOperation, _ plan: LeafPlan, _ values: [T]) -> [T] {
    let reduction = ReductionPlan(input: [plan.rows, plan.columns], axes: [1])
    var result = [T](repeating: 99, count: plan.rows)
    values.withUnsafeBytes { input in
      result.withUnsafeMutableBytes { result in
        runReduction(
          operation, T.elementType, plan: reduction, input: input.baseAddress!, output: result.baseAddress!,
          range: 0..<plan.rows)
      }
    }
    return result
  }

  private func check<T: KernelFloat>(_ plan: LeafPlan, _: T.Type) {
    var numbers = SeededGenerator(seed: 11)
    let values: [T] = randomValues(plan.rows * plan.columns, &numbers)
    for operation in ReduceOperation.allCases {
      let cuts = oddCuts(plan.count, &numbers)
      let joined = values.withUnsafeBytes { input in
        reduceInLeaves(
          operation, plan, values,
          leaves: { output, range in
            runLeafReduction(
              operation, T.elementType, plan: plan, input: input.baseAddress!, output: output, range: range)
          }, cuts: cuts)
      }
      #expect(same(joined, whole(operation, plan, values)), "\(operation) of \(plan.rows) rows of \(plan.columns)")
    }
  }

  @Test(arguments: shapes) func `leaves join to the bits of one reduction`(rows: Int, columns: Int) {
    check(LeafPlan(rows: rows, columns: columns), Float.self)
    check(LeafPlan(rows: rows, columns: columns), Double.self)
  }

  @Test(arguments: shapes.filter { $0.1 > ChainReduction.longestRow }, [false, true])
  func `a chain that ends in leaves joins to the bits of the chain and then a reduction`(
    shape: (rows: Int, columns: Int), isStored: Bool
  ) {
    let plan = LeafPlan(rows: shape.rows, columns: shape.columns)
    let count = plan.rows * plan.columns
    var numbers = SeededGenerator(seed: 12)
    let values: [Double] = randomValues(count, &numbers)
    let exponentials = elementwise(.exponential, output: [count], [([count], values)])
    var builder = ElementwiseChain.Builder(shape: [count])
    let operand = builder.operand(.whole([count]))
    let result = builder.apply(.exponential, [operand])
    let chain = builder.finish(outputs: [result])
    let reduction = ChainReduction(chain, .sum, columns: plan.columns, source: 0, isStored: isStored)
    #expect(reduction.resultCount == plan.count)
    var stored = [Double](repeating: 0, count: count)
    let joined = stored.withUnsafeMutableBytes { stored in
      values.withUnsafeBytes { input in
        reduceInLeaves(
          .sum, plan, values,
          leaves: { output, range in
            let outputs = (isStored ? [stored.baseAddress!] : []) + [output]
            try! runChainReduction(
              reduction, .float64, inputs: [UnsafeRawPointer(input.baseAddress!)], outputs: outputs, range: range)
          }, cuts: oddCuts(plan.count, &numbers))
      }
    }
    #expect(same(joined, whole(.sum, plan, exponentials)))
    if isStored { #expect(same(stored, exponentials)) }
  }

  @Test func `the elements of all leaves are those of all rows, without a gap`() {
    let plan = LeafPlan(rows: 3, columns: 10_000)
    #expect(plan.leavesPerRow == 3 && plan.count == 9)
    let elements = (0..<plan.count).map { plan.elements(of: $0..<$0 + 1) }
    #expect(elements.first?.lowerBound == 0 && elements.last?.upperBound == 30_000)
    #expect(zip(elements, elements.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    #expect(elements[2].count == 10_000 - 2 * LeafPlan.length)
  }
}
