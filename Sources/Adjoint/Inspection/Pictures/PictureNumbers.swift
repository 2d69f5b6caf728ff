internal import DependencyScheduling
internal import Notation

/// The values and gradients that a session has for the nodes of a graph, as a picture writes them.
struct PictureNumbers {
  let session: Session
  private let state: GraphState

  init(_ session: Session, _ state: GraphState) {
    self.session = session
    self.state = state
  }

  func value(of node: NodeID) -> String? { values(node).map { text($0, of: node) } }
  func gradient(of node: NodeID) -> String? { gradients(node).map { text($0, of: node) } }

  /// What `readers` together send back to `node` whose value they read: a branch of a copy gate. Worked out by each
  /// reader's pullback from the numbers at hand, `nil` if one is missing.
  func sent(to node: NodeID, by readers: [Picture.Reader]) -> String? {
    guard readers.count <= 16 else { return nil }
    var sum: [Double]?
    for reader in readers {
      guard let sent = sent(to: reader.input, by: reader.node) else { return nil }
      sum = sum.map { zip($0, sent).map(+) } ?? sent
    }
    return sum.map { text($0, of: node) }
  }

  /// Elements beyond which a contribution is not worked out.
  private static let mostElements = 4_096  // Decisions/Limits.md

  private func sent(to input: Int, by reader: NodeID) -> [Double]? {
    let storage = state.storage
    let operands = Array(storage.inputs(of: reader))
    let elements = (operands + [reader]).reduce(0) { $0 + storage.signature(of: $1).shape.elementCount }
    guard elements <= Self.mostElements, let upstream = gradients(reader) else { return nil }
    let graph = Graph()
    var inputs: [Node] = [], numbers: [[Double]] = []
    for (position, operand) in operands.enumerated() {
      guard let values = values(operand) else { return nil }
      let signature = storage.signature(of: operand)
      inputs.append(graph.input("\(position)", signature.shape, signature.elementType))
      numbers.append(values)
    }
    let output = graph.apply(storage.gate(of: reader), to: inputs)
    var options = Program.Options()
    options.measuresCosts = false
    guard let program = try? Program(output, gradientsFor: [inputs[input]], options: options) else { return nil }
    let gate = program.makeSession(on: SeededExecutor(seed: 0))
    do {
      for (node, values) in zip(inputs, numbers) where program.endpoints.sources[node.id] != nil {
        try gate.write(values, to: node)
      }
      try gate.writeUpstreamIfRead(upstream, of: output)
      try gate.step()
      return try gate.gradientDoubles(of: inputs[input])
    } catch {
      return nil
    }
  }

  private func values(_ node: NodeID) -> [Double]? {
    if let constant = state.storage.constants[node], state.storage.isConstant(node) {
      return constant.doubles(count: state.storage.signature(of: node).shape.elementCount)
    }
    return try? session.doubles(of: Node(graph: session.program.graph, id: node))
  }
  private func gradients(_ node: NodeID) -> [Double]? {
    try? session.gradientDoubles(of: Node(graph: session.program.graph, id: node))
  }

  /// Three significant digits; of more than three elements the least and the greatest.
  private func text(_ values: [Double], of node: NodeID) -> String {
    if state.storage.signature(of: node).shape == .scalar { return NumberText.significant(values[0], digits: 3) }
    if values.count <= 3 {
      return "[" + values.map { NumberText.significant($0, digits: 3) }.joined(separator: ", ") + "]"
    }
    let finite = values.filter(\.isFinite)
    guard finite.count == values.count, let least = finite.min(), let most = finite.max() else {
      return "\(values.count - finite.count) not finite"
    }
    if least == most { return "all \(NumberText.significant(least, digits: 3))" }
    return "\(NumberText.significant(least, digits: 3)) … \(NumberText.significant(most, digits: 3))"
  }
}

extension Session {
  fileprivate func writeUpstreamIfRead(_ doubles: [Double], of node: Node) throws {
    // A rule may not read the upstream gradient at all.
    guard program.endpoints.upstreams.contains(where: { $0?.node == node.id }) else { return }
    try writeUpstream(doubles: doubles, of: node)
  }
}
