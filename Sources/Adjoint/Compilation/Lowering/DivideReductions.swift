internal import Kernels

/// Puts two gates in the place of a reduction of long rows: one that reduces each leaf of a row, and one that joins them.
///
/// The first is divided among workers however few the rows, and ends a chain of elementwise gates however long they are:
/// of an exponential that is only summed no element reaches memory. The bits are those of one reduction (see `LeafPlan`).
/// Rows that one go reduces within the cache stay as they are.
///
/// - Complexity: O(nodes + edges), nothing if no row is long.
enum DivideReductions: GraphPass {
  static let name = "divideReductions"

  /// One worker runs a body: nobody shares a reduction there.
  static func isWanted(for purpose: CompiledPurpose) -> Bool { !purpose.isBody }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    let isLong = storage.signatures.contains { $0.shape.elementCount > LeafPlan.length }
    let gates = storage.gates
    guard isLong, gates.hasAnyReduction else { return graph }
    var rewriter = GraphRewriter(graph)
    for index in 0..<storage.count {
      let node = NodeID(index)
      guard let (operation, plan) = leaves(of: node, in: storage) else {
        rewriter.keep(node)
        continue
      }
      let operand = rewriter.renamed[storage.inputs(of: node).first!.int]
      let leaves = rewriter.add(
        LeafReduction(operation: operation, plan: plan, isJoin: false), storage.signature(of: node).elementType,
        [plan.rows, plan.leavesPerRow], like: node, inputs: [operand])
      let join = LeafReduction(operation: operation, plan: plan, isJoin: true)
      rewriter.replace(node, by: rewriter.add(join, like: node, inputs: [leaves]))
    }
    return rewriter.finish(roots: graph.roots)
  }

  private static func leaves(of node: NodeID, in storage: GraphStorage) -> (ReduceOperation, LeafPlan)? {
    guard case .reduce(let operation, let axes) = storage.traits(of: node).kernel.form else { return nil }
    let shape = storage.signature(of: storage.inputs(of: node).first!).shape
    guard let columns = shape.rowLength(axes: axes), columns > LeafPlan.length else { return nil }
    return (operation, LeafPlan(rows: shape.elementCount / columns, columns: columns))
  }
}

extension Shape {
  /// The elements next to one another that make an element of a reduction over `axes`, if they are next to one another.
  func rowLength(axes: [Int]) -> Int? {
    let last = axes.sorted().reversed().enumerated().prefix { $1 == rank - 1 - $0 }.count
    // Axes of extent 1 may be reduced anywhere.
    let others = axes.filter { $0 < rank - last }
    guard others.allSatisfy({ self[$0] == 1 }) else { return nil }
    return dimensions.suffix(last).reduce(1, *)
  }
}

/// A part of a reduction, which only a compiled graph has: differentiation is over when it is made, and what it computes
/// is defined by the gate it is a part of.
struct LeafReduction: Gate {
  static let name = "reduction"
  let operation: ReduceOperation
  let plan: LeafPlan
  /// Whether it joins leaves or makes them.
  let isJoin: Bool

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    throw ShapeError("a part of a reduction has the shape that the compiler gives it")
  }
  var kernel: Kernel {
    if !isJoin { return Kernel(.reduceLeaves(operation, plan)) }
    return .structured(operation == .maximum ? .exact : .sums) {
      LeafReductionCall(operation, plan, isJoin: true, $0)
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    preconditionFailure("A part of a reduction is made after differentiation")
  }
}
