internal import CKernels

/// A chain of elementwise operations whose result is reduced along its rows: the reduced values never leave the cache.
///
/// A row is what one output is reduced from: `columns` elements that lie next to one another; of a row longer than
/// ``longestRow`` each leaf (see ``LeafPlan``) gives an output of its own. The order of additions within either is that of
/// ``runReduction(_:_:plan:input:output:range:)``, to the bit. An object, so that a run counts one reference and not that
/// of each array.
package final class ChainReduction: Sendable {
  package let chain: ElementwiseChain
  let operation: ReduceOperation
  package let columns: Int
  /// Which output of the chain is reduced. One that nothing else wants is the chain's last and has no memory.
  let source: Int
  let isStored: Bool
  /// That of as many rows as the scratch memory holds, unless they are reduced in leaves.
  let plan: ReductionPlan
  private let leaves: LeafPlan?

  /// The longest row that is reduced whole.
  package static let longestRow = Int(ADJ_CHAIN_ROW)

  /// - Parameters:
  ///   - columns: elements of a row, a divisor of the chain's count.
  ///   - source: the output that is reduced.
  ///   - isStored: whether that output is wanted too; otherwise it must be the chain's last.
  package init(_ chain: ElementwiseChain, _ operation: ReduceOperation, columns: Int, source: Int, isStored: Bool) {
    precondition(columns >= 1 && chain.count % columns == 0)
    precondition(isStored || source == chain.outputCount - 1)
    self.chain = chain
    self.operation = operation
    self.columns = columns
    self.source = source
    self.isStored = isStored
    leaves = columns > Self.longestRow ? LeafPlan(rows: chain.count / columns, columns: columns) : nil
    plan = ReductionPlan(input: [max(1, Self.longestRow / columns), columns], axes: [1])
  }

  /// Whether its results are of leaves, for another call to join.
  package var isOfLeaves: Bool { leaves != nil }

  /// Outputs of the chain that are written to memory, before the reduced result.
  package var storedCount: Int { isStored ? chain.outputCount : chain.outputCount - 1 }

  /// Elements of the reduced result: one a row, or one a leaf.
  package var resultCount: Int { leaves?.count ?? chain.count / columns }

  /// The elements that a range of the result is reduced from.
  package func elements(of results: Range<Int>) -> Range<Int> {
    leaves?.elements(of: results) ?? results.lowerBound * columns..<results.upperBound * columns
  }
}

/// Computes the rows, or leaves, in `range`: the chain's outputs for their elements, and one reduced element each. Allocates nothing.
///
/// - Parameters:
///   - outputs: those of the chain that are stored, then the reduced result, each at element 0.
/// - Throws: as ``runChain(_:_:inputs:outputs:range:)``.
/// - Complexity: O(`range.count` · columns · operations).
package func runChainReduction(
  _ reduction: ChainReduction, _ type: ElementType, inputs: UnsafePointer<UnsafeRawPointer>,
  outputs: UnsafePointer<UnsafeMutableRawPointer>, range: Range<Int>
) throws(ChainIndexOutOfRange) {
  checkRange(range, within: reduction.resultCount)
  if range.isEmpty { return }
  let fault = reduction.plan.withC { plan in
    let tail = adj_chain_tail(
      operation: reduction.operation.rawValue, columns: reduction.columns, source: reduction.source,
      stored: reduction.storedCount,
      plan: plan)
    return adj_chain_reduction(
      type.rawValue, reduction.chain.code, inputs, outputs, tail, range.lowerBound, range.upperBound)
  }
  try reduction.chain.check(fault, inputs)
}
