internal import Kernels

extension Kernel {
  /// The call that computes a result of given operands.
  package func call(_ shapes: CallShapes) -> any KernelCall {
    switch form {
    case .source, .alias, .composed, .scan: preconditionFailure("A value without a kernel needs no call")
    case .elementwise(let operation): ElementwiseCall(operation, shapes)
    case .broadcast: BroadcastCall(shapes)
    case .accumulate: AccumulateCall(shapes)
    case .reduce(let operation, let axes): ReductionCall(operation, axes: axes, shapes)
    case .reduceLeaves(let operation, let plan): LeafReductionCall(operation, plan, isJoin: false, shapes)
    case .matmul(let transposeA, let transposeB): MatmulCall(transposeA, transposeB, shapes)
    case .transpose(let permutation): MovementCall.transpose(permutation, shapes)
    case .slice(let starts): MovementCall.slice(starts, shapes)
    case .scanPart(let start) where shapes.operands[0].elementType == shapes.result.elementType:
      MovementCall.elements(from: start, shapes)
    case .scanPart(let start): CastCall(from: start, shapes)
    case .pad(let starts): PadCall(starts, shapes)
    case .concatenate(let axis): ConcatenationCall(axis: axis, shapes)
    case .sumOfPads(let axis, let starts): SumOfPadsCall(axis: axis, starts: starts, shapes)
    case .spliceRows(let pieces):
      ElementwiseChainCall(.splice(pieces, output: shapes.dimensions), shapes.kernelType, ChainWork([self]))
    case .gatherRows: GatherRowsCall(shapes)
    case .structured(_, let make): make(shapes)
    case .custom(let body): CustomCall(body, shapes)
    case .formula(let gate): FormulaCall(gate, shapes)
    }
  }
}
