internal import Adjoint

/// A road built and compiled for one function, to be run with several upstream gradients.
final class AccuracyTrip {
  /// What is computed of which quantity: nodes that cover the rows one after the other, by their value or as gradients.
  private struct Reading {
    let quantity: AccuracyQuantity
    let session: Session
    let nodes: [Node]
    let isGradient: Bool
  }

  let rows: [Int]
  private var readings: [Reading] = []
  /// Quantities that no path leads to: 0.
  private var absent: Set<AccuracyQuantity> = []
  private var sessions: [Session] = []
  private var upstreams: [Upstream] = []

  /// A place that an upstream gradient is written to before each run.
  private struct Upstream {
    let session: Session
    let node: Node
    let isSecond: Bool
    /// Whether `node` is an output, whose upstream gradient it is, and not an input.
    let isOutput: Bool
  }

  private let subject: AccuracySubject
  private let type: ElementType
  private let road: AccuracyRoad
  private let columns: [[Double]]
  private let graph = Graph()
  private let shape: Shape

  /// - Parameter columns: all rows, a column for each operand.
  init(_ subject: AccuracySubject, _ type: ElementType, _ road: AccuracyRoad, _ columns: [[Double]]) throws {
    (self.subject, self.type, self.road) = (subject, type, road)
    let rows = road.rows(of: columns[0].count)
    let count = rows.count
    self.rows = rows
    var chosen = columns.map { column in rows.map { column[$0] } }
    switch road.layout {
    case .tensor: shape = [count]
    case .scalars: shape = []
    case .scan:
      // The last step is filled up with the first rows again.
      let steps = 5, width = (count + 4) / 5
      chosen = chosen.map { column in (0..<steps * width).map { column[$0 % count] } }
      shape = [steps, width]
    }
    self.columns = chosen
    try build()
  }

  /// Each quantity that this road leads to, for each of `rows`: a derivative by operands i (and j) times `upstream`
  /// (times `second`).
  func run(upstream: Double, second: Double) throws -> [(quantity: AccuracyQuantity, values: [Double])] {
    for place in upstreams {
      let values = [Double](repeating: place.isSecond ? second : upstream, count: shape.elementCount)
      let value = ReferenceTensor(shape, type, values)
      let (session, node) = (place.session, place.node)
      try ignoringAbsence {
        try place.isOutput ? session.writeUpstream(value, of: node) : session.write(value, to: node)
      }
    }
    for session in sessions {
      let hasGradients = readings.contains { $0.isGradient && $0.session === session }
      try hasGradients ? session.step() : session.forward()
    }
    let computed = try readings.map { reading in
      let values = try reading.nodes.flatMap { node in
        let session = reading.session
        return try reading.isGradient
          ? session.referenceGradient(of: node).values : session.referenceValue(of: node).values
      }
      return (quantity: reading.quantity, values: Array(values.prefix(rows.count)))
    }
    return computed + absent.map { (quantity: $0, values: [Double](repeating: 0, count: rows.count)) }
  }

  // MARK: building

  private func build() throws {
    let groups = road.layout == .scalars ? rows.count : 1
    // operands[group][operand]
    let operands = (0..<groups).map { group in
      columns.indices.map { graph.input("operand\($0) of \(group)", shape, type) }
    }
    let upstream = graph.input("upstream", shape, type)
    let second = graph.input("second upstream", shape, type)
    let outputs = operands.map(applied)
    if road.derivation.usesGradients {
      try buildPrograms(outputs, operands, upstream, second)
    } else {
      try compile(derived(outputs, operands, upstream, second), operands, upstream, second)
    }
  }

  private func applied(_ operands: [Node]) -> Node {
    guard road.layout == .scan else { return subject.apply(operands) }
    return graph.scan(over: operands, from: []) { _, elements in (state: [], outputs: [self.subject.apply(elements)]) }
      .outputs[0]
  }

  /// The nodes of each quantity, one for each group of operands.
  private func derived(
    _ y: [Node], _ x: [[Node]], _ upstream: Node, _ second: Node
  ) throws -> [AccuracyQuantity: [Node?]] {
    // By operand, then by group.
    let variables = columns.indices.map { operand in x.map { $0[operand] } }
    func gradients(_ nodes: [Node?], _ upstream: Node) throws -> [[Node?]] {
      let outputs = nodes.compactMap { $0 }
      guard outputs.count == nodes.count else { return variables.map { $0.map { _ in nil } } }
      // A group's operands move no other group's output.
      let gradients = try graph.gradients(
        of: outputs, upstream: outputs.map { _ in upstream }, withRespectTo: Array(variables.joined()))
      return columns.indices.map { Array(gradients[$0 * x.count..<($0 + 1) * x.count]) }
    }
    func tangents(_ nodes: [Node?], _ direction: Node) throws -> [[Node?]] {
      guard let output = nodes[0] else { return variables.map { _ in [nil] } }
      return try variables.map {
        try graph.jacobianVectorProduct(of: [output], along: [direction], withRespectTo: $0)
      }
    }
    func once(_ firsts: [[Node?]]) -> [AccuracyQuantity: [Node?]] {
      firsts.enumerated().reduce(into: [.value: y]) { $0[.first($1.offset)] = $1.element }
    }
    func twice(
      _ firsts: [[Node?]], _ again: ([Node?], Node) throws -> [[Node?]]
    ) throws -> [AccuracyQuantity: [Node?]] {
      var nodes: [AccuracyQuantity: [Node?]] = [:]
      for (i, first) in firsts.enumerated() {
        for (j, derivative) in try again(first, second).enumerated() { nodes[.second(i, j)] = derivative }
      }
      return nodes
    }
    return switch road.derivation {
    case .program, .programOfGradients: [:]
    case .gradients: once(try gradients(y, upstream))
    case .tangents: once(try tangents(y, upstream))
    case .gradientsOfGradients: try twice(try gradients(y, upstream), gradients)
    case .tangentsOfGradients: try twice(try gradients(y, upstream), tangents)
    case .gradientsOfTangents: try twice(try tangents(y, upstream), gradients)
    case .tangentsOfTangents: try twice(try tangents(y, upstream), tangents)
    }
  }

  private func compile(
    _ nodes: [AccuracyQuantity: [Node?]], _ operands: [[Node]], _ upstream: Node, _ second: Node
  ) throws {
    let present = AccuracyQuantity.all(arity: columns.count).compactMap { quantity in
      nodes[quantity].flatMap { $0.contains { $0 == nil } ? nil : (quantity, $0.compactMap { $0 }) }
    }
    absent = Set(nodes.keys).subtracting(present.map(\.0))
    var seen: Set<Node> = []
    let results = present.flatMap(\.1).filter { seen.insert($0).inserted }
    guard !results.isEmpty else { return }
    let session = try Program(results, options: options).makeSession()
    sessions.append(session)
    try feed(session, operands)
    upstreams += [
      Upstream(session: session, node: upstream, isSecond: false, isOutput: false),
      Upstream(session: session, node: second, isSecond: true, isOutput: false),
    ]
    readings += present.map { Reading(quantity: $0, session: session, nodes: $1, isGradient: false) }
  }

  private func buildPrograms(_ outputs: [Node], _ operands: [[Node]], _ upstream: Node, _ second: Node) throws {
    let y = outputs[0]
    let firsts = try scratchGradients(of: y, operands[0])
    func compile(_ outputs: [Node], _ reached: [Bool], _ quantity: (Int) -> AccuracyQuantity, isSecond: Bool) throws {
      absent.formUnion(reached.indices.filter { !reached[$0] }.map(quantity))
      let moving = reached.indices.filter { reached[$0] }
      let variables = operands.flatMap { group in moving.map { group[$0] } }
      let session = try Program(outputs, gradientsFor: variables, options: options).makeSession()
      sessions.append(session)
      try feed(session, operands)
      if isSecond {
        upstreams.append(Upstream(session: session, node: upstream, isSecond: false, isOutput: false))
      }
      if !variables.isEmpty {
        upstreams += outputs.map { Upstream(session: session, node: $0, isSecond: isSecond, isOutput: true) }
      }
      readings += moving.map { operand in
        Reading(quantity: quantity(operand), session: session, nodes: operands.map { $0[operand] }, isGradient: true)
      }
      if !isSecond { readings.append(Reading(quantity: .value, session: session, nodes: outputs, isGradient: false)) }
    }
    guard road.derivation == .programOfGradients else {
      return try compile(outputs, firsts, { .first($0) }, isSecond: false)
    }
    for (i, gradient) in try graph.gradients(of: [y], upstream: [upstream], withRespectTo: operands[0]).enumerated() {
      let reached = try gradient.map { try scratchGradients(of: $0, operands[0]) } ?? operands[0].map { _ in false }
      if let gradient, reached.contains(true) {
        try compile([gradient], reached, { .second(i, $0) }, isSecond: true)
      } else {
        absent.formUnion(operands[0].indices.map { .second(i, $0) })
      }
    }
  }

  /// For each operand, whether a gradient of `output` reaches it.
  private func scratchGradients(of output: Node, _ operands: [Node]) throws -> [Bool] {
    let copy = graph.copy()
    let upstream = copy.input("an upstream gradient", output.shape, output.elementType)
    return try copy.gradients(
      of: [copy.counterpart(of: output)], upstream: [upstream], withRespectTo: operands.map(copy.counterpart)
    ).map { $0 != nil }
  }

  private var options: Program.Options {
    var options = Program.Options()
    options.fusesElementwise = road.isFused
    options.measuresCosts = false
    return options
  }

  private func feed(_ session: Session, _ operands: [[Node]]) throws {
    for (group, operands) in operands.enumerated() {
      for (operand, node) in operands.enumerated() {
        let values = road.layout == .scalars ? [columns[operand][group]] : columns[operand]
        try ignoringAbsence { try session.write(ReferenceTensor(shape, type, values), to: node) }
      }
    }
  }

  /// A constant derivative does not read its operand.
  private func ignoringAbsence(_ body: () throws -> Void) throws {
    do { try body() } catch SessionError.notInProgram {}
  }
}
