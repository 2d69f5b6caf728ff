/// What one graph holds: its arrays, and beside them all that only a message or a drawing needs.
struct GraphState: Sendable {
  var storage = GraphStorage()
  var files = FileTable()
  private var sites = SiteTable()
  private var sources = SharedColumn<NodeSource>()

  private(set) var names: [NodeID: String] = [:]
  private var nodesByName: [ExactName: NodeID] = [:]
  private(set) var scopePaths = [""]
  private var scopeNumbers: [ExactName: UInt32] = [ExactName(""): 0]

  private var literals: [Literal: NodeID] = [:]
  private struct Literal: Hashable {
    let type: ElementType
    let bits: UInt64
  }

  private var dropoutStreams = DropoutStreams()

  private(set) var poison: [NodeID: GraphError] = [:]
  /// Everything that lives in a parameter store, in the order it was made.
  private(set) var parameters: [NodeID] = []
  /// Those of ``parameters`` that nobody trains.
  private(set) var states: Set<NodeID> = []

  private var contexts = BuildingContexts()
  /// What nodes that are made now take over.
  var context: BuildingContext {
    get { contexts.current }
    set { contexts.current = newValue }
  }
  /// Makes the context that of the calling thread.
  @inline(__always)
  mutating func enterThread() { contexts.enter() }

  // MARK: applying gates

  // A gate may be a user's, whose code may ask the graph that it is applied in. So a graph applies gates without
  // holding its lock, by ``Graph/apply(_:to:at:)``; what takes a gate here is for gates of the package and graphs
  // without a lock.

  mutating func apply(_ gate: some Gate, _ first: NodeID, _ second: NodeID?, at location: PackedLocation) -> NodeID {
    applyIfAlike(storage.intern(gate), first, second, at: location)
      ?? apply(gate, to: second.map { [first, $0] } ?? [first], at: location)
  }

  mutating func apply(_ gate: some Gate, to inputs: [NodeID], at location: PackedLocation) -> NodeID {
    let (gate, result) = gate.applied(to: inputs.map { storage.signature(of: $0) })
    return apply(storage.intern(gate), result, to: inputs, at: location)
  }

  /// Applies a gate whose result is known to be like its operands, if these are alike: an elementwise one of the
  /// package.
  @inline(__always)
  mutating func applyIfAlike(
    _ gate: GateID, _ first: NodeID, _ second: NodeID?, at location: PackedLocation
  ) -> NodeID? {
    let signature = storage.rows[first.int].signature
    guard storage.gates.briefs[Int(gate.index)].keepsSignature, poison.isEmpty, storage.hasArithmetic(signature),
      second == nil || storage.rows[second!.int].signature == signature
    else { return nil }
    return record(storage.append(gate, signature, first, second), at: location)
  }

  /// Applies a gate whose rules have said what the result is, or why there is none.
  mutating func apply(
    _ gate: GateID, _ result: Result<Signature, ShapeError>, to inputs: [NodeID], at location: PackedLocation
  ) -> NodeID {
    var signature = SignatureID.scalar(inputs.first.map { storage.signature(of: $0).elementType } ?? .float32)
    if case .success(let result) = result { signature = storage.intern(result.elementType, result.shape) }
    let inherited = poison.isEmpty ? nil : inputs.compactMap { poison[$0] }.first
    let node = record(storage.append(gate, signature, inputs: inputs), at: location)
    if let inherited {
      poison[node] = inherited
    } else if case .failure(let failure) = result {
      poison[node] = GraphError(.shapeMismatch, reason(of: failure, inputs), at: node, operands: inputs, in: self)
    }
    return node
  }

  /// Why a gate does not go with its operands, and how to write the cast after which it would, if one helps.
  ///
  /// Of two operands that could each be cast to the other's type, a constant is.
  private func reason(of failure: ShapeError, _ operands: [NodeID]) -> String {
    guard let cast = failure.cast, operands.indices.contains(cast.operand) else { return failure.description }
    func isConstant(_ position: Int) -> Bool { storage.brief(of: operands[position]).source == .constant }
    var (operand, type) = (cast.operand, cast.type)
    if let partner = cast.partner, operands.indices.contains(partner), isConstant(partner), !isConstant(operand) {
      (operand, type) = (partner, storage.signature(of: operands[operand]).elementType)
    }
    return "\(failure.description); write \(name(of: operands[operand])).cast(to: .\(type))"
  }

  /// Applies a gate to operands that are known to go with it, none of them poisoned, in a backward pass.
  mutating func append(_ gate: GateID, _ signature: SignatureID, inputs: some Collection<NodeID>) -> NodeID {
    record(storage.append(gate, signature, inputs: inputs), at: .unknown)
  }
  mutating func append(_ gate: GateID, _ signature: SignatureID, _ first: NodeID, _ second: NodeID?) -> NodeID {
    record(storage.append(gate, signature, first, second), at: .unknown)
  }

  /// Adds a node of a gate that does not go with its operands: poisoned by what is wrong with one of these, or else for
  /// `reason`.
  mutating func refuse(
    _ gate: some Gate, _ inputs: [NodeID], _ reason: String, at location: PackedLocation
  ) -> NodeID {
    let type = inputs.first.map { storage.signature(of: $0).elementType } ?? .float32
    let node = record(storage.append(storage.intern(gate), .scalar(type), inputs: inputs), at: location)
    poison[node] =
      inputs.compactMap { poison[$0] }.first
      ?? GraphError(.shapeMismatch, reason, at: node, operands: inputs, in: self)
    return node
  }

  /// Adds a node without inputs.
  mutating func addSource(
    _ gate: some Gate, _ type: ElementType, _ shape: Shape, name: String?, at location: PackedLocation
  ) -> NodeID {
    let impossibility = shape.impossibility
    let signature = impossibility == nil ? storage.intern(type, shape) : .scalar(type)
    let node = record(storage.append(storage.intern(gate), signature, inputs: []), at: location)
    if let name { setName(name, of: node) }
    if let impossibility {
      poison[node] = GraphError(.shapeMismatch, "shape \(shape): \(impossibility)", at: node, operands: [], in: self)
    }
    return node
  }

  mutating func addParameter(
    _ name: String, _ type: ElementType, _ shape: Shape, _ initializer: Initializer, isState: Bool = false,
    at location: PackedLocation
  ) -> NodeID {
    let node = addSource(Parameter(), type, shape, name: name, at: location)
    storage.initializers[node] = initializer.drawing(for: self.name(of: node))
    parameters.append(node)
    if isState { states.insert(node) }
    if let reason = initializer.fault(as: type) {
      markPoisoned(node, GraphError(.wrongValue, reason, at: node, operands: [], in: self))
    }
    return node
  }

  mutating func addConstant(
    _ values: TensorValues, _ type: ElementType, _ shape: Shape, at location: PackedLocation
  ) -> NodeID {
    let node = addSource(Constant(), type, shape, name: nil, at: location)
    storage.constants[node] = values
    if let value = values.first(lackedBy: type) { mark(node, type, without: value) }
    return node
  }

  private mutating func mark(_ node: NodeID, _ type: ElementType, without value: Double) {
    markPoisoned(node, GraphError(.wrongValue, "\(value) is no \(type)", at: node, operands: [], in: self))
  }

  /// The scalar constant that a number in a formula stands for: one node for all uses of one value.
  mutating func literal(_ value: Double, _ type: ElementType, at location: PackedLocation) -> NodeID {
    let key = Literal(type: type, bits: value.bitPattern)
    if let known = literals[key] { return known }
    let node = addConstant(.repeated(value), type, .scalar, at: location)
    literals[key] = node
    return node
  }

  /// Whether a node is what a number in a formula stands for.
  func isLiteral(_ node: NodeID) -> Bool {
    guard case .repeated(let value) = storage.constants[node] else { return false }
    return literals[Literal(type: storage.signature(of: node).elementType, bits: value.bitPattern)] == node
  }

  /// Takes the nodes, so that whoever has them may change them in place.
  mutating func takeStorage() -> GraphStorage {
    var taken = GraphStorage()
    swap(&storage, &taken)
    return taken
  }

  mutating func markPoisoned(_ node: NodeID, _ error: GraphError) {
    if poison[node] == nil { poison[node] = error }
  }

  private mutating func record(_ node: NodeID, at location: PackedLocation) -> NodeID {
    let context = contexts.current
    if let forward = context.differentiating {
      sources.append(context.isForwardMode ? .tangent(of: forward) : .gradient(of: forward))
    } else {
      let site = Site(location: context.commonLocation ?? location, scope: context.scope)
      sources.append(.site(sites.number(of: site)))
    }
    return node
  }

  /// The stream of a dropout that is made now.
  mutating func takeDropoutStream() -> UInt32 {
    dropoutStreams.take(inScope: context.scope, named: scopePaths[Int(context.scope)])
  }

  // MARK: names, scopes, locations

  /// Enters `name` within the current scope and returns the scope to come back to.
  mutating func enterScope(_ name: String) -> UInt32 {
    let outer = context.scope
    let path = scopePaths[Int(outer)].isEmpty ? name : scopePaths[Int(outer)] + "/" + name
    if let known = scopeNumbers[ExactName(path)] {
      context.scope = known
    } else {
      context.scope = UInt32(scopePaths.count)
      scopeNumbers[ExactName(path)] = context.scope
      scopePaths.append(path)
    }
    return outer
  }

  mutating func setName(_ name: String, of node: NodeID) {
    let scope = scopePaths[Int(context.scope)]
    let path = scope.isEmpty ? name : scope + "/" + name
    if let other = nodesByName[ExactName(path)], other != node {
      let reason = "the name \(path) is taken by the node made at \(location(of: other)); names are unique in a graph"
      markPoisoned(node, GraphError(.duplicateName, reason, at: node, operands: [], in: self))
      names[node] = path
      return
    }
    if let previous = names[node] { nodesByName[ExactName(previous)] = nil }
    names[node] = path
    nodesByName[ExactName(path)] = node
    if path == Self.reservedName, storage.brief(of: node).source == .parameter {
      let reason = "a parameter cannot be named \(path), where files of parameters keep their metadata"
      markPoisoned(node, GraphError(.reservedName, reason, at: node, operands: [], in: self))
    }
  }

  /// The name under which safetensors files, which hold parameters under theirs, keep what is no parameter.
  private static let reservedName = "__metadata__"

  /// The node that has this name, compared byte for byte.
  func node(named name: String) -> NodeID? { nodesByName[ExactName(name)] }

  func name(of node: NodeID) -> String { name(of: node, gate: storage.traits(of: node).name) }

  /// The name of an application of the gate that is called `gate`.
  func name(of node: NodeID, gate: @autoclosure () -> String) -> String {
    if let name = names[node] { return name }
    let scope = scopePaths[Int(scope(of: node))]
    let name = "\(gate())#\(node.index)"
    return scope.isEmpty ? name : scope + "/" + name
  }

  func packedLocation(of node: NodeID) -> PackedLocation { site(of: node).location }
  func location(of node: NodeID) -> SourceLocation { files.unpack(packedLocation(of: node)) }
  /// The number of the scope that a node lies in.
  func scope(of node: NodeID) -> UInt32 { site(of: node).scope }
  /// The node whose gradient or tangent `node` belongs to.
  func forwardNode(of node: NodeID) -> NodeID? { sources[node.int].forwardNode }
  /// Whether a node was made by reverse mode.
  func isGradient(_ node: NodeID) -> Bool { sources[node.int].isGradient }
  func isTangent(_ node: NodeID) -> Bool { sources[node.int].isTangent }

  /// Where the user's program made a node, or for one of a derivative, of whatever order, the node it derives from.
  private func site(of node: NodeID) -> Site {
    var node = node
    while let forward = forwardNode(of: node) { node = forward }
    return sites[sources[node.int].siteNumber]
  }

  /// One line for messages: `hidden [128, 512] float32, made at Model.swift:12`.
  func describe(_ node: NodeID) -> String { describe(node, storage.signature(of: node)) { name(of: $0) } }

  /// The same line of a node of this signature, with the names that `name` gives to it and to its forward node.
  func describe(_ node: NodeID, _ signature: Signature, name: (NodeID) -> String) -> String {
    let made = "\(signature.shape) \(signature.elementType), made at \(location(of: node))"
    if let forward = forwardNode(of: node) {
      return "\(name(node)), \(isTangent(node) ? "tangent" : "backward") of \(name(forward)), \(made)"
    }
    return "\(name(node)) \(made)"
  }
}
