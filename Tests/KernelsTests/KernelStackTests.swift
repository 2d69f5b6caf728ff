#if os(Linux) || os(macOS)
  import CKernels
  import Foundation
  import Kernels
  import Testing

  /// How much of a thread's stack kernels take: a thread of some C libraries has 128 KiB, most of it the caller's.
  @Suite(.timeLimit(.minutes(20))) struct KernelStackTests {
    /// The most that a kernel may take, and what the calls around it take besides.
    private static let most = 32 << 10, around = 16 << 10

    /// The bytes of a stack that a thread touches by running `body`.
    private func stackBytes(_ body: @escaping () -> Void) -> Int {
      let byteCount = 1 << 20, mark: UInt8 = 0xA5
      let stack = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 1 << 14)
      defer { stack.deallocate() }
      stack.initializeMemory(as: UInt8.self, repeating: mark, count: byteCount)
      withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { attributes in
        let attributes = attributes.baseAddress!
        precondition(pthread_attr_init(attributes) == 0)
        precondition(pthread_attr_setstack(attributes, stack, byteCount) == 0)
        withUnsafeTemporaryAllocation(of: pthread_t.self, capacity: 1) { thread in
          let passed = Unmanaged.passRetained(Job(body)).toOpaque()
          #if canImport(Darwin)
            let status = thread.withMemoryRebound(to: pthread_t?.self) {
              pthread_create($0.baseAddress!, attributes, { Job.run($0) }, passed)
            }
          #else
            let status = pthread_create(thread.baseAddress!, attributes, { Job.run($0!) }, passed)
          #endif
          precondition(status == 0, "no thread was made: \(status)")
          pthread_join(thread[0], nil)
        }
        pthread_attr_destroy(attributes)
      }
      let bytes = UnsafeRawBufferPointer(start: stack, count: byteCount)
      return byteCount - (bytes.firstIndex { $0 != mark } ?? byteCount)
    }

    private final class Job {
      private let body: () -> Void
      init(_ body: @escaping () -> Void) { self.body = body }

      static func run(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue().body()
        return nil
      }
    }

    private func check(_ name: String, _ body: @escaping () -> Void) {
      // What a thread takes by itself, and to look up what it calls for the first time.
      let empty = stackBytes {}
      let bytes = stackBytes(body) - empty
      #expect(bytes <= Self.most + Self.around, "\(name) takes \(bytes) bytes of stack")
    }

    private func zeros(_ count: Int) -> UnsafeMutableRawPointer {
      let memory = UnsafeMutablePointer<Double>.allocate(capacity: count)
      memory.initialize(repeating: 0, count: count)
      return UnsafeMutableRawPointer(memory)
    }

    /// A chain of the most operands and operations, half of whose values are kept at once.
    private func longestChain(_ shape: [Int]) -> ElementwiseChain {
      let most = ElementwiseChain.Demand.most
      var builder = ElementwiseChain.Builder(shape: shape)
      let operands = (0..<most.operands).map { _ in builder.operand(.broadcast([1], to: shape)) }
      let kept = (0..<most.operations / 2).map { builder.apply(.add, [operands[$0 % most.operands], operands[0]]) }
      let sum = kept.dropFirst().reduce(kept[0]) { builder.apply(.add, [$0, $1]) }
      return builder.finish(outputs: [sum])
    }

    @Test func `a chain of the most values takes little of a stack`() {
      let chain = longestChain([4, 1_000])
      let (input, output) = (zeros(1), zeros(chain.count))
      defer { for memory in [input, output] { memory.deallocate() } }
      check("chain") {
        try! runChain(
          chain, .float64, inputs: [UnsafeRawPointer](repeating: input, count: chain.operandCount), outputs: [output],
          range: 0..<chain.count)
      }
    }

    @Test func `a chain that ends in a reduction takes little of a stack`() {
      for columns in [1_000, 4_096, 20_000] {
        let chain = longestChain([2, columns])
        let reduction = ChainReduction(chain, .sum, columns: columns, source: 0, isStored: false)
        let (input, output) = (zeros(1), zeros(2 * columns))
        defer { for memory in [input, output] { memory.deallocate() } }
        check("reduction of \(columns)") {
          try! runChainReduction(
            reduction, .float64, inputs: [UnsafeRawPointer](repeating: input, count: chain.operandCount),
            outputs: [output], range: 0..<reduction.resultCount)
        }
      }
    }

    @Test(arguments: [ElementType.float32, .float64]) func `sums of many take little of a stack`(type: ElementType) {
      let (input, output) = (zeros(1 << 16), zeros(1 << 16))
      defer { for memory in [input, output] { memory.deallocate() } }
      check("product") {
        adj_product(type.rawValue, adj_vector_level(), 0, 1, 96, 64, 256, input, 256, input, 256, output, 64, 0)
      }
      check("sum over channels") {
        runChannelWindowSum(
          type, channels: 100, size: 300, radius: 99, input: input, output: output, range: 0..<100)
      }
      for operation in ReduceOperation.allCases {
        for axes in [[0], [1], [0, 2]] {
          let plan = ReductionPlan(input: [20, 30, 100], axes: axes)
          check("\(operation) over \(axes)") {
            runReduction(operation, type, plan: plan, input: input, output: output, range: 0..<plan.outputCount)
          }
        }
      }
      check("running sums") {
        let plan = AxisPlan(input: [30, 1_000], axis: 0)
        runCumulativeSum(
          type, plan: plan, fromTheEnd: false, input: input, output: output, lanes: 0..<plan.laneCount)
      }
    }

    @Test(arguments: [ConvolutionPart.result, .inputGradient, .kernelGradient], [ElementType.float32, .float64])
    func `convolutions take little of a stack`(part: ConvolutionPart, type: ElementType) {
      let (input, output) = (zeros(1 << 16), zeros(1 << 16))
      defer { for memory in [input, output] { memory.deallocate() } }
      for (channels, filters, groups, kernel) in [(20, 40, 1, 3), (20, 3, 1, 3), (20, 20, 20, 3), (20, 40, 1, 1)] {
        let axis = ConvolutionGeometry.Axis(
          image: 12, kernel: kernel, result: 13 - kernel, stride: 1, padding: 0, dilation: 1)
        let geometry = ConvolutionGeometry(
          batch: 1, channels: channels, filters: filters, groups: groups, rows: axis, columns: axis)
        for keepsToNarrowTiles in [true, false] {
          let plan = ConvolutionPlan(part, geometry, type, keepsToNarrowTiles: keepsToNarrowTiles)
          check("\(part)") {
            runConvolution(
              type, plan: plan, inputs: [UnsafeRawPointer(input), UnsafeRawPointer(input)], output: output,
              blocks: 0..<plan.blockCount)
          }
        }
      }
    }
  }
#endif
