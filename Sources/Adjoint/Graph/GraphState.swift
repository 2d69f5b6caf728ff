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

  private(set) var poison: [NodeID: GraphError] = [:]
  private(set) var parameters: [NodeID] = []

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

  mutating func apply(_ gate: some Gate, _ first: NodeID, _ second: NodeID?, at location: PackedLocation) -> NodeID {
    let gateID = storage.intern(gate)
    let signature = storage.rows[first.int].signature
    if storage.gates.briefs[Int(gateID.index)].keepsSignature, poison.isEmpty, storage.isDifferentiable(signature),
      second == nil || storage.rows[second!.int].signature == signature
    {
      return record(storage.append(gateID, signature, first, second), at: location)
    }
    return applyChecked(gate, gateID, to: second.map { [first, $0] } ?? [first], at: location)
  }

  mutating func apply(_ gate: some Gate, to inputs: [NodeID], at location: PackedLocation) -> NodeID {
    applyChecked(gate, storage.intern(gate), to: inputs, at: location)
  }

  /// Applies a gate to operands that are known to go with it, none of them poisoned, in a backward pass.
  mutating func append(_ gate: GateID, _ signature: SignatureID, inputs: some Collection<NodeID>) -> NodeID {
    record(storage.append(gate, signature, inputs: inputs), at: .unknown)
  }
  mutating func append(_ gate: GateID, _ signature: SignatureID, _ first: NodeID, _ second: NodeID?) -> NodeID {
    record(storage.append(gate, signature, first, second), at: .unknown)
  }

  private mutating func applyChecked(
    _ gate: some Gate, _ gateID: GateID, to inputs: [NodeID], at location: PackedLocation
  ) -> NodeID {
    let operands = inputs.map { storage.signature(of: $0) }
    var signature = SignatureID.scalar(operands.first?.elementType ?? .float32)
    var failure: ShapeError?
    do throws(ShapeError) {
      let type = try gate.elementType(operands.map(\.elementType))
      let shape = try gate.shape(operands.map(\.shape))
      if let reason = shape.impossibility { throw ShapeError("the result would have shape \(shape), and \(reason)") }
      signature = storage.intern(type, shape)
    } catch { failure = error }

    let inherited = poison.isEmpty ? nil : inputs.compactMap { poison[$0] }.first
    let node = record(storage.append(gateID, signature, inputs: inputs), at: location)
    if let inherited {
      poison[node] = inherited
    } else if let failure {
      poison[node] = GraphError(.shapeMismatch, failure.description, at: node, operands: inputs, in: self)
    }
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
    _ name: String, _ type: ElementType, _ shape: Shape, _ initializer: Initializer, at location: PackedLocation
  ) -> NodeID {
    let node = addSource(Parameter(), type, shape, name: name, at: location)
    storage.initializers[node] = initializer
    parameters.append(node)
    if type == .int32, let value = initializer.firstNotInteger { markNotInteger(node, value) }
    return node
  }

  mutating func addConstant(
    _ values: TensorValues, _ type: ElementType, _ shape: Shape, at location: PackedLocation
  ) -> NodeID {
    let node = addSource(Constant(), type, shape, name: nil, at: location)
    storage.constants[node] = values
    if type == .int32, let value = values.firstNotInteger { markNotInteger(node, value) }
    return node
  }

  private mutating func markNotInteger(_ node: NodeID, _ value: Double) {
    markPoisoned(node, GraphError(.wrongValue, "\(value) is no int32", at: node, operands: [], in: self))
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
  func isLiteral(_ node: NodeID) -> Bool { literals.values.contains(node) }

  /// Takes the nodes, so that whoever has them may change them in place, or `copying` them leaves them here as well.
  mutating func takeStorage(copying: Bool) -> GraphStorage {
    if copying { return storage }
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

  func name(of node: NodeID) -> String {
    if let name = names[node] { return name }
    let scope = scopePaths[Int(scope(of: node))]
    let gate = "\(storage.traits(of: node).name)#\(node.index)"
    return scope.isEmpty ? gate : scope + "/" + gate
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
  func describe(_ node: NodeID) -> String {
    let signature = storage.signature(of: node)
    let made = "\(signature.shape) \(signature.elementType), made at \(location(of: node))"
    if let forward = forwardNode(of: node) {
      return "\(name(of: node)), \(isTangent(node) ? "tangent" : "backward") of \(name(of: forward)), \(made)"
    }
    return "\(name(of: node)) \(made)"
  }
}
