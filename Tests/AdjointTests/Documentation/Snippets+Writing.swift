import Adjoint
import Testing

extension SnippetTests {
  @Test func `comparisons are nodes of truth values`() throws {
    let graph = Graph()
    let x = graph.input("x", [4]), logits = graph.input("logits", [2, 3]), labels = graph.input("labels", [2], .int32)
    let isSmall = (x .> -1) .& (x .<= 1)  // and(x .> -1, x .<= 1)
    let y = select(isSmall, square(x), 2 * abs(x) - 1)
    let accuracy = (logits.argmax() .== labels).cast(to: .float32).mean()
    let session = try Program([y, accuracy]).makeSession()
    try session.write([-3, -0.5, 1, 2] as [Float], to: x)
    try session.write([0, 1, 0, 5, 1, 0] as [Float], to: logits)
    try session.write([1, 2], to: labels)
    try session.forward()
    #expect(try session.read(y, as: Float.self) == [5, 0.25, 1, 3])
    #expect(try session.read(accuracy) == 0.5)
  }

  @Test func `sums of products have the axes of their formulas`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3, 4]), y = graph.input("y", [2, 4, 5])
    let q = graph.input("q", [2, 8, 6, 4]), k = graph.input("k", [2, 8, 7, 4])
    let a = graph.input("a", [3]), b = graph.input("b", [2]), m = graph.input("m", [3, 3])
    let products = einsum("bij,bjk->bik", x, y)  // a product of matrices for each b
    let scores = einsum("bhqd,bhkd->bhqk", q, k)  // what heads attend to
    let outer = einsum("i,j->ij", a, b)
    let trace = einsum("ii->", m)
    #expect([products, scores, outer, trace].map(\.shape) == [[2, 3, 5], [2, 8, 6, 7], [3, 2], []])
    let session = try Program([outer, trace]).makeSession()
    try session.write([1, 2, 3] as [Float], to: a)
    try session.write([1, 10] as [Float], to: b)
    try session.write([1, 2, 3, 4, 5, 6, 7, 8, 9] as [Float], to: m)
    try session.forward()
    #expect(try session.read(outer, as: Float.self) == [1, 10, 2, 20, 3, 30])
    #expect(try session.read(trace) == 15)
  }

  @Test func `elements are gathered and scattered along an axis`() throws {
    let graph = Graph()
    let (n, classes) = (3, 4)
    let scores = graph.input("scores", [n, classes]), labels = graph.input("labels", [n], .int32)
    let ones = graph.constant(1, [n, 1])

    let best = scores.gathering(scores.argmax(axis: 1).expanded(axis: 1), axis: 1)  // [n, 1]

    let counts = graph.constant(0, [n, classes]).scatterAdding(ones, at: labels.expanded(axis: 1))
    #expect(best.shape == [3, 1] && counts.shape == [3, 4])

    let masked = masking(scores, n)
    let session = try Program([best, counts, masked]).makeSession()
    try session.write([1, 2, 3, 4, 8, 7, 6, 5, 0, 9, 0, 0] as [Float], to: scores)
    try session.write([3, 0, 1], to: labels)
    try session.forward()
    #expect(try session.read(best, as: Float.self) == [4, 8, 9])
    #expect(try session.read(counts, as: Float.self) == [0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0])
    #expect(try session.read(masked, as: Float.self) == [1, 2, 3, -1e9, -1e9, 7, 6, 5, 0, -1e9, 0, 0])
  }

  @Test func `a graph's nodes hear of their neighbours`() throws {
    let graph = Graph()
    let states = graph.input("states", [3, 2]), weights = graph.input("weights", [4, 1])
    let sources = graph.constant([0, 1, 2, 2] as [Int32], [4]), targets = graph.constant([1, 0, 1, 0] as [Int32], [4])
    let messages = states.gatheringRows(sources) * weights  // [edges, width]
    let heard = graph.constant(0, states.shape).scatterAddingRows(messages, at: targets)
    let session = try Program(heard).makeSession()
    try session.write([1, 2, 3, 4, 5, 6], to: states)
    try session.write([1, 10, 100, 1_000], to: weights)
    try session.forward()
    #expect(messages.shape == [4, 2])
    #expect(try session.read(heard, as: Float.self) == [5_030, 6_040, 501, 602, 0, 0])
  }

  private func masking(_ scores: Node, _ n: Int) -> Node {
    let best = scores.argmax(axis: 1).expanded(axis: 1)
    let masked = scores.scattering(scores.graph.constant(-1e9, [n, 1]), at: best)
    return masked
  }

  @Test func `a loss is added to`() throws {
    let graph = Graph()
    let images = graph.input("images", [2, 3]), labels = graph.input("labels", [2], .int32)
    let logits = images.matmul(graph.parameter("weights", [3, 4], .ones))
    var loss = crossEntropy(logits: logits, labels: labels)
    for weights in graph.parameters { loss += 1e-4 * square(weights).sum() }
    let session = try Program(loss).makeSession()
    try session.write([1, 2, 3, 4, 5, 6] as [Float], to: images)
    try session.write([0, 3], to: labels)
    try session.forward()
    #expect(abs(try session.read(loss) - 1.3862944 - 12e-4) < 1e-6)  // log 4, and 12 squares
  }

  @Test func `numbers stand beside nodes`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let count = 12, rate: Float = 0.5
    let y = maximum(x * rate / count, 0)
    let session = try Program(y).makeSession()
    try session.write([24, -24] as [Float], to: x)
    try session.forward()
    #expect(try session.read(y, as: Float.self) == [1, 0])
  }

  @Test func `places are selected axis by axis`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 3])
    let first = x[0]  // the first row, without the axis of rows
    let left = x[1..<3, 0]  // of the second and third row the first element
    let last = x[-1]  // the last row
    let columns = x[..., 1..<3]  // two columns, however many axes come before
    let right = x[0..., (-2)...]  // the last two columns
    #expect([first, left, last, columns, right].map(\.shape) == [[3], [2], [3], [4, 2], [4, 2]])
    let session = try Program([first, left, last, columns, right]).makeSession()
    try session.write((0..<12).map(Float.init), to: x)
    try session.forward()
    #expect(try session.read(first, as: Float.self) == [0, 1, 2])
    #expect(try session.read(left, as: Float.self) == [3, 6])
    #expect(try session.read(last, as: Float.self) == [9, 10, 11])
    for selected in [columns, right] {
      #expect(try session.read(selected, as: Float.self) == [1, 2, 4, 5, 7, 8, 10, 11])
    }
  }
}
