import Adjoint
import AdjointTesting
import AdjointTraining
import Kernels

/// Something to compute, whose bits are the same on every processor.
public struct BitCase: Sendable {
  /// One word, as the file of digests has it.
  public let name: String
  /// Whether a library of matrix products changes its bits.
  public let multipliesMatrices: Bool
  private let compute: @Sendable (inout BitHash) throws -> Void

  init(_ name: String, multipliesMatrices: Bool = false, _ compute: @escaping @Sendable (inout BitHash) throws -> Void)
  {
    (self.name, self.multipliesMatrices, self.compute) = (name, multipliesMatrices, compute)
  }

  /// The hash of all that it computes with the vectors in use.
  public func digest() throws -> String {
    var hash = BitHash()
    try compute(&hash)
    return hash.text
  }

  /// Every operation over the range of numbers, every gate on its samples, products, convolutions, and networks'
  /// training, each in both types of floats, and five steps on the digits of the example.
  public static let all: [BitCase] = operations + gates + products + convolutions + trainings

  /// Those whose bits are the same everywhere in this build: all, unless products are a library's.
  public static let meant: [BitCase] = MatmulPlan.areProductsOurs ? all : all.filter { !$0.multipliesMatrices }
}

extension BitCase {
  private static let floats: [(Adjoint.ElementType, Kernels.ElementType)] = [
    (.float32, .float32), (.float64, .float64),
  ]

  /// Operations on one number after the other: of any bits, of ordinary size, and whole ones.
  private static var operations: [BitCase] {
    ElementwiseOperation.allCases.flatMap { operation in
      floats.map { type, kernelType in
        BitCase("\(operation).\(type)") { hash in
          for kind in OperandKind.allCases {
            let operands = (0..<operation.arity).map { operand($0, of: operation, kind, type) }
            if type == .float32 {
              hash.add(run(operation, kernelType, operands, Float.self))
            } else {
              hash.add(run(operation, kernelType, operands, Double.self))
            }
          }
        }
      }
    }
  }

  /// The exponent of a shifted power is shifted by a small whole number.
  private static func operand(
    _ position: Int, of operation: ElementwiseOperation, _ kind: OperandKind, _ type: Adjoint.ElementType
  ) -> [Double] {
    if operation == .shiftedPower, position == 2 { return (0..<OperandKind.count).map { Double($0 % 3) } }
    return kind.numbers(type, seed: UInt64(position + 1))
  }

  private static func run<T: BinaryFloatingPoint>(
    _ operation: ElementwiseOperation, _ type: Kernels.ElementType, _ operands: [[Double]], _: T.Type
  ) -> [Double] {
    let count = OperandKind.count
    let inputs = operands.map { numbers in
      let memory = UnsafeMutablePointer<T>.allocate(capacity: count)
      for (index, number) in numbers.enumerated() { memory[index] = T(number) }
      return memory
    }
    let output = UnsafeMutablePointer<T>.allocate(capacity: count)
    defer { for memory in inputs + [output] { memory.deallocate() } }
    let plan = BroadcastPlan(output: [count], operands: operands.map { _ in [count] })
    runElementwise(
      operation, type, plan: plan, inputs: inputs.map { UnsafeRawPointer($0) }, output: output, range: 0..<count)
    return (0..<count).map { Double(output[$0]) }
  }

  /// Values and gradients of a gate's samples.
  private static var gates: [BitCase] {
    GateCatalog.all.flatMap { gate in
      floats.map { type, _ in
        let multiplies = ["matmul", "accumulate product"].contains(gate.name)
        let name = gate.name.split(separator: " ").joined(separator: "-")
        return BitCase("gate.\(name).\(type)", multipliesMatrices: multiplies) { hash in
          for sample in gate.samples { try SampleGraph(sample, type).addBits(to: &hash) }
        }
      }
    }
  }

  /// Products of sizes at which tiles end, rows are few, or the sum is cut; then the same of matrices that are packed.
  private static var products: [BitCase] { products(packed: false) + products(packed: true) }

  private static func products(packed: Bool) -> [BitCase] {
    floats.map { type, _ in
      BitCase("\(packed ? "panels" : "products").\(type)", multipliesMatrices: true) { hash in
        var options = Program.Options()
        options.packsAll = packed
        for (m, k, n) in [(1, 300, 70), (17, 65, 33), (70, 520, 1), (5, 256, 18)] {
          for (a, b) in [(Shape([m, k]), Shape([k, n])), (Shape([k, m]), Shape([n, k]))] {
            let graph = Graph()
            let left = graph.input("left", a, type), right = graph.input("right", b, type)
            let isAcross = a == Shape([k, m])
            let product = (isAcross ? left.transposed() : left).matmul(isAcross ? right.transposed() : right)
            let program = try Program(product, gradientsFor: [left, right], options: options)
            let session = program.makeSession()
            try session.write(OperandKind.ordinary.reference(a, type, seed: 1), to: left)
            try session.write(OperandKind.ordinary.reference(b, type, seed: 2), to: right)
            try session.writeUpstream(OperandKind.ordinary.reference([m, n], type, seed: 3), of: product)
            try session.step()
            hash.add(try session.referenceValue(of: product).values)
            for node in [left, right] { hash.add(try session.referenceGradient(of: node).values) }
          }
        }
      }
    }
  }

  private static var trainings: [BitCase] {
    floats.map { type, _ in
      BitCase("training.\(type)", multipliesMatrices: true) { hash in try SmallTraining(type).addBits(to: &hash) }
    }
      + floats.map { type, _ in
        BitCase("attention.\(type)", multipliesMatrices: true) { hash in
          try AttentionTraining(type).addBits(to: &hash)
        }
      }
      + floats.map { type, _ in
        BitCase("layers.\(type)", multipliesMatrices: true) { hash in
          try LayersTraining(type, Adagrad()).addBits(to: &hash)
          try LayersTraining(type, Lion()).addBits(to: &hash)
          try LayersTraining(type, LAMB()).addBits(to: &hash)
        }
      }
      + [("dense", false), ("convolutional", true)].map { name, convolutional in
        BitCase("digits.\(name)", multipliesMatrices: true) { hash in
          try DigitsTraining(convolutional: convolutional).addBits(to: &hash)
        }
      }
  }
}

extension SampleGraph {
  fileprivate func addBits(to hash: inout BitHash) throws {
    // Some gates pass no gradient back to some of their operands.
    let variables =
      hasGradients
      ? differentiable.map { operands[$0] }.filter { (try? Program(output, gradientsFor: [$0])) != nil } : []
    let session = try Program(output, gradientsFor: variables).makeSession()
    // A gradient may need no operand.
    for node in operands {
      do { try session.write(values[node]!, to: node) } catch SessionError.notInProgram {}
    }
    if variables.isEmpty {
      try session.forward()
    } else {
      try session.writeUpstream(upstreamValue(), of: output)
      try session.step()
    }
    hash.add(try session.referenceValue(of: output).values)
    for variable in variables { hash.add(try session.referenceGradient(of: variable).values) }
  }
}
