internal import DependencyScheduling
internal import Notation

extension Graph {
  /// The layers of this graph as a table: what each gives to those behind it, and how many parameters it has.
  ///
  /// ```
  /// layer   output               parameters
  /// images  [128, 784] float32
  /// hidden  [128, 64] float32        50,240
  /// logits  [128, 10] float32           650
  /// loss    [] float32
  /// total                            50,890
  /// ```
  /// A layer is an outermost scope, or one at most `depth` scopes deep; what lies in no scope is a line of its own
  /// where it is an input, a parameter or has a name. Layers stand in the order in which they begin. The output of one
  /// is the last value in it that something outside reads, or that nothing reads. Nodes of gradients are left out.
  ///
  /// - Parameter depth: how many scopes of a path are told apart, at least 1.
  /// - Complexity: O(nodes + edges).
  public func summary(depth: Int = 1) -> String {
    demand(depth >= 1, "A summary tells at least one scope apart, got \(depth)")
    return GraphSummary(GraphView(self), depth: depth).text
  }
}

/// What a table of layers is made of.
private struct GraphSummary {
  private struct Layer {
    let name: String
    var output: NodeID
    /// Whether `output` is one that is read outside, or by nobody.
    var isSeen = false
    var parameterCount = 0
  }
  private let graph: GraphView
  private var layers: [Layer] = []
  private var numbers: [ExactName: Int] = [:]

  init(_ graph: GraphView, depth: Int) {
    self.graph = graph
    let nodes = (0..<graph.nodeCount).map { NodeID($0) }.filter { !graph.isDerivative($0) }
    let names = Dictionary(uniqueKeysWithValues: nodes.map { ($0, Self.layer(of: $0, in: graph, depth: depth)) })
    var isRead: Set<NodeID> = [], isReadOutside: Set<NodeID> = []
    for node in nodes {
      for input in graph.inputs(of: node) {
        isRead.insert(input)
        if names[input] != names[node] { isReadOutside.insert(input) }
      }
    }
    for node in nodes {
      guard let name = names[node] ?? nil else { continue }
      let number = numbers[name] ?? layers.count
      if number == layers.count {
        numbers[name] = number
        layers.append(Layer(name: name.text, output: node))
      }
      let isSeen = !graph.isSource(node) && (isReadOutside.contains(node) || !isRead.contains(node))
      if isSeen || !layers[number].isSeen {
        (layers[number].output, layers[number].isSeen) = (node, isSeen)
      }
      if graph.isParameter(node) { layers[number].parameterCount += graph.signature(of: node).shape.elementCount }
    }
  }

  /// The scopes of a node, or its own name where it lies in none; `nil` if it has neither.
  private static func layer(of node: NodeID, in graph: GraphView, depth: Int) -> ExactName? {
    let path = graph.path(ofScope: graph.scope(of: node))
    if path.isEmpty { return graph.givenName(of: node).map { ExactName($0) } }
    return ExactName(path.split(separator: "/", omittingEmptySubsequences: false).prefix(depth).joined(separator: "/"))
  }

  var text: String {
    var rows = [["layer", "output", "parameters"]]
    for layer in layers {
      let count = layer.parameterCount == 0 ? "" : NumberText.grouped(layer.parameterCount)
      rows.append([layer.name, graph.signature(of: layer.output).text, count])
    }
    rows.append(["total", "", NumberText.grouped(layers.reduce(0) { $0 + $1.parameterCount })])
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
    return rows.map { row in
      let ends = row[0] + spaces(widths[0] - row[0].count) + "  " + row[1] + spaces(widths[1] - row[1].count)
      let line = ends + "  " + spaces(widths[2] - row[2].count) + row[2]
      return line.reversed().drop { $0 == " " }.reversed() + "\n"
    }.joined()
  }
}
