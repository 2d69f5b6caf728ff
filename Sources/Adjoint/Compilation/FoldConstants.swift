/// Computes at compile time what depends on constants alone, by the gate's own definition.
struct FoldConstants {
  /// Larger constants stay as gates: folding them would trade a moment of compiling for memory held forever.
  static let largestResult = 1 << 14

  /// The constant that `gate` on `inputs`, all of them constants, is, if it is small.
  func fold(
    _ gate: GateID, _ signature: SignatureID, _ inputs: [NodeID], _ graph: inout IntermediateGraph, origin: NodeID
  ) -> NodeID? {
    let result = graph.storage.signatures[Int(signature.index)]
    guard !inputs.isEmpty, result.shape.elementCount <= Self.largestResult else { return nil }
    let operands = inputs.map { input in
      let operand = graph.storage.signature(of: input)
      let values = graph.storage.constants[input]!.doubles(count: operand.shape.elementCount)
      return ReferenceTensor(operand.shape, operand.elementType, values)
    }
    // A gate that throws (an index out of range) is left to throw when it runs, with its name.
    guard let value = try? graph.storage.gates[gate].definition(operands, shape: result.shape) else { return nil }
    let node = graph.storage.append(graph.storage.intern(Constant()), signature, inputs: [])
    graph.storage.constants[node] =
      value.values.count == 1 ? .repeated(value.values[0]) : TensorValues(value.values, as: result.elementType)
    graph.origins.append(origin)
    return node
  }
}
