import Adjoint
import Testing

/// Numbers go into nodes of any type, and come out as doubles: what a node cannot hold is an error, never a trap.
@Suite(.timeLimit(.minutes(20))) struct NumberTests {
  private struct Model {
    let x: Node, y: Node, session: Session

    /// y = x, of any type.
    init(_ shape: Shape, _ type: ElementType) throws {
      let graph = Graph()
      x = graph.input("x", shape, type)
      y = x.reshaped([1, shape.elementCount]).reshaped(shape)
      session = try Program(y).makeSession()
    }
  }

  private func refusal(_ body: () throws -> Void) -> String {
    (#expect(throws: SessionError.self) { try body() }).map { "\($0)" } ?? ""
  }

  @Test(arguments: ElementType.allCases) func `numbers and integers are converted to the type of a node`(
    type: ElementType
  ) throws {
    let model = try Model([3], type)
    try model.session.write([1.0, 0, 1], to: model.x)
    try model.session.forward()
    #expect(try model.session.doubles(of: model.y) == [1, 0, 1])
    try model.session.write([0, 1, 1], to: model.x)
    try model.session.forward()
    #expect(try model.session.doubles(of: model.y) == [0, 1, 1])
  }

  @Test(arguments: ElementType.allCases) func `a single number goes in and comes out, whatever the shape`(
    type: ElementType
  ) throws {
    for shape in [[], [1], [1, 1]] as [Shape] {
      let model = try Model(shape, type)
      try model.session.write(1, to: model.x)
      #expect(try model.session.read(model.x) == 1)
      try model.session.forward()
      #expect(try model.session.read(model.y) == 1)
    }
  }

  @Test func `numbers are rounded once, however large`() throws {
    let single = try Model([2], .float32)
    try single.session.write([0.1, 1e300], to: single.x)
    #expect(try single.session.read(single.x, as: Float.self) == [0.1, .infinity])
    // Halfway between two floats but for the last digit, which a double has not: rounded twice it would be even.
    let integer = 1 << 60 + 1 << 36 + 1
    try single.session.write([integer, -integer], to: single.x)
    #expect(try single.session.read(single.x, as: Float.self) == [Float(integer), -Float(integer)])
    #expect(Float(integer) != Float(Double(integer)))
    let wide = try Model([2], .int64)
    try wide.session.write([.max, .min], to: wide.x)
    #expect(try wide.session.read(wide.x, as: Int64.self) == [.max, .min])
  }

  @Test func `a number that an integer type cannot hold is an error that says so, and nothing is written`() throws {
    let model = try Model([2], .int32)
    #expect(refusal { try model.session.write([1.0, 0.5], to: model.x) }.hasSuffix("takes int32, got 0.5"))
    #expect(refusal { try model.session.write([.nan, 1], to: model.x) }.hasSuffix("takes int32, got nan"))
    #expect(refusal { try model.session.write([1, 1 << 31], to: model.x) }.hasSuffix("takes int32, got 2147483648"))
    #expect(refusal { try model.session.write([1.0], to: model.x) }.hasSuffix("takes 2 values, got 1"))
    #expect(refusal { try model.session.write([1], to: model.x) }.hasSuffix("takes 2 values, got 1"))
    #expect(refusal { try model.session.forward() }.hasPrefix("no value was written to the input x"))
    try model.session.write([-1 << 31, 1 << 31 - 1], to: model.x)
    #expect(try model.session.read(model.x, as: Int32.self) == [.min, .max])
    let flag = try Model([], .bool)
    #expect(refusal { try flag.session.write(2, to: flag.x) }.hasSuffix("takes bool, got 2.0"))
    #expect(refusal { try flag.session.write([2], to: flag.x) }.hasSuffix("takes bool, got 2"))
  }

  @Test func `an array is not read or written as a number, nor what is not computed`() throws {
    let model = try Model([2], .float32)
    let x = "x [2] float32, made at AdjointTests/NumberTests.swift"
    let written = refusal { try model.session.write(1, to: model.x) }
    #expect(written.hasPrefix(x) && written.hasSuffix("is not a single number: write an array to it"))
    try model.session.write([1, 2], to: model.x)
    let read = refusal { _ = try model.session.read(model.x) }
    #expect(read.hasPrefix(x) && read.hasSuffix("is not a single number: read it as an array"))

    let graph = Graph()
    let a = graph.input("a"), b = graph.input("b"), c = (a * b).named("c")
    let session = try Program(c, gradientsFor: [a]).makeSession()
    #expect(refusal { _ = try session.read(c) } == "c is not computed yet: run forward or step")
    try session.write(-2, to: a)
    try session.write(5, to: b)
    #expect(refusal { try session.write(1, to: c) }.hasSuffix("is computed: only inputs and parameters are written"))
    try session.step()
    #expect(try session.read(c) == -10 && session.gradient(of: a) == 5)
    #expect(refusal { _ = try session.gradient(of: b) }.hasPrefix("the program computes no gradient of b"))
  }
}
