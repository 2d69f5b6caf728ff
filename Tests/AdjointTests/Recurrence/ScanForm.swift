import Adjoint
import AdjointTesting
import Testing

/// The forms of a loop that a scan is compiled into in ways of their own.
enum ScanForm: String, CaseIterable, CustomTestStringConvertible {
  /// No state: all steps together.
  case map
  /// One loop, whose products with elements are one large product.
  case layer
  /// A layer whose weights are used with rows as columns and as they are, in the loop and outside of it.
  case turned
  /// Two layers: loops of their own, in chunks if they are long.
  case layers
  /// Loops that read what others compute, states that only pass values on, outputs that are the same in every step.
  case passing
  /// A loop of four parts, each of which reads another, in no order.
  case circle
  /// A gate that knows no lanes and so keeps everything in one loop, in whose state gradients grow.
  case whole
  /// Two layers with such a gate between them.
  case wholeLayers
  /// A loop in each step.
  case nested
  /// Parts of the state, and outputs, that are one value, rows and scalars.
  case repeated
  /// One part more than loops are looked for in.
  case many

  /// All but the one of many parts.
  static let allCases: [ScanForm] = [
    .map, .layer, .turned, .layers, .passing, .circle, .whole, .wholeLayers, .nested, .repeated,
  ]

  var testDescription: String { rawValue }

  /// The shapes of the parts of the initial state, of an element of each sequence, and of the weights.
  func shapes(_ width: Int) -> (state: [Shape], elements: [Shape], weights: [Shape]) {
    let row: Shape = [1, width], square: Shape = [width, width]
    return switch self {
    case .map: ([], [row, row], [row, square, []])
    case .layer: ([row], [row], [square, square, row])
    case .turned: ([row], [row], [square, square])
    case .layers: ([row, row], [row], [row, square])
    case .passing: ([row, row, row, row], [row], [row, []])
    case .circle: ([row, [], row, row], [row, []], [row])
    case .whole: ([row], [row], [row, square, []])
    case .wholeLayers: ([row, row], [row], [row])
    case .nested: ([row], [[3, 1, width]], [row])
    case .repeated: ([row, [], row, []], [row], [row])
    case .many: ([Shape](repeating: row, count: UInt64.bitWidth + 1), [row], [row])
    }
  }

  /// One step.
  func step<Value: LoopValue>(
    _ state: [Value], _ x: [Value], _ w: [Value]
  ) -> (state: [Value], outputs: [Value]) {
    switch self {
    case .map:
      let product = (x[0] * w[0]).times(w[1])
      return ([], [product.squashed, x[1] * w[0] * w[2], product * x[1] + w[0]])
    case .layer:
      let next = (state[0].times(w[0]) + x[0].times(w[1]) + w[2]).squashed
      return ([next], [next * w[2], state[0]])
    case .turned:
      let next = (state[0].times(w[0].turned) + x[0].times(w[1].turned)).squashed
      return ([next], [next.times(w[1]), x[0].times(w[0])])
    case .layers:
      let first = (state[0] * w[0] + x[0]).squashed
      let second = (state[1].times(w[1]) + first * w[0]).squashed
      return ([first, second], [second * x[0], first])
    case .passing:
      let inner = state[0] * w[0]
      let first = (inner + w[1] * x[0]).squashed
      let last = (0.5 * state[2] + state[1] * first).squashed
      return ([first, inner, last, x[0]], [last + state[3], w[0], first * state[1], x[0]])
    case .circle:
      let first = (state[3] * x[0] + w[0]).squashed
      let third = 0.7 * state[0] + x[1] * x[0]
      return ([first, (state[2] * w[0]).average, third, (state[1] * x[0]).squashed], [first + state[2], state[1]])
    case .whole:
      let next = (state[0] * w[0] + (x[0] * w[2]).runningSums.times(w[1]) * state[0]).squashed
      return ([next], [next * w[0], x[0] * w[2]])
    case .wholeLayers:
      let first = (state[0] * w[0] + x[0]).squashed
      let second = (state[1] * w[0] + 0.3 * first.runningSums).squashed
      return ([first, second], [second, first * x[0]])
    case .nested:
      let next = Value.repeated(over: x[0], from: state[0]) { ($0 * w[0] + $1).squashed }
      return ([next], [next * w[0]])
    case .repeated:
      let next = (state[0] * w[0] + state[1] * x[0].runningSums + 0.5 * state[2]).squashed
      let mean = next.average + 0.2 * state[3]
      return ([next, mean, next, mean], [next, next, mean, mean, state[0], state[0], x[0], x[0], w[0], w[0]])
    case .many:
      let next = state.indices.map { part in
        (state[part] * w[0] + state[(part + 1) % state.count] * x[0]).squashed
      }
      return (next, [next[0] * w[0]])
    }
  }

  /// The results that move a loss.
  enum Reading: CaseIterable { case everything, lastState, lastOutput }

  /// Numbers between −0.6 and 0.6 that look like nothing in particular.
  static func numbers(_ count: Int, seed: Int) -> [Double] {
    (0..<count).map { (Double(($0 * 53 + seed * 29 + ($0 + seed) * ($0 + seed) * 7) % 121) - 60) / 100 }
  }

  /// How much each step's outputs move the loss.
  static func weights(steps: Int) -> [Double] { (0..<steps).map { 0.3 + Double($0 * 5 % 7) / 7 } }
}

/// A form of a loop for so many steps as a scan, and its loss.
struct ScannedForm {
  let form: ScanForm
  let length: Int, width: Int
  let isReversed: Bool
  let reading: ScanForm.Reading
  let type: ElementType
  let graph = Graph()
  /// The initial state, the sequences and the weights.
  let variables: [Node]
  /// A fixed direction for each.
  let directions: [Node]
  let results: (state: [Node], outputs: [Node])
  let loss: Node

  init(
    _ form: ScanForm, length: Int, width: Int = 2, isReversed: Bool = false,
    reading: ScanForm.Reading = .everything, _ type: ElementType = .float64
  ) {
    (self.form, self.length, self.width) = (form, length, width)
    (self.isReversed, self.reading, self.type) = (isReversed, reading, type)
    let graph = graph
    let shapes = Self.shapes(form, length, width)
    let variables = shapes.enumerated().map { graph.input("v\($0)", $1, type) }
    self.variables = variables
    directions = shapes.enumerated().map { number, shape in
      graph.numbers(ScanForm.numbers(shape.elementCount, seed: 90 + number), shape, type)
    }
    let (state, elements, weights) = Self.parted(variables, form, width)
    let scanned = graph.scope("loop") {
      graph.scan(over: elements, from: state, reversed: isReversed) { form.step($0, $1, weights) }
    }
    results = (scanned.state, scanned.outputs)
    let times = graph.numbers(ScanForm.weights(steps: length), [length, 1, 1], type)
    let states = scanned.state.map { square($0).sum() }
    let outputs = scanned.outputs.map { output in
      (square(output).reshaped([length, 1, output.shape.elementCount / length]) * times).sum()
    }
    loss = Self.loss(states, outputs, reading) { $0 * $1 }
  }

  private static func shapes(_ form: ScanForm, _ length: Int, _ width: Int) -> [Shape] {
    let shapes = form.shapes(width)
    return shapes.state + shapes.elements.map { Shape([length] + $0.dimensions) } + shapes.weights
  }

  private static func parted<Value>(
    _ all: [Value], _ form: ScanForm, _ width: Int
  ) -> (state: [Value], elements: [Value], weights: [Value]) {
    let shapes = form.shapes(width)
    let rest = all.dropFirst(shapes.state.count)
    return (
      Array(all.prefix(shapes.state.count)), Array(rest.prefix(shapes.elements.count)),
      Array(rest.dropFirst(shapes.elements.count))
    )
  }

  private static func loss<Value: LoopValue>(
    _ states: [Value], _ outputs: [Value], _ reading: ScanForm.Reading, _ scaled: (Double, Value) -> Value
  ) -> Value {
    let terms: [Value] =
      switch reading {
      case .everything: states + outputs
      case .lastState: [states.last ?? outputs[0]]
      case .lastOutput: [outputs[outputs.count - 1]]
      }
    let weighted = terms.enumerated().map { scaled(0.2 + 0.1 * Double($0), $1) }
    return weighted.dropFirst().reduce(weighted[0], +)
  }

  private func values(_ number: Int) -> [Double] {
    ScanForm.numbers(variables[number].shape.elementCount, seed: number)
  }

  /// The loss and its first three derivatives as `moving` variables go along their directions, by a plain loop.
  func derivatives(moving: (Int) -> Bool = { _ in true }) -> [Double] {
    let all = variables.indices.map { number in
      let shape = variables[number].shape
      let directions =
        moving(number)
        ? ScanForm.numbers(shape.elementCount, seed: 90 + number) : [Double](repeating: 0, count: shape.elementCount)
      return SeriesTensor(shape, values(number), along: directions)
    }
    let parted = Self.parted(all, form, width)
    var state = parted.state
    let weights = ScanForm.weights(steps: length)
    var sums: [SeriesTensor] = []
    for time in isReversed ? Array((0..<length).reversed()) : Array(0..<length) {
      let step = form.step(state, parted.elements.map { $0.element(time) }, parted.weights)
      state = step.state
      let terms = step.outputs.map { weights[time] * ($0 * $0).total }
      sums = sums.isEmpty ? terms : zip(sums, terms).map(+)
    }
    let series = Self.loss(state.map { ($0 * $0).total }, sums, reading) { $0 * $1 }.elements[0]
    return [series.x, series.y, 2 * series.z, 6 * series.w]
  }

  /// The derivative of a scalar along the directions of `moving` variables, by one mode.
  func slope(of value: Node, _ mode: DifferentiationMode, moving: (Int) -> Bool = { _ in true }) throws -> Node {
    let moved = variables.indices.filter(moving)
    let variables = moved.map { self.variables[$0] }, directions = moved.map { self.directions[$0] }
    switch mode {
    case .forward:
      return try graph.jacobianVectorProduct(of: [value], along: directions, withRespectTo: variables)[0]
        ?? graph.constant(0, [], type)
    case .reverse:
      let gradients = try graph.gradients(of: [value], withRespectTo: variables)
      let terms = zip(gradients, directions).compactMap { gradient, direction in gradient.map { ($0 * direction).sum() }
      }
      return terms.isEmpty ? graph.constant(0, [], type) : terms.dropFirst().reduce(terms[0], +)
    }
  }

  /// The values of the variables.
  var fed: [Node: ReferenceTensor] {
    Dictionary(
      uniqueKeysWithValues: variables.enumerated().map { ($1, ReferenceTensor($1.shape, type, values($0))) })
  }

  /// The loss and its derivative along all directions, by a program's own backward pass.
  func step(_ options: Program.Options) throws -> (loss: Double, slope: Double) {
    let session = try Program(loss, gradientsFor: variables, options: options).makeSession()
    for (variable, value) in fed { try session.write(value, to: variable) }
    try session.step()
    let terms = try variables.enumerated().map { number, variable in
      let directions = ScanForm.numbers(variable.shape.elementCount, seed: 90 + number)
      return zip(try session.referenceGradient(of: variable).values, directions).map(*).reduce(0, +)
    }
    return (try session.referenceValue(of: loss).values[0], terms.reduce(0, +))
  }

  /// What a program computes of scalar `nodes`.
  func values(of nodes: [Node], _ options: Program.Options = Program.Options()) throws -> [Double] {
    let session = try Program(nodes, options: options).makeSession()
    for (variable, value) in fed {
      do { try session.write(value, to: variable) } catch SessionError.notInProgram {}
    }
    try session.forward()
    return try nodes.map { try session.referenceValue(of: $0).values[0] }
  }
}

extension Graph {
  fileprivate func numbers(_ values: [Double], _ shape: Shape, _ type: ElementType) -> Node {
    type == .float64 ? constant(values, shape) : constant(values.map { Float($0) }, shape)
  }
}
