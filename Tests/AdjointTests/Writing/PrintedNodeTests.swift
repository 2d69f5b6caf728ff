import Adjoint
import Testing

/// What `print` shows of a node, and the table of a graph's layers.
@Suite(.timeLimit(.minutes(20))) struct PrintedNodeTests {
  @Test func `a node says its name, gate, shape, type and line`() {
    let graph = Graph()
    let x = graph.input("x", [2, 3]); let line = #line
    let hidden = relu(x).named("hidden"), sum = hidden.sum(axes: [1]); let next = #line
    #expect("\(x)" == "x = input [2, 3] float32, made at AdjointTests/PrintedNodeTests.swift:\(line)")
    #expect("\(hidden)" == "hidden = relu [2, 3] float32, made at AdjointTests/PrintedNodeTests.swift:\(next)")
    #expect("\(sum)" == "sum#2 [2] float32, made at AdjointTests/PrintedNodeTests.swift:\(next)")
    #expect(String(reflecting: sum) == "\(sum)")
    let scoped = graph.scope("layer") { exp(x) }
    #expect("\(scoped)".hasPrefix("layer/exp#3 [2, 3] float32"))
    let wrong = x + graph.input("y", [4])
    #expect("\(wrong)".contains("add#5") && "\(wrong)".contains("PrintedNodeTests.swift:\(next + 7)"))
    #expect("\(wrong)".contains("refused: add at") && "\(wrong)".contains("do not broadcast"))
  }

  @Test func `an explanation walks to what a node reads, once each, as deep as it is told`() {
    let graph = Graph()
    let x = graph.input("x", [4]); let line = #line
    let y = square(x)
    let z = (y + y * 2).named("z")
    // Where an operator stands is known by another path than where a function is called.
    func explained(_ depth: Int) -> String {
      explain(z, depth: depth).replacing(/made at \S+swift:(\d+)/) { "+\(Int($0.output.1)! - line)" }
    }
    #expect(
      explained(4) == """
        z = add [4] float32, +2
        ├─ square#1 [4] float32, +1
        │  └─ x = input [4] float32, +0
        └─ multiply#3 [4] float32, +2
           ├─ square#1 [4] float32, +1 (above)
           └─ constant#2 [] float32, +2

        """)
    #expect(
      explained(2) == """
        z = add [4] float32, +2
        ├─ square#1 [4] float32, +1 …
        └─ multiply#3 [4] float32, +2 …

        """)
    let wrong = x + graph.input("w", [3])
    #expect(explain(exp(wrong)).contains("├─ x = input") && explain(wrong).contains("do not broadcast"))
  }

  private func dense(_ x: Node, _ name: String, to width: Int) -> Node {
    x.graph.scope(name) {
      let weights = x.graph.parameter("weights", [x.shape[1], width], .heNormal(seed: 1))
      let bias = x.graph.parameter("bias", [width])
      return relu(x.matmul(weights) + bias)
    }
  }

  @Test func `a summary has a line for each layer, with what it gives and its parameters`() throws {
    let graph = Graph()
    let images = graph.input("images", [128, 784]), labels = graph.input("labels", [128], .int32)
    let logits = dense(dense(images, "hidden", to: 64), "logits", to: 10)
    let loss = crossEntropy(logits: logits, labels: labels).named("loss")
    _ = try graph.gradients(of: [loss], withRespectTo: graph.parameters)
    #expect(
      graph.summary() == """
        layer   output              parameters
        images  [128, 784] float32
        labels  [128] int32
        hidden  [128, 64] float32       50,240
        logits  [128, 10] float32          650
        loss    [] float32
        total                           50,890

        """)
  }

  @Test func `inner scopes are lines of their own where they are asked for`() {
    let graph = Graph()
    let x = graph.input("x", [4, 8])
    let y = graph.scope("model") { dense(dense(x, "a", to: 16), "b", to: 2) }
    _ = y * graph.parameter("scale", [2])
    let whole = graph.summary(), parts = graph.summary(depth: 2)
    #expect(whole.contains("model  [4, 2] float32         178\n") && whole.contains("scale  [2] float32"))
    #expect(parts.contains("model/a  [4, 16] float32         144\n"))
    #expect(parts.contains("model/b  [4, 2] float32           34\n"))
    #expect(whole.hasSuffix("180\n") && parts.hasSuffix("180\n"))
    #expect(Graph().summary() == "layer  output  parameters\ntotal                   0\n")
  }
}
