internal import Kernels

/// Computes at compile time what depends on constants alone, by the gate's own definition, where that is little work.
///
/// A definition is written to be read: it takes its operands as doubles, and some ten to a hundred nanoseconds for each
/// product. A gate that would take more than the limits below stays a gate, for a kernel to compute. A slice reads of a
/// constant only the elements that it shows, however large the constant is; what shows a constant that repeats one
/// value repeats it, too, which takes no work at all.
struct FoldConstants {
  // Of the numbers below: Decisions/Rewriting.md

  /// The most elements of a result. Larger constants stay as gates: folding them would trade a moment of compiling for
  /// memory held forever.
  static let largestResult = 1 << 14
  /// The most bytes that the operands of one gate take up as doubles, which lie in memory beside the graph while the
  /// gate is computed: as many as a second-level cache holds.
  static let mostOperandBytes = 1 << 20
  /// The most elementary operations of one gate: they delay compiling by some 20 ms.
  static let mostOperations = 1 << 18
  /// The most elementary operations of all gates of a graph: they delay compiling by a second or so.
  static let mostOperationsOfGraph = 1 << 24

  /// The elementary operations done so far.
  private(set) var operations = 0

  /// The value of a gate that only shows elements of a constant which repeats one value: it repeats that value, too,
  /// however large it is.
  static func repeatedValue(shownBy gate: GateID, _ inputs: [NodeID], in storage: GraphStorage) -> TensorValues? {
    guard let input = inputs.first, let values = storage.constants[input], case .repeated = values else { return nil }
    switch storage.gates.traits[Int(gate.index)].kernel.form {
    case .alias, .broadcast, .slice, .transpose: return values
    default: return nil
    }
  }

  /// The values of `gate` on `inputs`, all of them constants, if they are few and cost little.
  mutating func fold(
    _ gate: GateID, _ signature: SignatureID, _ inputs: [NodeID], in storage: GraphStorage
  ) -> TensorValues? {
    let result = storage.signatures[Int(signature.index)]
    guard !inputs.isEmpty, result.shape.elementCount <= Self.largestResult else { return nil }
    if case .slice(let starts) = storage.gates.traits[Int(gate.index)].kernel.form {
      guard spend(result.shape.elementCount) else { return nil }
      let whole = storage.signature(of: inputs[0]).shape
      let block = storage.constants[inputs[0]]!.block(result.shape, at: starts, of: whole)
      return result.shape.elementCount == 1 ? .repeated(block.doubles(count: 1)[0]) : block
    }
    let signatures = inputs.map { storage.signature(of: $0) }
    let operandBytes = signatures.reduce(0) { $0.plus($1.shape.elementCount.times(MemoryLayout<Double>.size)) }
    guard operandBytes <= Self.mostOperandBytes,
      spend(storage.gates.definitionWork(of: gate, on: signatures.map(\.shape), result: result.shape))
    else { return nil }
    let operands = zip(inputs, signatures).map { input, operand in
      let values = storage.constants[input]!.doubles(count: operand.shape.elementCount)
      return ReferenceTensor(operand.shape, operand.elementType, values)
    }
    // A gate that throws (an index out of range) is left to throw when it runs, with its name.
    guard let value = try? storage.gates[gate].definition(operands, shape: result.shape) else { return nil }
    // So is one that gives a NaN where there should be an integer.
    if result.elementType == .int32, value.values.firstBeyondInt32 != nil { return nil }
    return value.values.count == 1 ? .repeated(value.values[0]) : TensorValues(value.values, as: result.elementType)
  }

  /// Whether so many operations more are within the limits; then they are counted.
  private mutating func spend(_ count: Int) -> Bool {
    guard count <= Self.mostOperations, operations + count <= Self.mostOperationsOfGraph else { return false }
    operations += count
    return true
  }
}

extension GateTable {
  /// The elementary operations that a gate's definition does on operands of these shapes, at most: the products of sums
  /// of products, elsewhere the elements that are read and written. `Int.max` if they are more than an integer holds.
  ///
  /// - Complexity: O(operands); of a scan O(nodes + edges) of its body.
  fileprivate func definitionWork(of gate: GateID, on operands: [Shape], result: Shape) -> Int {
    let written = result.elementCount
    let read = operands.reduce(0) { $0.plus($1.elementCount) }
    // Operands are repeated up to the result's shape.
    let moved = read.plus(written.times(operands.count))
    switch traits[Int(gate.index)].kernel.form {
    case .matmul(let transposeA, _):
      let a = operands[operands.count - 2]
      return moved.plus(written.times(a[transposeA ? a.rank - 2 : a.rank - 1]))
    case .composed, .structured(.sums, _), .structured(.rounded, _), .structured(.ofAuthor, _):
      // At most all elements of the largest operand for each element of the result.
      return moved.plus(written.times(operands.map(\.elementCount).max() ?? 1))
    case .scan:
      guard let scan = self[gate] as? Scan else { return .max }
      return moved.plus(scan.body.stepCount.times(scan.body.definitionWork))
    default: return moved
    }
  }
}

extension ScanBody {
  /// The elementary operations of the definitions of all nodes, in one step.
  fileprivate var definitionWork: Int {
    let storage = graph.storage
    return (0..<storage.count).reduce(0) { work, index in
      let node = NodeID(index)
      let operands = storage.inputs(of: node).map { storage.signature(of: $0).shape }
      let result = storage.signature(of: node).shape
      return work.plus(storage.gates.definitionWork(of: storage.rows[index].gate, on: operands, result: result))
        .plus(result.elementCount)
    }
  }
}

extension TensorValues {
  /// The block of shape `extents` that begins at `starts` of these elements, whose shape is `shape`.
  ///
  /// - Complexity: O(elements of the block).
  fileprivate func block(_ extents: Shape, at starts: [Int], of shape: Shape) -> TensorValues {
    func block<T>(_ values: [T]) -> [T] {
      guard let width = extents.dimensions.last else { return values }
      let strides = shape.strides, outer = 0..<extents.rank - 1
      let first = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
      var block: [T] = []
      block.reserveCapacity(extents.elementCount)
      for row in 0..<extents.elementCount / width {
        var (rest, start) = (row, first)
        for axis in outer.reversed() {
          start += rest % extents[axis] * strides[axis]
          rest /= extents[axis]
        }
        block += values[start..<start + width]
      }
      return block
    }
    switch self {
    case .float32(let values): return .float32(block(values))
    case .float64(let values): return .float64(block(values))
    case .int32(let values): return .int32(block(values))
    case .repeated: return self
    }
  }
}

extension Int {
  /// The sum of two counts, `Int.max` where it is more than an integer holds.
  fileprivate func plus(_ other: Int) -> Int {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }

  /// The product of two counts, `Int.max` where it is more than an integer holds.
  fileprivate func times(_ other: Int) -> Int {
    let (product, overflows) = multipliedReportingOverflow(by: other)
    return overflows ? .max : product
  }
}
