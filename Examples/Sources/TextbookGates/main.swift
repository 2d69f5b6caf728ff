// The course's worked examples. Backward, each gate multiplies the gradient from upstream by its local one and knows
// nothing else of the graph: downstream = upstream · local. Values are green, gradients red.

import Adjoint
import Shared

func sumAndProduct() throws {
  let graph = Graph()
  let x = graph.scalar("x"), y = graph.scalar("y"), z = graph.scalar("z")
  let q = (x + y).named("q")
  let f = (q * z).named("f")
  let session = try draw("f = (x + y) z", f, [x: -2, y: 5, z: -4])
  print(
    "multiply swaps:     q gets 1 · z = \(try session.gradient(of: q)), z gets 1 · q = \(try session.gradient(of: z))")
  print("add distributes:    x gets \(try session.gradient(of: x)), y gets \(try session.gradient(of: y))")
  for node in [x, y, z] { try session.write(session.read(node) - 0.1 * session.gradient(of: node), to: node) }
  try session.forward()
  print("a step of 0.1 down: f = \(try session.read(f).fixed(2))")
}

func sigmoidNeuron() throws {
  let graph = Graph()
  let w = (0...2).map { graph.scalar("w\($0)") }, x = (0...1).map { graph.scalar("x\($0)") }
  let sum = ((w[0] * x[0]).named("w0 x0") + (w[1] * x[1]).named("w1 x1") + w[2]).named("s")
  let f = (1 / (1 + exp((-sum).named("-s")).named("e^-s")).named("1 + e^-s")).named("f")
  let session = try draw("f = σ(w0 x0 + w1 x1 + w2)", f, [w[0]: 2, w[1]: -3, w[2]: -3, x[0]: -1, x[1]: -2])
  let slope = try (1 - session.read(f)) * session.read(f)
  print("as one gate: s gets (1 - f) f = \(slope.fixed(4)), as through four: \(try session.gradient(of: sum).fixed(4))")
}

func squaredLength() throws {
  let graph = Graph()
  let w = graph.parameter("W", [2, 2], .values([0.1, 0.5, -0.3, 0.8]), .float64)
  let x = graph.input("x", [2], .float64)
  let q = w.matmul(x).named("q")
  let f = square(q).sum().named("f")
  let session = try Program(f, gradientsFor: [w, x, q, f], alsoComputing: [q]).makeSession()
  try session.write([0.2, 0.4], to: x)
  try session.step()
  print("\nf = |W x|²\n\n\(session.report(inColor: usesColor))")
  print("q gets 2 q, W gets 2 q xᵀ, x gets 2 Wᵀ q: each gradient has the shape of its variable")
}

func rational() throws {
  let graph = Graph()
  let x = graph.scalar("x"), y = graph.scalar("y")
  let sigmaX = sigmoid(x).named("σ(x)"), sum = (x + y).named("x + y")
  let top = (x + sigmoid(y).named("σ(y)")).named("top")
  let bottom = (sigmaX + square(sum).named("(x + y)²")).named("bottom")
  let session = try draw("f = (x + σ(y)) / (σ(x) + (x + y)²)", (top / bottom).named("f"), [x: 3, y: -4])
  let sigmaSlope = try session.read(sigmaX) * (1 - session.read(sigmaX))
  let sent = try [session.gradient(of: top), session.gradient(of: sigmaX) * sigmaSlope, session.gradient(of: sum)]
  let terms = sent.map { $0.fixed(4) }.joined(separator: " + ")
  print("copy adds: x, read by three gates, gets \(terms) = \(try session.gradient(of: x).fixed(4))")
}

func router() throws {
  let graph = Graph()
  let x = graph.scalar("x"), y = graph.scalar("y"), z = graph.scalar("z")
  let f = (x * maximum(y, z).named("m")).named("f")
  let session = try draw("f = x max(y, z)", f, [x: 3, y: -4, z: 2])
  print("max routes: y gets \(try session.gradient(of: y)), z gets \(try session.gradient(of: z))")
}

try sumAndProduct()
try sigmoidNeuron()
try squaredLength()
try rational()
try router()
