internal import Adjoint
internal import DependencyScheduling
internal import Notation

/// The values and gradients that a session has for the nodes of a graph, as a picture writes them.
struct PictureNumbers {
  let session: Session
  private let view: GraphView
  /// The caller's thread alone: a width of 1, which is always allowed.
  private let executor = try! GraphExecutor(width: 1)

  init(_ session: Session, _ view: GraphView) {
    self.session = session
    self.view = view
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
    let operands = view.inputs(of: reader)
    let elements = (operands + [reader]).reduce(0) { $0 + view.signature(of: $1).shape.elementCount }
    guard elements <= Self.mostElements, let upstream = gradients(reader) else { return nil }
    let graph = Graph()
    var inputs: [Node] = [], numbers: [[Double]] = []
    for (position, operand) in operands.enumerated() {
      guard let values = values(operand) else { return nil }
      let signature = view.signature(of: operand)
      inputs.append(graph.input("\(position)", signature.shape, signature.elementType))
      numbers.append(values)
    }
    let output = graph.apply(view.gate(of: reader), to: inputs)
    var options = Program.Options()
    options.measuresCosts = false
    guard let program = try? Program(output, gradientsFor: [inputs[input]], options: options) else { return nil }
    let gate = program.makeSession(on: executor)
    do {
      for (node, values) in zip(inputs, numbers) where program.reads(node) {
        try gate.write(values, to: node)
      }
      // A rule may not read the upstream gradient at all.
      if program.readsUpstream(of: output) { try gate.writeUpstream(doubles: upstream, of: output) }
      try gate.step()
      return try gate.gradientDoubles(of: inputs[input])
    } catch {
      return nil
    }
  }

  private func values(_ node: NodeID) -> [Double]? {
    view.constantElements(of: node) ?? (try? session.doubles(of: session.program.graph.node(node)))
  }
  private func gradients(_ node: NodeID) -> [Double]? {
    try? session.gradientDoubles(of: session.program.graph.node(node))
  }

  /// Three significant digits; of more than three elements the least and the greatest.
  private func text(_ values: [Double], of node: NodeID) -> String {
    if view.signature(of: node).shape == .scalar { return NumberText.significant(values[0], digits: 3) }
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
