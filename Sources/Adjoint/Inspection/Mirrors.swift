internal import DependencyScheduling

/// What `dump`, a debugger and the message of a failed expectation show of objects that hold locks, claims and memory
/// of their own, which reflection cannot copy: names, shapes and states. Nothing is run, computed or waited for.
extension Session: CustomReflectable {
  /// The program, where it runs, the store, what has been fed, and which results are there.
  public var customMirror: Mirror {
    let (state, names) = (progress.withLock { $0 }, program.names)
    func texts(_ inputs: [Endpoint]) -> [String] { inputs.map { names.text(of: $0) } }
    let isFed = { (input: Endpoint) in state.written.contains(input.node) }
    return Mirror(
      self,
      children: [
        "program": program, "executor": executor, "parameters": parameters,
        "fed": texts(program.endpoints.inputs.filter(isFed)),
        "missing": texts(program.endpoints.inputs.filter { !isFed($0) }),
        "hasOutputs": state.hasOutputs, "hasGradients": state.hasGradients,
        "hasForwardPass": state.forwardVersion.map { $0 == parameters.version } ?? false,
      ], displayStyle: .class)
  }
}

extension Program: CustomReflectable {
  /// Names, shapes and types of what goes in and comes out, the number of units, and the bytes of a session and of the
  /// constants.
  public var customMirror: Mirror {
    let names = names
    func texts(_ nodes: [NodeID]) -> [String] {
      nodes.map { "\(names.name(of: $0)) \(names.storage.signature(of: $0).text)" }
    }
    return Mirror(
      self,
      children: [
        "inputs": texts(endpoints.inputs.map(\.node)), "parameters": texts(endpoints.parameters.map(\.node)),
        "outputs": texts(endpoints.outputs), "gradientsOf": texts(endpoints.gradients.keys.sorted()),
        "updates": texts(plan.updates.map { endpoints.parameters[$0.parameter].node }),
        "unitCount": unitCount, "sessionBytes": sessionBytes, "constantBytes": constantBytes,
      ], displayStyle: .class)
  }
}

extension ParameterStore: CustomReflectable {
  /// Shape and type of each parameter, by name.
  public var customMirror: Mirror {
    let parameters: [Mirror.Child] = names.map { name in
      (name, signature(of: name).map { "\($0.shape) \($0.elementType)" } ?? "")
    }
    return Mirror(self, children: parameters, displayStyle: .class)
  }
}

extension Graph: CustomReflectable {
  /// How many nodes there are, and the names, shapes and types of inputs and parameters.
  public var customMirror: Mirror {
    let state = snapshot()
    let inputs = (0..<state.storage.count).map { NodeID($0) }.filter { state.storage.traits(of: $0).source == .input }
    func texts(_ nodes: [NodeID]) -> [String] {
      nodes.map { "\(state.name(of: $0)) \(state.storage.signature(of: $0).text)" }
    }
    return Mirror(
      self,
      children: [
        "nodeCount": state.storage.count, "inputs": texts(inputs), "parameters": texts(state.parameters),
      ], displayStyle: .class)
  }
}

extension Node: CustomStringConvertible {
  /// Its name, its gate unless that is in the name, shape, type and line, and what is wrong with it, if anything is:
  ///
  /// ```
  /// hidden = relu [128, 64] float32, made at Model/Network.swift:12
  /// add#7 [128, 64] float32, made at Model/Network.swift:13
  /// ```
  public var description: String {
    let (label, error) = graph.withState { state in
      let (name, gate) = (state.name(of: id), state.storage.traits(of: id).name)
      let isNamed = state.names[id] != nil
      return ("\(isNamed ? "\(name) = \(gate)" : name) \(state.storage.signature(of: id).text)", state.poison[id])
    }
    return "\(label), made at \(location)" + (error.map { ", refused: \($0)" } ?? "")
  }
}

extension Node: CustomReflectable {
  /// Name, gate, shape, type, the names of what it reads, and where it was made.
  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "name": name, "gate": gateName, "shape": shape, "elementType": elementType, "inputs": inputs.map(\.name),
        "location": location,
      ], displayStyle: .struct)
  }
}

extension ReadyGradient: CustomReflectable {
  /// The variable that it is the gradient of.
  public var customMirror: Mirror { Mirror(self, children: ["variable": variable], displayStyle: .struct) }
}

extension Signature {
  /// `[2, 3] float32`.
  var text: String { "\(shape) \(elementType)" }
}

extension GraphState {
  fileprivate func text(of endpoint: Endpoint) -> String { "\(name(of: endpoint.node)) \(endpoint.signature.text)" }
}
