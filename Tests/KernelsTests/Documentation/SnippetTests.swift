import DocumentedCode
import Kernels
import Testing

/// The code in the comments of Kernels, compiled and run.
@Suite(.timeLimit(.minutes(20))) struct SnippetTests {
  @Test(arguments: DocumentedCode.sources(of: "Kernels"))
  func `every paragraph of Swift in a comment is compiled beside this file`(file: String) throws {
    let blocks = try DocumentedCode.commentBlocks(of: file)
    #expect(try CompiledCode(beside: #filePath).missingCode(of: blocks) == [])
    #expect(blocks.flatMap(\.gaps) == [])
  }

  @Test func `a chain writes its one output`() {
    // tanh(x · w + b) for x·w [32, 128] and b [128]; only the tanh is written.
    var builder = ElementwiseChain.Builder(shape: [32, 128])
    let product = builder.operand(.whole([32, 128])), bias = builder.operand(.broadcast([128], to: [32, 128]))
    let sum = builder.apply(.add, [product, bias])
    let result = builder.apply(.tanh, [sum])
    let chain = builder.finish(outputs: [result])
    #expect(chain.operandCount == 2 && chain.operationCount == 2 && chain.outputCount == 1)
  }

  @Test func `a product is done in all its blocks`() {
    let (ones, twos) = ([Float](repeating: 1, count: 128 * 784), [Float](repeating: 2, count: 784 * 512))
    var products = [Float](repeating: 0, count: 128 * 512)
    multiply(ones, twos, &products)
    #expect(products.allSatisfy { $0 == 1_568 })
  }

  private func multiply(_ images: UnsafeRawPointer, _ weights: UnsafeRawPointer, _ hidden: UnsafeMutableRawPointer) {
    let plan = MatmulPlan(m: 128, n: 512, k: 784)
    runMatmul(.float32, plan: plan, a: images, b: weights, output: hidden, blocks: 0..<plan.blockCount)
  }

  @Test func `plans of broadcasting and of reduction`() {
    #expect(broadcast() == BroadcastPlan(output: [128, 10], operands: [[128, 10], [1, 10]]))
    #expect(columnSum() == ReductionPlan(input: [128, 10], axes: [0]))
  }

  private func broadcast() -> BroadcastPlan {
    let plan = BroadcastPlan(output: [128, 10], operands: [[128, 10], [10]])  // a matrix and a row
    return plan
  }

  private func columnSum() -> ReductionPlan {
    let plan = ReductionPlan(input: [128, 10], axes: [0])  // a column sum: 10 outputs
    return plan
  }
}
