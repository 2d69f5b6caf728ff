internal import Kernels

/// One tensor kernel with all that its shapes decide worked out: a run only brings the addresses.
enum KernelCall: Sendable {
  case elementwise(ElementwiseOperation, Kernels.ElementType, BroadcastPlan)
  case broadcast(Kernels.ElementType, BroadcastPlan)
  case chain(Kernels.ElementType, ElementwiseChain)
  case chainReduction(Kernels.ElementType, ChainReduction)
  case accumulate(Kernels.ElementType, count: Int)
  case reduce(ReduceOperation, Kernels.ElementType, ReductionPlan)
  case reduceLeaves(ReduceOperation, Kernels.ElementType, LeafPlan)
  case joinLeaves(ReduceOperation, Kernels.ElementType, LeafPlan)
  case matmul(Kernels.ElementType, MatmulPlan)
  case accumulateProduct(Kernels.ElementType, MatmulPlan)
  case move(elementSize: Int, MovementPlan)
  case pad(elementSize: Int, PadPlan)
  case concatenate(elementSize: Int, ConcatenationPlan)
  case gatherRows(elementSize: Int, rowCount: Int, columns: Int, indexCount: Int)
  case scatterAddRows(Kernels.ElementType, rowCount: Int, columns: Int, indexCount: Int)
  case rows(RowOperation, Kernels.ElementType, columns: Int, rows: Int, entry: Int)
  case oneHot(Kernels.ElementType, columns: Int, rows: Int)
  case cumulativeSum(Kernels.ElementType, AxisPlan, fromTheEnd: Bool)
  case argmax(Kernels.ElementType, AxisPlan)
  case circularConvolution(Kernels.ElementType, CircularPlan)
  case circularCorrelation(Kernels.ElementType, CircularPlan)
  case dropout(Kernels.ElementType, DropoutPlan, count: Int)
  case pool(Kernels.ElementType, PoolPlan)
  case channelWindowSum(Kernels.ElementType, channels: Int, size: Int, radius: Int, images: Int)
  case convolution(Kernels.ElementType, ConvolutionPlan)
  case loop(LoopPlan)
  case custom(@Sendable (KernelArguments) throws -> Void, inputs: [Signature], output: Signature)

  init(_ kernel: Kernel, result: Signature, operands: [Signature]) {
    let type = result.elementType.kernelType
    let size = result.elementType.byteCount
    let shape = result.shape.dimensions
    let first = operands.first?.shape ?? .scalar  // only a custom gate may read nothing
    let columns = first.dimensions.last ?? 1
    switch kernel.form {
    case .source, .alias, .composed, .scan:
      preconditionFailure("A value without a kernel needs no call")
    case .elementwise(let operation):
      self = .elementwise(operation, type, BroadcastPlan(output: shape, operands: operands.map(\.shape.dimensions)))
    case .broadcast:
      self = .broadcast(type, BroadcastPlan(output: shape, operands: [first.dimensions]))
    case .accumulate:
      self = .accumulate(type, count: result.shape.elementCount)
    case .reduce(let operation, let axes):
      self = .reduce(operation, type, ReductionPlan(input: first.dimensions, axes: axes))
    case .reduceLeaves(let operation, let plan): self = .reduceLeaves(operation, type, plan)
    case .joinLeaves(let operation, let plan): self = .joinLeaves(operation, type, plan)
    case .matmul(let transposeA, let transposeB):
      self = .matmul(type, Self.product(result.shape, first, operands[1].shape, transposeA, transposeB))
    case .accumulateProduct(let transposeA, let transposeB):
      self = .accumulateProduct(
        type, Self.product(result.shape, operands[1].shape, operands[2].shape, transposeA, transposeB))
    case .transpose(let permutation):
      self = .move(elementSize: size, .transpose(input: first.dimensions, permutation: permutation))
    case .slice(let starts):
      self = .move(elementSize: size, .slice(input: first.dimensions, starts: starts, output: shape))
    case .scanPart(let start):
      self = .move(
        elementSize: size,
        .slice(input: first.dimensions, starts: [start], output: [result.shape.elementCount]))
    case .pad(let starts):
      self = .pad(elementSize: size, PadPlan(input: first.dimensions, starts: starts, output: shape))
    case .concatenate(let axis):
      self = .concatenate(
        elementSize: size, ConcatenationPlan(inputs: operands.map(\.shape.dimensions), axis: axis))
    case .spliceRows(let pieces):
      self = .chain(type, .splice(pieces, output: shape))
    case .gatherRows:
      self = .gatherRows(
        elementSize: size, rowCount: first[0], columns: first.elementCount / first[0],
        indexCount: operands[1].shape.elementCount)
    case .scatterAddRows:
      self = .scatterAddRows(
        type, rowCount: shape[0], columns: result.shape.elementCount / shape[0],
        indexCount: operands[1].shape.elementCount)
    case .rows(let operation):
      let rows = operands[operation.readsRows(of: 0) ? 0 : 1].shape
      let columns = rows.dimensions.last ?? 1
      self = .rows(operation, type, columns: columns, rows: rows.elementCount / columns, entry: 0)
    case .rowEntry(let operation, let entry):
      self = .rows(operation, type, columns: columns, rows: first.elementCount / columns, entry: entry)
    case .oneHot: self = .oneHot(type, columns: shape[shape.count - 1], rows: first.elementCount)
    case .cumulativeSum(let axis, let fromTheEnd):
      self = .cumulativeSum(type, AxisPlan(input: first.dimensions, axis: axis), fromTheEnd: fromTheEnd)
    case .argmax(let axis):
      self = .argmax(operands[0].elementType.kernelType, AxisPlan(input: first.dimensions, axis: axis))
    case .circularConvolution(let origin, let isReversed):
      let taps = operands[1].shape.dimensions.last ?? 1
      self = .circularConvolution(type, Self.circles(first, taps: taps, origin, isReversed))
    case .circularCorrelation(let origin, let isReversed):
      self = .circularCorrelation(type, Self.circles(first, taps: shape.last ?? 1, origin, isReversed))
    case .dropout(let rate, let seed, let stream):
      let plan = DropoutPlan(rate: rate, seed: seed, stream: stream)
      self = .dropout(type, plan, count: result.shape.elementCount)
    case .pool(let operation, let window):
      let isGradient = operation.givesImages
      self = .pool(
        type,
        PoolPlan(
          operation, window, images: isGradient ? shape : first.dimensions,
          result: isGradient ? first.dimensions : shape))
    case .channelWindowSum(let radius):
      self = .channelWindowSum(
        type, channels: shape[1], size: shape.dropFirst(2).reduce(1, *), radius: radius, images: shape[0])
    case .convolution(let part, let geometry):
      self = .convolution(type, ConvolutionPlan(part, geometry, type))
    case .custom(let body): self = .custom(body, inputs: operands, output: result)
    }
  }

  private static func product(
    _ result: Shape, _ a: Shape, _ b: Shape, _ transposeA: Bool, _ transposeB: Bool
  ) -> MatmulPlan {
    MatmulPlan(
      m: result[result.rank - 2], n: result[result.rank - 1], k: a[transposeA ? a.rank - 2 : a.rank - 1],
      transposeA: transposeA, transposeB: transposeB,
      batchA: Array(a.dimensions.dropLast(2)), batchB: Array(b.dimensions.dropLast(2)))
  }

  private static func circles(_ circle: Shape, taps: Int, _ origin: Int, _ isReversed: Bool) -> CircularPlan {
    let length = circle.dimensions.last ?? 1
    return CircularPlan(
      length: length, taps: taps, origin: origin, isReversed: isReversed, rows: circle.elementCount / length)
  }

  /// Whether the result may be written over operand `position` where the two have the same elements' places.
  func mayOverwrite(operand position: Int, of operands: [Signature], result: Signature) -> Bool {
    guard operands[position] == result else { return false }
    return switch self {
    case .elementwise: true
    case .accumulate, .accumulateProduct: position == 0
    case .rows(let operation, _, _, _, _): operation.givesRows && operation.readsRows(of: position)
    case .cumulativeSum, .dropout: true
    default: false
    }
  }

  /// Whether its result is no value of the graph: an operand moved for another call to read, or a part of a sum.
  var isInterim: Bool {
    switch self {
    case .convolution(_, let plan): !plan.part.multiplies
    case .reduceLeaves: true
    case .chainReduction(_, let reduction): reduction.isOfLeaves
    default: false
    }
  }

  /// How many elements or rows the result can be divided into, for kernels that compute any range of it; 1 for others.
  var extent: Int {
    switch self {
    case .elementwise(_, _, let plan), .broadcast(_, let plan): plan.count
    case .chain(_, let chain): chain.count
    case .chainReduction(_, let reduction): reduction.resultCount
    case .accumulate(_, let count): count
    case .reduce(_, _, let plan): plan.outputCount
    case .reduceLeaves(_, _, let plan): plan.count
    case .joinLeaves(_, _, let plan): plan.rows
    case .matmul(_, let plan), .accumulateProduct(_, let plan): plan.blockCount
    case .move(_, let plan): plan.count
    case .pad(_, let plan): plan.count
    case .concatenate(_, let plan): plan.count
    case .gatherRows(_, _, _, let indexCount): indexCount
    case .rows(_, _, _, let rows, _), .oneHot(_, _, let rows): rows
    case .cumulativeSum(_, let plan, _), .argmax(_, let plan): plan.laneCount
    case .circularConvolution(_, let plan), .circularCorrelation(_, let plan): plan.rows
    case .dropout(_, _, let count): count
    case .pool(_, let plan): plan.channelCount
    case .channelWindowSum(_, let channels, _, _, let images): channels * images
    case .convolution(_, let plan): plan.blockCount
    case .scatterAddRows, .loop, .custom: 1
    }
  }

  /// The result in at most `count` parts of about equal size, cut where the kernel can be cut: where the cuts are never
  /// changes a bit.
  ///
  /// - Parameter grain: elementwise calls are cut at multiples of it.
  func parts(_ count: Int, grain: Int) -> [Range<Int>] {
    var count = max(count, 1)
    let step = step(&count, grain)
    var cuts = [0]
    for part in 1..<count {
      let cut = (extent * part / count + step - 1) / step * step
      if cut > cuts[cuts.count - 1], cut < extent { cuts.append(cut) }
    }
    return zip(cuts, cuts.dropFirst() + [extent]).map { $0..<$1 }
  }

  /// Of what the places of cuts are multiples; `count` becomes fewer where that leaves parts of a row of blocks to one row.
  private func step(_ count: inout Int, _ grain: Int) -> Int {
    switch self {
    case .elementwise, .broadcast, .chain, .accumulate, .move, .pad, .concatenate: return grain
    case .dropout: return max(grain, 4)  // four elements share a counter
    case .matmul(_, let plan), .accumulateProduct(_, let plan):
      let rows = extent / plan.blocksAcross
      if count <= rows { return plan.blocksAcross }
      count = count / rows * rows
      return 1
    default: return 1
    }
  }

  /// The chain of elementwise operations that a part of the call carries out, and for which elements.
  func chain(_ range: Range<Int>) -> (ElementwiseChain, Kernels.ElementType, elements: Range<Int>)? {
    switch self {
    case .chain(let type, let chain): (chain, type, range)
    case .chainReduction(let type, let reduction):
      (reduction.chain, type, reduction.elements(of: range))
    default: nil
    }
  }

  /// Computes the part `range` of the results.
  ///
  /// - Throws: an index or label out of range; whatever a custom kernel throws.
  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    let output = outputs[0]
    switch self {
    case .chain(let type, let chain):
      try runChain(chain, type, inputs: inputs.baseAddress!, outputs: outputs, range: range)
    case .elementwise(let operation, let type, let plan):
      runElementwise(operation, type, plan: plan, inputs: inputs.baseAddress!, output: output, range: range)
    case .broadcast(let type, let plan):
      runBroadcast(type, plan: plan, input: inputs[0], output: output, range: range)
    case .chainReduction(let type, let reduction):
      try runChainReduction(reduction, type, inputs: inputs.baseAddress!, outputs: outputs, range: range)
    case .accumulate(let type, _):
      runAccumulate(type, inputs: inputs, output: output, range: range)
    case .reduce(let operation, let type, let plan):
      runReduction(operation, type, plan: plan, input: inputs[0], output: output, range: range)
    case .reduceLeaves(let operation, let type, let plan):
      runLeafReduction(operation, type, plan: plan, input: inputs[0], output: output, range: range)
    case .joinLeaves(let operation, let type, let plan):
      runLeafJoin(operation, type, plan: plan, input: inputs[0], output: output, range: range)
    case .matmul(let type, let plan):
      runMatmul(type, plan: plan, a: inputs[0], b: inputs[1], output: output, blocks: range)
    case .accumulateProduct(let type, let plan):
      runMatmul(type, plan: plan, a: inputs[1], b: inputs[2], addedTo: inputs[0], output: output, blocks: range)
    case .move(let size, let plan):
      runMovement(elementSize: size, plan: plan, input: inputs[0], output: output, range: range)
    case .pad(let size, let plan):
      runPad(elementSize: size, plan: plan, input: inputs[0], output: output, range: range)
    case .concatenate(let size, let plan):
      runConcatenate(elementSize: size, plan: plan, inputs: inputs.baseAddress!, output: output, range: range)
    case .gatherRows(let size, let rowCount, let columns, _):
      try runGatherRows(
        elementSize: size, table: inputs[0], rowCount: rowCount, columns: columns, indices: labels(inputs[1]),
        output: output, range: range)
    case .scatterAddRows(let type, let rowCount, let columns, let indexCount):
      try runScatterAddRows(
        type, source: inputs[0], indices: labels(inputs[1]), indexCount: indexCount, columns: columns,
        rowCount: rowCount, output: output, rows: 0..<rowCount)
    case .rows(let operation, let type, let columns, _, let entry):
      try runRows(
        operation, type, inputs: inputs.baseAddress!, output: output, columns: columns, rows: range, entry: entry)
    case .oneHot(let type, let columns, _):
      try runOneHot(type, labels: labels(inputs[0]), classes: columns, output: output, range: range)
    case .cumulativeSum(let type, let plan, let fromTheEnd):
      runCumulativeSum(type, plan: plan, fromTheEnd: fromTheEnd, input: inputs[0], output: output, lanes: range)
    case .argmax(let type, let plan):
      runArgmax(type, plan: plan, input: inputs[0], output: output, lanes: range)
    case .circularConvolution(let type, let plan):
      runCircularConvolution(type, plan: plan, a: inputs[0], b: inputs[1], output: output, rows: range)
    case .circularCorrelation(let type, let plan):
      runCircularCorrelation(type, plan: plan, a: inputs[0], u: inputs[1], output: output, rows: range)
    case .dropout(let type, let plan, _):
      runDropout(type, plan: plan, step: labels(inputs[1])[0], input: inputs[0], output: output, range: range)
    case .pool(let type, let plan):
      runPooling(type, plan: plan, inputs: inputs.baseAddress!, output: output, channels: range)
    case .channelWindowSum(let type, let channels, let size, let radius, _):
      runChannelWindowSum(
        type, channels: channels, size: size, radius: radius, input: inputs[0], output: output, range: range)
    case .convolution(let type, let plan):
      runConvolution(type, plan: plan, inputs: inputs.baseAddress!, output: output, blocks: range)
    case .loop(let loop): try loop.run(inputs, outputs)
    case .custom(let body, let operands, let result):
      let operands = zip(inputs, operands).map { (base: $0, type: $1.elementType, shape: $1.shape) }
      try body(KernelArguments(inputs: operands, output: (output, result.elementType, result.shape)))
    }
  }

  private func labels(_ pointer: UnsafeRawPointer) -> UnsafePointer<Int32> {
    pointer.assumingMemoryBound(to: Int32.self)
  }
}
