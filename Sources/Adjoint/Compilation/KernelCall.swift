internal import Kernels

/// One tensor kernel with all that its shapes decide worked out: a run only brings the addresses.
enum KernelCall: Sendable {
  case elementwise(ElementwiseOperation, Kernels.ElementType, BroadcastPlan)
  case broadcast(Kernels.ElementType, BroadcastPlan)
  case accumulate(Kernels.ElementType, count: Int)
  case reduce(ReduceOperation, Kernels.ElementType, ReductionPlan)
  case matmul(Kernels.ElementType, MatmulPlan)
  case move(elementSize: Int, MovementPlan)
  case pad(elementSize: Int, PadPlan)
  case concatenate(elementSize: Int, ConcatenationPlan)
  case gatherRows(elementSize: Int, rowCount: Int, columns: Int, indexCount: Int)
  case scatterAddRows(Kernels.ElementType, rowCount: Int, columns: Int, indexCount: Int)
  case softmax(Kernels.ElementType, columns: Int, rows: Int)
  case logSoftmax(Kernels.ElementType, columns: Int, rows: Int)
  case crossEntropy(Kernels.ElementType, columns: Int, rows: Int)
  case oneHot(Kernels.ElementType, columns: Int, rows: Int)
  case custom(@Sendable (KernelArguments) throws -> Void, inputs: [Signature], output: Signature)

  init(_ kernel: Kernel, result: Signature, operands: [Signature]) {
    let type = result.elementType.kernelType
    let size = result.elementType.byteCount
    let shape = result.shape.dimensions
    let first = operands[0].shape
    let columns = first.dimensions.last ?? 1
    switch kernel.form {
    case .source, .alias:
      preconditionFailure("A value without a kernel needs no call")
    case .elementwise(let operation):
      self = .elementwise(operation, type, BroadcastPlan(output: shape, operands: operands.map(\.shape.dimensions)))
    case .broadcast:
      self = .broadcast(type, BroadcastPlan(output: shape, operands: [first.dimensions]))
    case .accumulate:
      self = .accumulate(type, count: result.shape.elementCount)
    case .reduce(let operation, let axes):
      self = .reduce(operation, type, ReductionPlan(input: first.dimensions, axes: axes))
    case .matmul(let transposeA, let transposeB):
      let (a, b) = (first, operands[1].shape)
      self = .matmul(
        type,
        MatmulPlan(
          m: shape[shape.count - 2], n: shape[shape.count - 1], k: a[transposeA ? a.rank - 2 : a.rank - 1],
          transposeA: transposeA, transposeB: transposeB,
          batchA: Array(a.dimensions.dropLast(2)), batchB: Array(b.dimensions.dropLast(2))))
    case .transpose(let permutation):
      self = .move(elementSize: size, .transpose(input: first.dimensions, permutation: permutation))
    case .slice(let starts):
      self = .move(elementSize: size, .slice(input: first.dimensions, starts: starts, output: shape))
    case .pad(let starts):
      self = .pad(elementSize: size, PadPlan(input: first.dimensions, starts: starts, output: shape))
    case .concatenate(let axis):
      self = .concatenate(
        elementSize: size, ConcatenationPlan(inputs: operands.map(\.shape.dimensions), axis: axis))
    case .gatherRows:
      self = .gatherRows(
        elementSize: size, rowCount: first[0], columns: first.elementCount / first[0],
        indexCount: operands[1].shape.elementCount)
    case .scatterAddRows:
      self = .scatterAddRows(
        type, rowCount: shape[0], columns: result.shape.elementCount / shape[0],
        indexCount: operands[1].shape.elementCount)
    case .softmax: self = .softmax(type, columns: columns, rows: first.elementCount / columns)
    case .logSoftmax: self = .logSoftmax(type, columns: columns, rows: first.elementCount / columns)
    case .crossEntropy: self = .crossEntropy(type, columns: columns, rows: first.elementCount / columns)
    case .oneHot: self = .oneHot(type, columns: shape[shape.count - 1], rows: first.elementCount)
    case .custom(let body): self = .custom(body, inputs: operands, output: result)
    }
  }

  /// Whether the result may be written over operand `position` where the two have the same elements' places.
  func mayOverwrite(operand position: Int, of operands: [Signature], result: Signature) -> Bool {
    guard operands[position] == result else { return false }
    return switch self {
    case .elementwise: true
    case .accumulate: position == 0
    case .softmax, .logSoftmax: true
    default: false
    }
  }

  /// Computes the whole result.
  ///
  /// - Throws: an index or label out of range; whatever a custom kernel throws.
  func run(_ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ output: UnsafeMutableRawPointer) throws {
    switch self {
    case .elementwise(let operation, let type, let plan):
      runElementwise(
        operation, type, plan: plan, inputs: inputs.baseAddress!, output: output, range: 0..<plan.count)
    case .broadcast(let type, let plan):
      runBroadcast(type, plan: plan, input: inputs[0], output: output, range: 0..<plan.count)
    case .accumulate(let type, let count):
      runAccumulate(type, inputs: inputs, output: output, range: 0..<count)
    case .reduce(let operation, let type, let plan):
      runReduction(operation, type, plan: plan, input: inputs[0], output: output, range: 0..<plan.outputCount)
    case .matmul(let type, let plan):
      runMatmul(type, plan: plan, a: inputs[0], b: inputs[1], output: output, rows: 0..<plan.rowCount)
    case .move(let size, let plan):
      runMovement(elementSize: size, plan: plan, input: inputs[0], output: output, range: 0..<plan.count)
    case .pad(let size, let plan):
      runPad(elementSize: size, plan: plan, input: inputs[0], output: output, range: 0..<plan.count)
    case .concatenate(let size, let plan):
      runConcatenate(
        elementSize: size, plan: plan, inputs: inputs.baseAddress!, output: output, range: 0..<plan.count)
    case .gatherRows(let size, let rowCount, let columns, let indexCount):
      try runGatherRows(
        elementSize: size, table: inputs[0], rowCount: rowCount, columns: columns, indices: labels(inputs[1]),
        output: output, range: 0..<indexCount)
    case .scatterAddRows(let type, let rowCount, let columns, let indexCount):
      try runScatterAddRows(
        type, source: inputs[0], indices: labels(inputs[1]), indexCount: indexCount, columns: columns,
        rowCount: rowCount, output: output, rows: 0..<rowCount)
    case .softmax(let type, let columns, let rows):
      runSoftmax(type, input: inputs[0], output: output, columns: columns, rows: 0..<rows)
    case .logSoftmax(let type, let columns, let rows):
      runLogSoftmax(type, input: inputs[0], output: output, columns: columns, rows: 0..<rows)
    case .crossEntropy(let type, let columns, let rows):
      try runCrossEntropy(
        type, logits: inputs[0], labels: labels(inputs[1]), losses: output, columns: columns, rows: 0..<rows)
    case .oneHot(let type, let columns, let rows):
      try runOneHot(type, labels: labels(inputs[0]), classes: columns, output: output, range: 0..<rows)
    case .custom(let body, let operands, let result):
      let operands = zip(inputs, operands).map { (base: $0, type: $1.elementType, shape: $1.shape) }
      try body(KernelArguments(inputs: operands, output: (output, result.elementType, result.shape)))
    }
  }

  private func labels(_ pointer: UnsafeRawPointer) -> UnsafePointer<Int32> {
    pointer.assumingMemoryBound(to: Int32.self)
  }
}
