public import Adjoint

/// Computes a graph the slow and obvious way: one node after another by its gate's definition, each result rounded to
/// its element type, on the calling thread.
///
/// It is what a ``/Adjoint/Program`` is tested against: it knows no schedule, no kernel, no buffer that is reused, and
/// no pass of the compiler.
///
/// ```swift
/// let engine = ReferenceEngine(graph)
/// let three = ReferenceTensor([], .float32, [3])
/// let values = try engine.run(feeding: [x: three])
/// print(values[f]!.values)     // [9.0], the one element of f
/// let slopes = try engine.gradients(of: [f], withRespectTo: [x], feeding: [x: three])
/// ```
/// An engine is a value and may be used from any thread.
public struct ReferenceEngine: Sendable {
  private let graph: Graph

  public init(_ graph: Graph) { self.graph = graph }

  /// The value of every node that the fed ones determine; a poisoned node, and what reads one, has none.
  ///
  /// - Parameter values: the inputs, of their shapes and types. A parameter that is not fed has its first value. A fed
  ///   node that is computed keeps the value it is fed.
  /// - Throws: ``ReferenceError`` for a value of another shape or type; what a gate's definition throws.
  /// - Complexity: O(nodes + edges) definitions.
  public func run(feeding values: [Node: ReferenceTensor]) throws -> [Node: ReferenceTensor] {
    for (node, value) in values where node.shape != value.shape || node.elementType != value.elementType {
      throw ReferenceError(
        "\(node.name) is \(node.shape) \(node.elementType), and was fed \(value.shape) \(value.elementType)")
    }
    var results = values
    try graph.forEachNode { record in
      guard results[record.node] == nil, record.poison == nil else { return }
      switch record.source {
      case .input: break
      case .parameter(let initializer): results[record.node] = record.filled(initializer.elements(shape: record.shape))
      case .constant(let values): results[record.node] = record.filled(values)
      case .computed:
        let operands = record.inputs.compactMap { results[$0] }
        guard operands.count == record.inputs.count else { return }
        results[record.node] = try record.gate.definition(operands, shape: record.shape)
      }
    }
    return results
  }

  /// The gradient of Σ outputs · upstream with respect to each variable, or `nil` where no path leads.
  ///
  /// `upstream` is the gradient of each output; ones if left out.
  ///
  /// - Throws: ``/Adjoint/GraphError`` where the outputs cannot be differentiated, and what ``run(feeding:)`` throws.
  public func gradients(
    of outputs: [Node], withRespectTo variables: [Node], upstream: [ReferenceTensor]? = nil,
    feeding values: [Node: ReferenceTensor]
  ) throws -> [ReferenceTensor?] {
    let copy = graph.copy()
    let seeds = outputs.enumerated().map { position, output in
      copy.input("upstream gradient of output \(position)", output.shape, output.elementType)
    }
    var fed: [Node: ReferenceTensor] = [:]
    for (node, value) in values { fed[copy.counterpart(of: node)] = value }
    for (position, seed) in seeds.enumerated() {
      let ones = [Double](repeating: 1, count: seed.shape.elementCount)
      fed[seed] = upstream?[position] ?? ReferenceTensor(seed.shape, seed.elementType, ones)
    }
    let adjoints = try copy.gradients(
      of: outputs.map(copy.counterpart), upstream: seeds, withRespectTo: variables.map(copy.counterpart))
    let results = try ReferenceEngine(copy).run(feeding: fed)
    return adjoints.map { adjoint in adjoint.flatMap { results[$0] } }
  }
}

/// Values that do not go with the graph they were given for.
public struct ReferenceError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}

extension NodeRecord {
  fileprivate func filled(_ values: TensorValues) -> ReferenceTensor {
    ReferenceTensor(shape, elementType, values.doubles(count: shape.elementCount))
  }
}
