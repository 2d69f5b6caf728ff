import AdjointTesting
import DependencyScheduling

@testable import Adjoint

/// Programs whose plans use every kind of memory: of a run, of a pass, of updates, of checkpoints, scalars and
/// constants.
///
/// Sizes are 1 modulo 16, so that a value's last element begins a line of memory of its own: one that is forgotten, or
/// rounded off, belongs to somebody else.
enum PlannedProgram: String, CaseIterable, Sendable {
  case scalars, mixed, doubles, recurrent, attention, residual, branches, feedForward, wide
  case updates, momentum, convolutional, checkpointedRecurrence, checkpointedScans, gradientPenalty, gradientsAsOutputs
  case forwardMode, scan, gathers, shown, twins, lonely, panels

  struct Parts {
    var outputs: [Node]
    var variables: [Node] = []
    var others: [Node] = []
    var updates: [ParameterUpdate] = []
    var scopes: [String] = []

    init(
      outputs: [Node], variables: [Node] = [], others: [Node] = [], updates: [ParameterUpdate] = [],
      scopes: [String] = []
    ) {
      (self.outputs, self.variables, self.others, self.updates) = (outputs, variables, others, updates)
      self.scopes = scopes
    }

    /// A random graph with the gradients of all inputs that it has any of.
    init(_ sample: RandomGraphs.Sample) throws {
      let copy = sample.graph.copy()
      let reached = try copy.gradients(
        of: [copy.counterpart(of: sample.output)], withRespectTo: sample.inputs.map(copy.counterpart))
      self.init(outputs: [sample.output], variables: zip(sample.inputs, reached).filter { $1 != nil }.map(\.0))
    }

    func check(_ options: Program.Options) throws -> PlanCheck {
      var options = options
      options.checksPlan = false
      options.checkpointedScopes = scopes
      let order = Compilation(
        source: outputs[0].graph.snapshot(), outputs: outputs.map(\.id), variables: variables.map(\.id),
        others: others.map(\.id), updates: updates.map { ($0.parameter.id, $0.value.id) }, options: options,
        fileID: #fileID, line: #line)
      return try order.run().check
    }
  }

  func parts() throws -> Parts {
    switch self {
    case .scalars: try random(nodeCount: 100, share: 0, .float32)
    case .mixed: try random(nodeCount: 80, share: 0.6, .float32)
    case .doubles: try random(nodeCount: 60, share: 0.7, .float64)
    case .recurrent, .attention, .residual, .branches, .feedForward: fused()
    case .wide: wide()
    case .updates: try updates()
    case .momentum: try momentum()
    case .convolutional: try checkpointed(.convolutional)
    case .checkpointedRecurrence: try checkpointed(.recurrent)
    case .checkpointedScans: try checkpointed(.scans)
    case .gradientPenalty: try checkpointed(.gradientPenalty)
    case .gradientsAsOutputs: try checkpointed(.gradientsAsOutputs)
    case .forwardMode: try forwardMode()
    case .scan: scan()
    case .gathers: gathers()
    case .shown: shown()
    case .twins: twins()
    case .lonely: lonely()
    case .panels: panels()
    }
  }

  /// The plan beside what it is compared with, compiled without the check that ends the process.
  func check(_ options: Program.Options) throws -> PlanCheck { try parts().check(options) }

  private func random(nodeCount: Int, share: Double, _ type: ElementType) throws -> Parts {
    let graphs = RandomGraphs(
      nodeCount: nodeCount, maximalFanOut: 20, tensorShape: [17], tensorShare: share, elementType: type)
    let sample = graphs.graph(seed: 11)
    return try Parts(sample)
  }

  private func fused() -> Parts {
    let model = FusionTests.Case(FusionTests.Model(rawValue: rawValue)!, isSmall: true)
    return Parts(outputs: [model.loss], variables: model.inputs)
  }

  /// Values of many sizes and lifetimes: each branch waits for nobody, and what was large is taken apart for what is
  /// small.
  private func wide() -> Parts {
    let graph = Graph()
    let x = graph.input("x", [3, 11]), w = graph.input("w", [11, 11]), v = graph.input("v", [11, 43])
    let branches = (0..<3).map { branch in
      (0..<3).reduce(x) { value, layer in
        let product = (layer + branch) % 3 == 0 ? value.matmul(v).matmul(v.transposed()) : value.matmul(w)
        return tanh(product).matmul(w) + value
      }
    }
    return Parts(outputs: branches.map { $0.sum() }, variables: [x, w, v])
  }

  /// New values that are an output, what forward computes alone, an input, a constant, another shape of one, a gradient
  /// that is asked for, one that is not, another parameter; and scalars.
  private func updates() throws -> Parts {
    let graph = Graph()
    let x = graph.input("x", [17])
    let p = (0..<12).map { graph.parameter("p\($0)", [17], .ones) }
    let s = graph.parameter("s", [], .ones), t = graph.parameter("t", [], .ones)
    let hidden = tanh(x * p[0]), output = exp(hidden) * p[1], loss = square(output * p[2] + s).sum()
    let slopes = try graph.gradients(of: [loss], withRespectTo: [p[0], p[1], s]).map { $0! }
    return Parts(
      outputs: [loss], variables: [p[1]], others: [output],
      updates: [
        ParameterUpdate(p[0], to: p[0] - slopes[0]), ParameterUpdate(p[1], to: slopes[1]),
        ParameterUpdate(p[2], to: output), ParameterUpdate(p[3], to: hidden * 2 + 1), ParameterUpdate(p[4], to: x),
        ParameterUpdate(p[5], to: graph.constant((0..<17).map(Float.init), [17])),
        ParameterUpdate(p[6], to: output.reshaped([17, 1]).reshaped([17])), ParameterUpdate(p[7], to: p[8]),
        ParameterUpdate(p[8], to: p[7]), ParameterUpdate(p[9], to: hidden), ParameterUpdate(s, to: s - slopes[2]),
        ParameterUpdate(t, to: s), ParameterUpdate(p[10], to: slopes[0] * 0.5),
        ParameterUpdate(p[11], to: slopes[0] * 0.5),
      ])
  }

  /// Layers whose updates are made as soon as their gradients are.
  private func momentum() throws -> Parts {
    let graph = Graph()
    var x = graph.input("x", [3, 11])
    for layer in 0..<4 { x = tanh(x.matmul(graph.parameter("w\(layer)", [11, 11], .glorotUniform(seed: 1)))) }
    let loss = square(x).mean(), weights = graph.parameters
    let updates = try zip(weights, graph.gradients(of: [loss], withRespectTo: weights)).flatMap { w, gradient in
      let velocity = graph.parameter("velocity/\(w.name)", w.shape)
      let next = 0.9 * velocity + gradient!
      return [ParameterUpdate(velocity, to: next), ParameterUpdate(w, to: w - 0.1 * next)]
    }
    return Parts(outputs: [loss], updates: updates)
  }

  private func checkpointed(_ kind: CheckpointedModel.Kind) throws -> Parts {
    let model = try CheckpointedModel(kind)
    return Parts(outputs: model.outputs, variables: model.variables, updates: model.updates, scopes: model.scopes)
  }

  private func forwardMode() throws -> Parts {
    let graph = Graph()
    let x = graph.input("x", [5, 13]), w = graph.input("w", [13, 13]), t = graph.input("t", [13, 13])
    let y = tanh(tanh(x.matmul(w)).matmul(w))
    let tangent = try graph.jacobianVectorProduct(of: [y], along: [t], withRespectTo: [w])[0]!
    return Parts(outputs: [y, tangent], variables: [x, w])
  }

  private func scan() -> Parts {
    let graph = Graph()
    let x = graph.input("x", [9, 17]), w = graph.input("w", [17]), first = graph.input("h", [17])
    let run = graph.scan(over: x, from: first) { state, element in
      let next = tanh(state * w + element)
      return (state: next, output: next * next)
    }
    return Parts(outputs: [run.outputs.sum(), run.state.sum()], variables: [x, w, first])
  }

  /// Matrices that are packed: a parameter's and an input's, by products that are divided and by loops.
  private func panels() -> Parts {
    let graph = Graph()
    let w = graph.parameter("w", [65, 129]), v = graph.input("v", [33, 33]), x = graph.input("x", [9, 3, 129])
    let products = (0..<9).map { x.sliced($0..<$0 + 1).reshaped([3, 129]).matmul(w.transposed()) }
    let run = graph.scan(over: x.sliced(0..<33, axis: 2), from: graph.constant(0, [3, 33])) { state, element in
      let next = tanh(state.matmul(v.transposed()) + element)
      return (state: next, output: next)
    }
    return Parts(outputs: [tanh(concatenate(products)).sum(), run.outputs.sum()], variables: [w, v, x])
  }

  private func gathers() -> Parts {
    let graph = Graph()
    let table = graph.input("table", [7, 17]), rows = graph.input("rows", [5], .int32)
    let taken = table.gatheringRows(rows)
    let labels = graph.input("labels", [5], .int32)
    return Parts(
      outputs: [crossEntropy(logits: tanh(taken * 2) + taken, labels: labels), taken.cumulativeSum(axis: 0).sum()],
      variables: [table])
  }

  /// Outputs and gradients that are nothing but a source, or one another.
  private func shown() -> Parts {
    let graph = Graph()
    let x = graph.input("x", [17]), w = graph.parameter("w", [17]), s = graph.input("s")
    return Parts(
      outputs: [x.reshaped([17, 1]), x + w, s, w.reshaped([1, 17])], variables: [x, w, s],
      others: [w, graph.constant([1, 2, 3] as [Float], [3]), x.reshaped([1, 17]), graph.constant(3)])
  }

  /// What comes first is read by nobody, and scopes that are computed again follow; outputs that backward reads first.
  private func lonely() -> Parts {
    let graph = Graph()
    let x = graph.input("x", [3, 11]), w = graph.input("w", [11, 11]), y = graph.input("y", [33])
    let alone = exp(y * 2), last = graph.input("z", [33])
    let hidden = ["a", "b"].reduce(x) { x, name in graph.scope(name) { tanh(tanh(x.matmul(w)).matmul(w)) } }
    return Parts(
      outputs: [hidden, exp(last * 3)], variables: [x, w, last], others: [alone], scopes: ["a", "b"])
  }

  /// One value under several names, and values that one call makes.
  private func twins() -> Parts {
    let graph = Graph()
    let x = graph.input("x", [33]), y = graph.input("y", [33])
    let a = exp(x * y), b = exp(x * y).reshaped([3, 11])
    let norm = (a + y).l2Norm()
    // Rows so short that their sums take as much memory as they do.
    let short = b.transposed().sliced(0..<7).matmul(x.reshaped([3, 11]).sliced(0..<2, axis: 1))
    let sums = (short * 2 + 1).sum(axes: [1], keepsAxes: true).matmul(x.reshaped([1, 33]))
    return Parts(outputs: [a, a, b, b.sum(axes: [0]), norm, tanh(a) * norm, sums.sum()], variables: [x, y, x])
  }
}

extension PlannedProgram {
  /// Whether a plan in the finest parts takes a test too long.
  private var isLarge: Bool { [.convolutional, .checkpointedRecurrence, .checkpointedScans].contains(self) }

  /// The ways of compiling that are tried.
  var ways: [(name: String, options: Program.Options)] { isLarge ? Array(Self.ways.prefix(2)) : Self.ways }

  /// Ways of compiling that change the plan, and no bit.
  static let ways: [(name: String, options: Program.Options)] = {
    func options(_ change: (inout Program.Options) -> Void) -> Program.Options {
      var options = Program.Options()
      options.measuresCosts = false
      change(&options)
      return options
    }
    return [
      ("as usual", options { _ in }),
      ("each node a unit", options { $0.unitWork = 0 }),
      ("in the finest parts", options { $0.division = .finest }),
      ("not fused", options { ($0.fusesElementwise, $0.unitWork) = (false, 0) }),
      ("in order of arrival", options { ($0.accumulation, $0.unitWork) = (.arrivalOrder, 0) }),
      ("in order of arrival, in parts", options { ($0.accumulation, $0.division) = (.arrivalOrder, .finest) }),
    ]
  }()
}
