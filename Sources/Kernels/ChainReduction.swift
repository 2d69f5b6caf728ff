internal import CKernels

/// A chain of elementwise operations whose result is reduced along its rows: the reduced values never leave the cache.
///
/// A row is what one output is reduced from: `columns` elements that lie next to one another. The order of additions
/// within a row is that of ``runReduction(_:_:plan:input:output:range:)``, to the bit.
package struct ChainReduction: Sendable {
  package let chain: ElementwiseChain
  let operation: ReduceOperation
  package let columns: Int
  /// Which output of the chain is reduced. One that nothing else wants is the chain's last and has no memory.
  let source: Int
  let isStored: Bool
  /// That of as many rows as the scratch memory holds.
  let plan: ReductionPlan

  /// The longest row that can be reduced this way.
  package static let longestRow = 4096

  /// - Parameters:
  ///   - columns: elements of a row, a divisor of the chain's count, at most ``longestRow``.
  ///   - source: the output that is reduced.
  ///   - isStored: whether that output is wanted too; otherwise it must be the chain's last.
  package init(_ chain: ElementwiseChain, _ operation: ReduceOperation, columns: Int, source: Int, isStored: Bool) {
    precondition(columns >= 1 && columns <= Self.longestRow && chain.count % columns == 0)
    precondition(isStored || source == chain.outputCount - 1)
    self.chain = chain
    self.operation = operation
    self.columns = columns
    self.source = source
    self.isStored = isStored
    plan = ReductionPlan(input: [Self.longestRow / columns, columns], axes: [1])
  }

  /// Elements of the reduced result.
  package var rows: Int { chain.count / columns }
}

/// Computes the rows in `range`: the chain's outputs for their elements, and one reduced element each.
///
/// - Parameters:
///   - outputs: those of the chain that are stored, then the reduced result, each at element 0.
/// - Complexity: O(`range.count` · columns · operations).
package func runChainReduction(
  _ reduction: ChainReduction, _ type: ElementType, inputs: UnsafePointer<UnsafeRawPointer>,
  outputs: UnsafePointer<UnsafeMutableRawPointer>, range: Range<Int>
) {
  checkRange(range, within: reduction.rows)
  let (chain, columns, size) = (reduction.chain, reduction.columns, type.byteCount)
  let stored = reduction.isStored ? chain.outputCount : chain.outputCount - 1
  let result = outputs[stored]
  withUnsafeTemporaryAllocation(byteCount: ChainReduction.longestRow * size, alignment: 64) { scratch in
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: chain.outputCount) { targets in
      for output in 0..<stored { targets.initializeElement(at: output, to: outputs[output]) }
      var row = range.lowerBound
      while row < range.upperBound {
        let end = min(row + ChainReduction.longestRow / columns, range.upperBound)
        let first = row * columns * size
        // An output at element 0, so that the block lies in the scratch memory.
        let displaced = scratch.baseAddress! - first
        if !reduction.isStored { targets.initializeElement(at: stored, to: displaced) }
        runChain(chain, type, inputs: inputs, outputs: targets.baseAddress!, range: row * columns..<end * columns)
        runReduction(
          reduction.operation, type, plan: reduction.plan, input: targets[reduction.source] + first,
          output: result + row * size,
          range: 0..<end - row)
        row = end
      }
    }
  }
}
