internal import DependencyScheduling
public import Adjoint

/// Seeded random expression graphs: scalars and tensors mixed, a few nodes read by very many.
///
/// Every gate is exactly rounded or moves data, gradients included, so a program must equal ``ReferenceEngine`` bit for
/// bit. Values stay within ±2 and no gate's local gradients add up to more than 1 in magnitude, so nothing overflows
/// however deep the graph is. Scalars and tensors meet by slices and concatenation, whose reverse moves data too: a
/// broadcast's would be a sum, whose rounding depends on the order a kernel adds in.
///
/// ```swift
/// let random = RandomGraphs(nodeCount: 10_000, maximalFanOut: 1_000).graph(seed: 7)
/// let program = try Program(random.output, gradientsFor: random.inputs)
/// ```
/// A seed gives the same graph on every platform.
public struct RandomGraphs: Sendable {
  public var nodeCount: Int
  /// The most consumers of one node; some have about as many.
  public var maximalFanOut: Int
  /// The shape of the nodes that are no scalars, one axis of at least 4.
  public var tensorShape: Shape
  /// The share of tensors among the nodes, 0 for a scalar graph.
  public var tensorShare: Double
  public var elementType: ElementType
  /// How many scopes, `scope0`, `scope1` and so on, follow one another among the nodes; none if 0.
  public var scopeCount = 0

  public init(
    nodeCount: Int, maximalFanOut: Int = 1_000, tensorShape: Shape = [8], tensorShare: Double = 0.3,
    elementType: ElementType = .float32
  ) {
    demand(nodeCount >= 8, "A random graph has at least 8 nodes, got \(nodeCount)")
    demand(tensorShape.rank == 1 && tensorShape[0] >= 4, "The tensors have one axis of at least 4 elements")
    self.nodeCount = nodeCount
    self.maximalFanOut = maximalFanOut
    self.tensorShape = tensorShape
    self.tensorShare = tensorShare
    self.elementType = elementType
  }

  /// A graph, its one scalar output, its inputs and values for them.
  public struct Sample: Sendable {
    public let graph: Graph
    public let output: Node
    public let inputs: [Node]
    public let values: [Node: ReferenceTensor]
    public let seed: UInt64
    /// How many consumers the most read node has.
    public let largestFanOut: Int
  }

  /// The graph of this seed.
  ///
  /// - Complexity: O(nodes).
  public func graph(seed: UInt64) -> Sample {
    var builder = RandomGraphBuilder(self, seed: seed)
    return builder.build()
  }
}

private struct RandomGraphBuilder {
  let plan: RandomGraphs
  let seed: UInt64
  let graph = Graph()
  var random: SeededGenerator
  /// What may still be read, scalars and tensors apart, each with how often it is.
  var scalars: [(node: Node, readers: Int)] = []
  var tensors: [(node: Node, readers: Int)] = []
  var inputs: [Node] = []
  var values: [Node: ReferenceTensor] = [:]
  let half: Node, quarter: Node, one: Node

  init(_ plan: RandomGraphs, seed: UInt64) {
    self.plan = plan
    self.seed = seed
    random = SeededGenerator(seed: seed)
    half = graph.constant(0.5, [], plan.elementType)
    quarter = graph.constant(0.25, [], plan.elementType)
    one = graph.constant(1, [], plan.elementType)
  }

  mutating func build() -> RandomGraphs.Sample {
    for position in 0..<4 {
      scalars.append((input("s\(position)", []), 0))
      if plan.tensorShare > 0 { tensors.append((input("t\(position)", plan.tensorShape), 0)) }
    }
    while graph.nodeCount < plan.nodeCount {
      if plan.scopeCount == 0 {
        addNode()
      } else {
        graph.scope("scope\(graph.nodeCount * plan.scopeCount / plan.nodeCount)") { addNode() }
      }
    }
    let output = gathered()
    let largest = (scalars + tensors).map(\.readers).max() ?? 0
    return RandomGraphs.Sample(
      graph: graph, output: output, inputs: inputs, values: values, seed: seed, largestFanOut: largest)
  }

  private mutating func addNode() {
    let isTensor = random.unit() < plan.tensorShare
    if isTensor { tensors.append((tensor(), 0)) } else { scalars.append((scalar(), 0)) }
  }

  private mutating func input(_ name: String, _ shape: Shape) -> Node {
    let node = graph.input(name, shape, plan.elementType)
    inputs.append(node)
    let elements = (0..<shape.elementCount).map { _ in 4 * random.unit() - 2 }
    values[node] = ReferenceTensor(shape, plan.elementType, elements)
    return node
  }

  private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

  /// Any node so far, half of the time one of the few that are read by very many.
  private mutating func pick(tensor: Bool) -> Node {
    let count = tensor ? tensors.count : scalars.count
    let hubs = min(count, 1 + plan.nodeCount / max(6 * plan.maximalFanOut, 1))
    let chosen = random.next() & 1 == 0 ? below(hubs) : below(count)
    let isFree = (tensor ? tensors[chosen] : scalars[chosen]).readers < plan.maximalFanOut
    let index = isFree ? chosen : count - 1
    if tensor { tensors[index].readers += 1 } else { scalars[index].readers += 1 }
    return tensor ? tensors[index].node : scalars[index].node
  }

  /// A gate on operands within ±2, its result within ±2 and its local gradients of at most 1 together.
  private mutating func arithmetic(tensor: Bool) -> Node {
    let a = pick(tensor: tensor), b = pick(tensor: tensor)
    switch below(11) {
    case 0: return half * (a + b)
    case 1: return half * (a - b)
    case 2: return quarter * (a * b)
    case 3: return maximum(a, b)
    case 4: return minimum(a, b)
    case 5: return -a
    case 6: return abs(a)
    case 7: return quarter * square(a)
    case 8: return select(greater(a, b), a, pick(tensor: tensor))
    case 9: return half * a / (one + square(b))
    default: return half * (relu(a) - sqrt(one + square(b)))
    }
  }

  private mutating func scalar() -> Node {
    if !tensors.isEmpty, below(8) == 0 {
      let start = below(plan.tensorShape[0])
      return pick(tensor: true).sliced(start..<start + 1).reshaped([])
    }
    return arithmetic(tensor: false)
  }

  private mutating func tensor() -> Node {
    switch below(12) {
    case 0:
      let extent = plan.tensorShape[0]
      let cut = 1 + below(extent - 1)
      let (a, b) = (pick(tensor: true), pick(tensor: true))
      return concatenate([a.sliced(cut..<extent), b.sliced(0..<cut)])
    case 1:
      let extent = plan.tensorShape[0]
      let front = (0..<3).map { _ in pick(tensor: false).reshaped([1]) }
      return concatenate(front + [pick(tensor: true).sliced(3..<extent)])
    default: return arithmetic(tensor: true)
    }
  }

  /// One scalar that everything leads to, by means of two.
  private mutating func gathered() -> Node {
    var ends = scalars.filter { $0.readers == 0 }.map(\.node)
    if plan.tensorShare > 0 {
      let last = means(tensors.filter { $0.readers == 0 }.map(\.node) + [pick(tensor: true)])
      ends += (0..<plan.tensorShape[0]).map { last.sliced($0..<$0 + 1).reshaped([]) }
    }
    return means(ends + [pick(tensor: false)])
  }

  private func means(_ nodes: [Node]) -> Node {
    var level = nodes
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map { start in
        start + 1 < level.count ? half * (level[start] + level[start + 1]) : level[start]
      }
    }
    return level[0]
  }
}
