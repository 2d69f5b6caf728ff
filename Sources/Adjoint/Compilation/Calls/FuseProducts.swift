internal import Kernels

/// Has a matrix product go on with the chain of elementwise gates that alone reads it: bias, activation, residual. Row
/// of blocks after row of blocks is multiplied, and the chain follows while it is in the cache; the product has no
/// memory but that of a result of the chain.
///
/// Only a product that can be divided into as many parts by rows alone as by blocks, or has one row: no worker goes
/// without for it.
///
/// - Complexity: O(operands of all calls), nothing if the graph has no product.
enum FuseProducts: CallPass {
  static let name = "fuseProducts"

  static func apply(to calls: inout CallGraph, for options: Program.Options) {
    // What comes between a product and its chain in the order might be a fence.
    guard options.accumulation == .graphOrder, calls.graph.fences.isEmpty else { return }
    let readers = calls.soleReaders { $0.call is MatmulCall }
    var fused: [CallGraph.Fusion] = []
    var taken: Set<Int> = []
    for (number, call) in calls.calls.enumerated() {
      guard let reader = readers[number], let product = call.call as? MatmulCall, !product.isAdded,
        let chain = calls.calls[reader].call as? ElementwiseChainCall, !taken.contains(reader),
        calls.order.isForward(call.node) == calls.order.isForward(calls.calls[reader].node),
        options.unitWork == .infinity
          || dividesByRows(product, into: Division.partCount(of: call.cost, each: Division.fine.part))
      else { continue }
      let read = calls.calls[reader]
      let positions = read.operands.indices.filter { read.operands[$0] == call.node }
      guard positions.count == 1,
        // The last, so that the sums before it may be written over what they were added to.
        let target = read.overwritable.lastIndex(where: { $0.contains(call.node) })
      else { continue }
      var rest = read.operands
      rest.remove(at: positions[0])
      let (both, operands) = (
        ProductChainCall(product, chain, position: positions[0], target: target), call.operands + rest
      )
      taken.insert(reader)
      fused.append(
        CallGraph.Fusion(
          first: number, second: reader,
          call: CallGraph.Call(
            call: both, cost: call.cost + read.cost, node: read.node, operands: operands, results: read.results,
            overwritable: both.overwritable(of: operands, by: read.results.count),
            chainNodes: [call.node] + read.chainNodes, gathers: read.gathers)))
    }
    calls.fuse(fused)
  }

  /// Whether rows of blocks are as many parts as blocks are, of those that are wanted.
  private static func dividesByRows(_ product: MatmulCall, into parts: Int) -> Bool {
    min(parts, product.extent / product.stepOfOnePart) >= min(parts, product.extent)
  }
}
