import Adjoint
import AdjointTesting
import Testing

@Suite(.timeLimit(.minutes(20))) struct NonFiniteTests {
  @Test func `the first forward producer of a NaN is named with its line`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let logarithm = log(x).named("logarithm")
    let line = #line - 1
    let program = try Program((logarithm * 2).sum(), gradientsFor: [x])
    let session = program.makeSession()
    try session.write([1, -1, 2] as [Float], to: x)
    let found = try #require(try session.firstNonFinite())
    #expect(found.nodeName == "logarithm" && found.gate == "log" && found.element == 1)
    #expect(found.location.description == "AdjointTests/NonFiniteTests.swift:\(line)")
    #expect(found.backwardOf == nil)
    try session.write([1, 1, 2] as [Float], to: x)
    #expect(try session.firstNonFinite() == nil)
  }

  @Test func `a NaN that only the backward pass makes is named with its forward node`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let squared = square(x).named("squared")
    let session = try Program(sqrt(squared), gradientsFor: [x]).makeSession()
    try session.write(0, to: x)  // the slope of the root is infinite there, that of the square 0
    let found = try #require(try session.firstNonFinite())
    #expect(found.backwardOf == "squared")
    #expect(try session.firstNonFinite(includingInfinity: true) != nil)
    try session.write(4, to: x)
    try session.step()
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `a scalar under another shape is not named for what it shows`(type: ElementType) throws {
    let graph = Graph()
    let x = graph.input("x", [], type), row = graph.input("row", [17], type)
    let root = sqrt(x).named("root")
    let view = root.reshaped([1]).named("view").reshaped([1, 1])
    let session = try Program([(view * row).sum(), root * 2], gradientsFor: [x]).makeSession()
    try session.write(-4, to: x)
    try session.write(ReferenceTensor([17], type, [Double](repeating: 1, count: 17)), to: row)
    #expect(try session.firstNonFinite()?.nodeName == "root")
  }

  @Test func `a NaN that was fed is the input's`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let session = try Program(x * 2, gradientsFor: [x]).makeSession()
    try session.write(.nan, to: x)
    #expect(try session.firstNonFinite()?.nodeName == "x")
  }
}
