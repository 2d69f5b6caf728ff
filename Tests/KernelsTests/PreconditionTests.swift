#if DEBUG && (os(Linux) || os(macOS))
  import Kernels
  import Testing

  /// A caller's mistake stops with a sentence that says what was expected and what came.
  @Suite(.timeLimit(.minutes(20))) struct PreconditionTests {
    private func sentence(in result: ExitTest.Result?) throws -> String {
      String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    }

    @Test func `a shape that does not broadcast`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = BroadcastPlan(output: [2, 3], operands: [[2]])
      }
      #expect(try sentence(in: result).contains("The shape [2] does not broadcast to [2, 3]"))
    }

    @Test func `a range outside of the output`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        var value: Float = 0
        let plan = BroadcastPlan(output: [1], operands: [[1]])
        withUnsafeMutableBytes(of: &value) {
          runBroadcast(elementSize: 4, plan: plan, input: $0.baseAddress!, output: $0.baseAddress!, range: 0..<2)
        }
      }
      #expect(try sentence(in: result).contains("The range 0..<2 is outside of 0..<1"))
    }

    @Test func `an operation that integers do not have`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        var value: Int32 = 0
        let plan = BroadcastPlan(output: [1], operands: [[1]])
        withUnsafeMutableBytes(of: &value) { bytes in
          withUnsafePointer(to: UnsafeRawPointer(bytes.baseAddress!)) {
            runElementwise(
              .exponential, .int32, plan: plan, inputs: $0, output: bytes.baseAddress!, range: 0..<1)
          }
        }
      }
      #expect(
        try sentence(in: result).contains(
          "Elements of int32 are copied and selected, but exponential needs float32 or float64"))
    }

    @Test func `blocks that a product does not have`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let plan = MatmulPlan(m: 100, n: 100, k: 100)
        let values = [Float](repeating: 0, count: 10_000)
        var output = values
        output.withUnsafeMutableBytes {
          runMatmul(.float32, plan: plan, a: values, b: values, output: $0.baseAddress!, blocks: 0..<3)
        }
      }
      #expect(try sentence(in: result).contains("The range 0..<3 is outside of 0..<2"))
    }
  }
#endif
