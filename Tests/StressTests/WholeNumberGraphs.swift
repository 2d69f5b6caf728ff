import Adjoint
import AdjointTesting
import DependencyScheduling

/// Seeded random graphs on whole numbers so small that every sum of them is exact, gradients included: contributions may
/// then add up in any order.
///
/// Two bounds go along with each node: of its value, and of the gradients of all inputs if it were the output. A gate
/// that would pass 2¹⁰ in either becomes a negation. At most 1,000 outputs are added, so no gradient passes 2²⁰; nor does
/// one on the way, since whatever it is leads to an input, multiplied by at least 1 in these bounds.
struct WholeNumberGraphs {
  var nodeCount: Int
  var shape: Shape

  private static let limit = 1_024.0
  private struct Bounded {
    let node: Node
    let value: Double, gradient: Double
  }

  func program(seed: UInt64) throws -> StressedProgram {
    precondition(nodeCount <= 1_000, "With \(nodeCount) nodes, a gradient need not be exact")
    var random = SeededGenerator(seed: seed)
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    let graph = Graph()
    var values: [Node: ReferenceTensor] = [:]
    var nodes: [Bounded] = []
    for number in 0..<4 {
      let input = graph.input("x\(number)", shape)
      values[input] = ReferenceTensor(shape, .float32, (0..<shape.elementCount).map { _ in Double(below(5) - 2) })
      nodes.append(Bounded(node: input, value: 2, gradient: 1))
    }
    let inputs = nodes.map(\.node)
    while graph.nodeCount < nodeCount {
      // Half of the time one of the first, which so have hundreds of readers.
      let a = nodes[below(below(2) == 0 ? 4 : nodes.count)], b = nodes[below(nodes.count)]
      let larger = max(a.value, b.value), steeper = max(a.gradient, b.gradient)
      let product = a.value * b.gradient + b.value * a.gradient
      switch below(6) {
      case 0 where max(a.value + b.value, a.gradient + b.gradient) <= Self.limit:
        nodes.append(Bounded(node: a.node + b.node, value: a.value + b.value, gradient: a.gradient + b.gradient))
      case 1 where max(a.value * b.value, product) <= Self.limit:
        nodes.append(Bounded(node: a.node * b.node, value: a.value * b.value, gradient: product))
      case 2: nodes.append(Bounded(node: relu(a.node), value: a.value, gradient: a.gradient))
      case 3: nodes.append(Bounded(node: abs(a.node), value: a.value, gradient: a.gradient))
      case 4:
        nodes.append(Bounded(node: select(greater(a.node, b.node), a.node, b.node), value: larger, gradient: steeper))
      default: nodes.append(Bounded(node: -a.node, value: a.value, gradient: a.gradient))
      }
    }
    return try StressedProgram([graph.apply(Accumulate(), to: nodes.map(\.node))], inputs, values)
  }
}
