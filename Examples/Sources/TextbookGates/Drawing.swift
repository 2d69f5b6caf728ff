import Adjoint
import Foundation
import Shared

/// Colours on a terminal, unless NO_COLOR asks for none.
let usesColor = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

/// Computes `output` with every value and gradient on the way to it, and draws the graph.
func draw(_ title: String, _ output: Node, _ values: [Node: Double]) throws -> Session {
  let session = try output.session(at: values)
  print("\n\(title)\n\n\(session.drawing(of: output, inColor: usesColor))")
  return session
}
