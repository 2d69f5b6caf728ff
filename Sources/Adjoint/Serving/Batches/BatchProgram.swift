/// A network for a number of rows, as a ``Batcher`` takes it: its inputs and outputs have a first axis of that many.
public struct BatchProgram: Sendable {
  /// The compiled network.
  public let program: Program
  /// What a row is fed to: all inputs of the program.
  public let inputs: [Node]
  /// What a row is answered with, outputs of the program.
  public let outputs: [Node]

  /// - Parameters:
  ///   - program: the compiled network.
  ///   - inputs: all of its inputs, in the order in which requests give them.
  ///   - outputs: those that requests get, in this order.
  public init(_ program: Program, inputs: [Node], outputs: [Node]) {
    self.program = program
    self.inputs = inputs
    self.outputs = outputs
  }

  /// A network of one input and one output.
  ///
  /// - Parameters:
  ///   - program: the compiled network.
  ///   - input: its only input.
  ///   - output: what requests get.
  public init(_ program: Program, input: Node, output: Node) {
    self.init(program, inputs: [input], outputs: [output])
  }
}

/// The inputs and outputs of a batch, as one row has them.
struct BatchPorts: Sendable {
  let inputs: [Port]
  let outputs: [Port]

  /// A node of the batch's graph, and what of it is one row's.
  struct Port: Sendable {
    let node: Node
    let row: Signature
  }

  /// What a row is, for all sizes of a batch alike.
  var row: (inputs: [Signature], outputs: [Signature]) { (inputs.map(\.row), outputs.map(\.row)) }

  /// Checks that a network answers each of `size` rows by itself.
  ///
  /// - Throws: ``ServingError/invalid(_:)`` for nodes that are not inputs or outputs, or have another first axis;
  ///   ``ServingError/rowsDepend(_:)``.
  init(_ batch: BatchProgram, size: Int) throws(ServingError) {
    let (program, endpoints) = (batch.program, batch.program.endpoints)
    let fed = Set(endpoints.inputs.map(\.node))
    inputs = try Self.ports(batch.inputs, "input", of: program, size) { fed.contains($0) }
    outputs = try Self.ports(batch.outputs, "output", of: program, size) { endpoints.results[$0] != nil }
    if inputs.isEmpty || outputs.isEmpty { throw .invalid("a batch has at least one input and one output") }
    let named = Set(batch.inputs.map(\.id))
    if let missing = endpoints.inputs.first(where: { !named.contains($0.node) }) {
      throw .invalid("the input \(program.names.describe(missing.node)) is not among those that rows are fed to")
    }
    try RowIndependence.check(program.names, inputs: named, outputs: batch.outputs.map(\.id), rowCount: size)
  }

  private static func ports(
    _ nodes: [Node], _ kind: String, of program: Program, _ size: Int, _ isOne: (NodeID) -> Bool
  ) throws(ServingError) -> [Port] {
    var ports: [Port] = []
    for node in nodes {
      guard node.graph === program.graph, isOne(node.id) else {
        throw .invalid("\(node.name), made at \(node.location), is no \(kind) of the batch's program")
      }
      guard let extent = node.shape.dimensions.first, extent == size else {
        throw .invalid("\(program.names.describe(node.id)) has no first axis of \(size) rows")
      }
      let row = Shape(Array(node.shape.dimensions.dropFirst()))
      ports.append(Port(node: node, row: Signature(elementType: node.elementType, shape: row)))
    }
    return ports
  }
}
