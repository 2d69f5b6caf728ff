import Adjoint
import Foundation

/// Colours on a terminal, unless NO_COLOR asks for none.
let usesColor = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

/// Computes `output` with every value and gradient on the way to it, and draws the graph.
func draw(_ title: String, _ output: Node, _ values: [Node: Double]) throws -> Session {
  let nodes = output.ancestors.filter { $0.gateName != "constant" }
  let session = try Program(output, gradientsFor: nodes, alsoComputing: nodes).makeSession()
  for (node, value) in values { try session.write(value, to: node) }
  try session.step()
  print("\n\(title)\n\n\(session.drawing(of: output, inColor: usesColor))")
  return session
}

func rounded(_ value: Double, _ digits: Int = 4) -> String { String(format: "%.\(digits)f", value) }

extension Graph {
  func scalar(_ name: String) -> Node { input(name, [], .float64) }
}

extension Node {
  /// This node and all that it is computed from.
  fileprivate var ancestors: [Node] {
    var found: [Node] = [], seen: Set<Node> = [], open = [self]
    while let node = open.popLast() {
      guard seen.insert(node).inserted else { continue }
      found.append(node)
      open += node.inputs
    }
    return found
  }
}
