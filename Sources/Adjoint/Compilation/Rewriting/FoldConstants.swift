/// Computes at compile time what depends on constants alone, by the gate's own definition.
struct FoldConstants {
  /// Larger constants stay as gates: folding them would trade a moment of compiling for memory held forever.
  static let largestResult = 1 << 14

  /// The values of `gate` on `inputs`, all of them constants, if they are few.
  func fold(
    _ gate: GateID, _ signature: SignatureID, _ inputs: [NodeID], in storage: GraphStorage
  ) -> TensorValues? {
    let result = storage.signatures[Int(signature.index)]
    guard !inputs.isEmpty, result.shape.elementCount <= Self.largestResult else { return nil }
    let operands = inputs.map { input in
      let operand = storage.signature(of: input)
      let values = storage.constants[input]!.doubles(count: operand.shape.elementCount)
      return ReferenceTensor(operand.shape, operand.elementType, values)
    }
    // A gate that throws (an index out of range) is left to throw when it runs, with its name.
    guard let value = try? storage.gates[gate].definition(operands, shape: result.shape) else { return nil }
    return value.values.count == 1 ? .repeated(value.values[0]) : TensorValues(value.values, as: result.elementType)
  }
}
