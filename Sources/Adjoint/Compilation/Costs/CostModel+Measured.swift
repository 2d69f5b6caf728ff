internal import Kernels

extension CostModel {
  /// The speeds of the core that asks first, each the best of a few runs of some microseconds.
  static let measured: CostModel = {
    let count = 16_384  // Decisions/Units-and-division.md
    let bytes = 4 * count
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 3 * bytes, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: Float.self, repeating: 0.5, count: 3 * count)
    let whole = BroadcastPlan(output: [count], operands: [[count], [count]])
    let single = BroadcastPlan(output: [count], operands: [[count]])
    let product = MatmulPlan(m: 64, n: 64, k: 64)
    let operands = [UnsafeRawPointer(memory), UnsafeRawPointer(memory + bytes)]
    let result = memory + 2 * bytes

    let adding = best {
      runElementwise(.add, .float32, plan: whole, inputs: operands, output: result, range: 0..<count)
    }
    let exponential = best {
      runElementwise(.exponential, .float32, plan: single, inputs: operands, output: result, range: 0..<count)
    }
    let multiplying = best {
      runMatmul(.float32, plan: product, a: operands[0], b: operands[1], output: result, blocks: 0..<product.blockCount)
    }
    return CostModel(
      bytesPerNanosecond: Float(3 * bytes) / adding, operationsPerNanosecond: 2 * 64 * 64 * 64 / multiplying,
      transcendental: exponential / Float(count))
  }()

  private static func best(_ body: () -> Void) -> Float {
    let clock = ContinuousClock()
    body()
    let times = (0..<8).map { _ in clock.measure(body) }
    return max(Float(times.min()!.components.attoseconds) * 1e-9, 1)
  }
}
