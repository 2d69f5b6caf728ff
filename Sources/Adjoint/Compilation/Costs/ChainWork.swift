internal import Kernels

/// The gates of a chain, as far as their cost goes.
struct ChainWork: Sendable {
  private let gateCount: Int
  private let transcendentalCount: Int

  init(_ kernels: some Collection<Kernel>) {
    gateCount = kernels.count
    transcendentalCount = kernels.count { kernel in
      if case .elementwise(let operation) = kernel.form { operation.isTranscendental } else { false }
    }
  }

  /// Moving the operands and results of the chain, and what each gate does to each element.
  func cost(of chain: ElementwiseChain, _ type: Kernels.ElementType, at speeds: CostModel) -> Float {
    let traffic = (chain.operandCount + chain.outputCount) * chain.count * type.byteCount
    let arithmetic =
      speeds.transcendental * Float(transcendentalCount) + CostModel.arithmetic * Float(gateCount - transcendentalCount)
    return speeds.cost(ofTraffic: Float(traffic)) + arithmetic * Float(chain.count)
  }
}
