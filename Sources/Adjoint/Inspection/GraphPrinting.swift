internal import DependencyScheduling
internal import Notation

extension Session {
  /// Every value and gradient the session can reach, a line a node, in the order the graph computes them.
  ///
  /// ```
  /// node            value  gradient
  /// x = input          -2        -4
  /// y = input           5        -4
  /// z = input          -4         3
  /// q = add(x, y)       3        -4
  /// f = multiply(q, z) -12        1
  /// ```
  /// These are inputs, parameters and outputs; to see a value in between, name its node in `alsoComputing:`, and in
  /// `gradientsFor:` for its gradient. What has not been computed is a dash. More than six elements are summed up as
  /// their range and mean, and elements that are not finite are counted.
  ///
  /// - Parameter inColor: values green and gradients red, as the textbook has them, by terminal escapes.
  /// - Complexity: O(elements of these nodes), which are looked at one by one: for reading, not for inner loops.
  public func report(inColor: Bool = false) -> String {
    var table = PrintedTable(inColor: inColor)
    table.add("node", value: "value", gradient: "gradient")
    for id in program.endpoints.nodes.sorted() {
      let node = Node(graph: program.graph, id: id)
      let operands = node.inputs.map(\.name).joined(separator: ", ")
      table.add("\(node.name) = \(node.gateName)" + (operands.isEmpty ? "" : "(\(operands))"), numbers(of: node))
    }
    return table.text
  }

  /// The expression that ends in `output` as a tree, whose every line is an edge of the graph: the gate it comes from,
  /// the value that went forward over it and the gradient that came back.
  ///
  /// ```
  /// f = multiply   -12   1
  /// ├─ q = add       3  -4
  /// │  ├─ x         -2  -4
  /// │  └─ y          5  -4
  /// └─ z             -4   3
  /// ```
  /// Values and gradients are there for the nodes that ``report(inColor:)`` lists. A node that several gates read (a
  /// copy gate) is drawn out once and its total gradient shown there; its other readers refer to it.
  ///
  /// - Parameters:
  ///   - output: any node of the program's graph.
  ///   - inColor: values green and gradients red, by terminal escapes.
  ///   - depth: how many gates deep to draw; what lies below is an ellipsis.
  public func drawing(of output: Node, inColor: Bool = false, depth: Int = 16) -> String {
    program.graph.check(output)
    var table = PrintedTable(inColor: inColor)
    output.walkUpstream(depth: depth) { branch, node, ending in
      let label = branch + node.label + ending.rawValue
      if ending == .above || node.isLiteral { table.add(label) } else { table.add(label, numbers(of: node)) }
    }
    return table.text
  }

  private func numbers(of node: Node) -> (value: String?, gradient: String?) {
    let value = try? doubles(of: node)
    let gradient = try? gradientDoubles(of: node)
    return (
      value.map { NumberText.summary(of: $0, node.shape) }, gradient.map { NumberText.summary(of: $0, node.shape) }
    )
  }
}

/// What `node` is made of: itself and what it reads, each with gate, shape, type and the line that made it.
///
/// ```
/// loss = mean [] float32, made at Model/Network.swift:9
/// └─ square#4 [32] float32, made at Model/Network.swift:9
///    └─ subtract#3 [32] float32, made at Model/Network.swift:9
///       ├─ y = input [32] float32, made at Model/Network.swift:7
///       └─ target = input [32] float32, made at Model/Network.swift:8
/// ```
/// A node that was refused says why. One that several gates read is walked once; its other readers refer to it.
///
/// - Parameters:
///   - node: any node.
///   - depth: how many gates deep to walk, at least 1; what lies below is an ellipsis.
/// - Complexity: O(nodes and edges that are shown).
public func explain(_ node: Node, depth: Int = 4) -> String {
  var text = ""
  node.walkUpstream(depth: depth) { text += "\($0)\($1)\($2.rawValue)\n" }
  return text
}

/// Why a node in a drawing has no branches.
private enum BranchEnding: String {
  /// It has, or there is nothing that it reads.
  case none = ""
  case above = " (above)"
  case cut = " …"
}

extension Node {
  /// Goes to this node and to what it reads, its operands after it in their order, and what has operands only once.
  fileprivate func walkUpstream(depth: Int, _ visit: (_ branch: String, Node, BranchEnding) -> Void) {
    demand(depth >= 1, "A drawing is at least one gate deep, got \(depth)")
    var drawn: Set<Node> = []
    var open = [(node: self, stem: "", branch: "", below: "", depth: depth)]
    while let edge = open.popLast() {
      let inputs = edge.node.inputs
      let isNew = inputs.isEmpty || drawn.insert(edge.node).inserted
      let isCut = edge.depth == 1 && !inputs.isEmpty
      visit(edge.stem + edge.branch, edge.node, !isNew ? .above : isCut ? .cut : .none)
      guard isNew, !isCut else { continue }
      let stem = edge.stem + edge.below
      for (position, input) in inputs.enumerated().reversed() {
        let isLast = position == inputs.count - 1
        open.append((input, stem, isLast ? "└─ " : "├─ ", isLast ? "   " : "│  ", edge.depth - 1))
      }
    }
  }

  /// The name of its gate's kind: `"multiply"`.
  public var gateName: String { graph.withState { $0.storage.traits(of: id).name } }

  /// Whether the program gave it a name.
  private var isNamed: Bool { graph.withState { $0.names[id] != nil } }

  /// Whether it is a constant that the program wrote without naming it, as the 2 of `2 * x`.
  fileprivate var isLiteral: Bool { !isNamed && graph.withState { $0.storage.isConstant(id) } }

  /// `q = add`, `x` for a source, `2` for a literal, `add#7` for a node without a name.
  fileprivate var label: String {
    if isLiteral, let values = graph.withState({ $0.storage.constants[id] }) {
      return shape == .scalar ? NumberText.significant(values.doubles(count: 1)[0]) : "\(name) \(shape)"
    }
    return isNamed && !inputs.isEmpty ? "\(name) = \(gateName)" : name
  }
}
