import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// A program for each kind of unit that a plan has, with what feeds it.
enum InspectedKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case scalars, doubles, chain, parts, scan, updates, arrival, convolution
  var testDescription: String { rawValue }

  /// A program of this kind; feeds ``session(on:)``.
  func program() throws -> (program: Program, inputs: [Node: ReferenceTensor]) {
    let graph = Graph()
    var options = Program.Options(accumulation: self == .arrival ? .arrivalOrder : .graphOrder)
    options.measuresCosts = false
    if self != .chain { options.unitWork = 500 }
    func wave(_ shape: Shape, _ type: ElementType = .float32) -> ReferenceTensor {
      ReferenceTensor(shape, type, (0..<shape.elementCount).map { 0.1 + Double($0 * 37 % 101) / 101 })
    }
    switch self {
    case .scalars, .doubles:
      let type: ElementType = self == .doubles ? .float64 : .float32
      let x = graph.input("x", [], type), y = graph.input("y", [], type)
      var (a, b) = (x, y)
      for _ in 0..<60 { (a, b) = (sin(a * b), a + tanh(b)) }
      let values = [x: wave([], type), y: ReferenceTensor([], type, [0.7])]
      return (try Program(a * b, gradientsFor: [x, y], options: options), values)
    case .chain:
      let x = graph.input("x", [40_000]), y = graph.input("y", [40_000])
      let f = (sigmoid(tanh(x) * exp(-y) + sin(x)) * y).mean()
      return (try Program(f, gradientsFor: [x, y], options: options), [x: wave([40_000]), y: wave([40_000])])
    case .parts:
      (options.division, options.unitWork) = (.finest, 0)
      let x = graph.input("x", [64, 48]), w = graph.parameter("w", [48, 32], .uniform(-1...1, seed: 1))
      let f = tanh(x.matmul(w)).sum()
      return (try Program(f, gradientsFor: [x, w], options: options), [x: wave([64, 48])])
    case .scan:
      let x = graph.input("x", [100, 8]), w = graph.parameter("w", [8, 8], .uniform(-0.3...0.3, seed: 2))
      let run = graph.scan(over: [x], from: [graph.constant(0, [1, 8])]) { state, elements in
        let next = tanh(state[0].matmul(w) + elements[0].reshaped([1, 8]))
        return (state: [next], outputs: [next.sum(), exp(next)])
      }
      let f = run.state[0].sum() + run.outputs[0].sum() + run.outputs[1].sum()
      return (try Program(f, gradientsFor: [x, w], options: options), [x: wave([100, 8])])
    case .updates:
      let x = graph.input("x", [32, 16])
      let w = graph.parameter("w", [16, 16], .uniform(-1...1, seed: 3)), b = graph.parameter("b", [])
      let f = square(x.matmul(w) + b).mean()
      let slopes = try graph.gradients(of: [f], withRespectTo: [w, b])
      let updates = zip([w, b], slopes).map { ParameterUpdate($0, to: $0 - 0.1 * $1!) }
      return (try Program(f, updating: updates, options: options), [x: wave([32, 16])])
    case .arrival:
      let x = graph.input("x", [300])
      let branches = (1...6).map { sin(Double($0) * x) }
      let f = branches.dropFirst().reduce(branches[0]) { $0 * $1 }.sum()
      return (try Program(f, gradientsFor: [x], options: options), [x: wave([300])])
    case .convolution:
      let x = graph.input("x", [2, 3, 12, 12])
      let w = graph.parameter("w", [4, 3, 3, 3], .uniform(-1...1, seed: 4))
      let features = maxPool(relu(Adjoint.convolution(x, w, padding: 1)), window: 2)
      let f = square(features).mean()
      return (try Program(f, gradientsFor: [x, w], options: options), [x: wave([2, 3, 12, 12])])
    }
  }

  func session(on executor: any ScheduleExecutor) throws -> Session {
    let (program, inputs) = try program()
    let session = program.makeSession(on: executor)
    for (node, value) in inputs { try session.write(value, to: node) }
    return session
  }
}
