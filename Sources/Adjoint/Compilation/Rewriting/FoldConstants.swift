internal import DependencyScheduling
internal import Kernels

/// Computes at compile time what depends on constants alone, by the gate's own kernel, where that is little work: to
/// the bits that the gate would give if it ran.
///
/// One worker does it, while whoever compiles waits. A gate that would take more than the limits below stays a gate. A
/// slice reads of a constant only the elements that it shows, however large the constant is; what shows a constant that
/// repeats one value repeats it, too, which takes no work at all.
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
      return block.singleValue.map { .repeated($0) } ?? block
    }
    let signatures = inputs.map { storage.signature(of: $0) }
    let operandBytes = signatures.reduce(0) { $0.plus($1.shape.elementCount.times(MemoryLayout<Double>.size)) }
    guard operandBytes <= Self.mostOperandBytes,
      spend(storage.gates.definitionWork(of: gate, on: signatures.map(\.shape), result: result.shape))
    else { return nil }
    let shapes = CallShapes(result: result, operands: signatures)
    // A gate that throws (an index out of range, a NaN for an integer) is left to throw when it runs, with its name.
    return try? storage.gates.value(of: gate, inputs.map { storage.constants[$0]! }, shapes)
  }

  /// Whether so many operations more are within the limits; then they are counted.
  private mutating func spend(_ count: Int) -> Bool {
    guard count <= Self.mostOperations, operations + count <= Self.mostOperationsOfGraph else { return false }
    operations += count
    return true
  }
}

extension GateTable {
  /// What a gate gives of these operands when it runs.
  fileprivate func value(of gate: GateID, _ operands: [TensorValues], _ shapes: CallShapes) throws -> TensorValues {
    let kernel = traits[Int(gate.index)].kernel
    let values =
      switch kernel.form {
      case .alias: operands[0]
      // The compiler puts other calls into its place, or looks at what the author's call says before it believes it.
      case .composed, .scan, .structured(.ofAuthor, _): try operands.result(of: self[gate], shapes)
      default: try operands.result(of: kernel.checkedCall(shapes), shapes)
      }
    return values.singleValue.map { .repeated($0) } ?? values
  }

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
      // Where steps are yet to be done together, the definition's roundings are not those of the program.
      guard let scan = self[gate] as? Scan, scan.isLoop else { return .max }
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

extension [TensorValues] {
  /// What a call makes of these operands, in memory of their own.
  fileprivate func result(of call: any KernelCall, _ shapes: CallShapes) throws -> TensorValues {
    func memory(for signature: Signature) -> UnsafeMutableRawPointer {
      .allocate(byteCount: Swift.max(64, signature.shape.elementCount * signature.elementType.byteCount), alignment: 64)
    }
    let inputs = shapes.operands.map(memory)
    var output = memory(for: shapes.result)
    defer { for memory in inputs + [output] { memory.deallocate() } }
    for ((input, values), operand) in zip(zip(inputs, self), shapes.operands) {
      values.write(to: input, count: operand.shape.elementCount, as: operand.elementType)
    }
    try inputs.map { UnsafeRawPointer($0) }.withUnsafeBufferPointer { try call.run($0, &output, 0..<call.extent) }
    return TensorValues(
      copying: output, count: shapes.result.shape.elementCount, as: shapes.result.elementType)
  }

  /// What a gate makes of these operands, as a program of its own.
  fileprivate func result<G: Gate>(of gate: G, _ shapes: CallShapes) throws -> TensorValues {
    let graph = Graph()
    let inputs = shapes.operands.enumerated().map { position, operand in
      graph.input("operand \(position)", operand.shape, operand.elementType)
    }
    // A loop writes its results apart.
    let node =
      if let scan = gate as? Scan {
        concatenate(graph.apply(scan, to: inputs, at: .unknown).map { $0.flat(as: scan.packedType) })
      } else {
        graph.apply(gate, to: inputs)
      }
    let session = try Program(node).makeSession(on: GraphExecutor(width: 1))
    for (input, values) in zip(inputs, self) { try session.write(values, to: input) }
    try session.forward()
    return try session.values(of: node)
  }
}

extension Session {
  /// Feeds the elements of a constant, whatever their type.
  fileprivate func write(_ values: TensorValues, to input: Node) throws {
    // An input that nothing reads has no place.
    guard let endpoint = program.endpoints.sources[input.id] else { return }
    try workspace.makeValuesReady()
    let signature = endpoint.signature
    values.write(
      to: workspace.address(endpoint.place)!, count: signature.shape.elementCount, as: signature.elementType)
    progress.withLock { _ = $0.written.insert(input.id) }
  }

  fileprivate func values(of output: Node) throws -> TensorValues {
    let endpoint = try endpoint(of: output, .result)
    return TensorValues(
      copying: workspace.address(endpoint.place)!, count: endpoint.signature.shape.elementCount,
      as: endpoint.signature.elementType)
  }
}

extension TensorValues {
  /// The block of shape `extents` that begins at `starts` of these elements, whose shape is `shape`.
  ///
  /// - Complexity: O(elements of the block).
  fileprivate func block(_ extents: Shape, at starts: [Int], of shape: Shape) -> TensorValues {
    guard let width = extents.dimensions.last else { return self }
    let strides = shape.strides, outer = 0..<extents.rank - 1
    let first = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
    return taking(
      (0..<extents.elementCount / width).map { row in
        var (rest, start) = (row, first)
        for axis in outer.reversed() {
          start += rest % extents[axis] * strides[axis]
          rest /= extents[axis]
        }
        return start..<start + width
      })
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
