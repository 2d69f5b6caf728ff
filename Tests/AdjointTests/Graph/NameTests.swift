import Adjoint
import AdjointPictures
import Testing

/// Names are bytes: two that Unicode calls equivalent are two names.
@Suite(.timeLimit(.minutes(20))) struct NameTests {
  /// "é" of one scalar and of two, and the same with a scope's slash, which the accent must not hide.
  private static let composed = "caf\u{E9}", decomposed = "cafe\u{301}"

  @Test func `equivalent names are two parameters of one graph`() throws {
    #expect(Self.composed == Self.decomposed)  // to Swift
    let graph = Graph()
    let a = graph.parameter(Self.composed, [], .constant(2)), b = graph.parameter(Self.decomposed, [], .constant(3))
    #expect(graph.node(named: Self.composed) == a && graph.node(named: Self.decomposed) == b)
    let session = try Program(a * b).makeSession()
    try session.forward()
    #expect(session.parameters.names.count == 2)
    #expect(try session.read(a) == 2 && session.read(b) == 3)
  }

  @Test func `equivalent names of two graphs do not share memory`() throws {
    let (first, second) = (Graph(), Graph())
    let a = first.parameter(Self.composed, [2], .ones), b = second.parameter(Self.decomposed, [2], .zeros)
    let session = try Program(a * 1).makeSession()
    try session.write([5, 6] as [Float], to: a)
    let other = try Program(b * 1).makeSession(parameters: session.parameters)
    #expect(try other.read(b, as: Float.self) == [0, 0])
    try other.write([7, 8] as [Float], to: b)
    #expect(try session.read(a, as: Float.self) == [5, 6])
    let names = session.parameters.names
    #expect(names.map { Array($0.utf8) } == [Array(Self.decomposed.utf8), Array(Self.composed.utf8)])
    var seen: [[Float]] = []
    try session.parameters.withBytes(of: names) { _, bytes in
      seen.append(bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
    }
    #expect(seen == [[7, 8], [5, 6]])
    // A name that nobody has, though Unicode calls it equivalent to one that is held.
    #expect(session.parameters.signature(of: "cafe\u{341}") == nil)
  }

  @Test func `equivalent names can be replaced each by its own values`() throws {
    let graph = Graph()
    let a = graph.parameter(Self.composed, []), b = graph.parameter(Self.decomposed, [])
    let session = try Program(a + b).makeSession()
    try session.forward()
    let store = session.parameters
    var filled = 0
    try store.replaceValues(of: store.names) { name, bytes in
      let value: Float = name.utf8.elementsEqual(Self.composed.utf8) ? 1 : 2
      bytes.withUnsafeMutableBytes { $0.storeBytes(of: value, as: Float.self) }
      filled += 1
    }
    #expect(try filled == 2 && session.read(a) == 1 && session.read(b) == 2)
  }

  @Test func `equivalent scopes are two scopes`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let first = graph.scope(Self.composed) { exp(x).named("y") }
    let second = graph.scope(Self.decomposed) { sin(x).named("y") }
    #expect(graph.node(named: Self.composed + "/y") == first && graph.node(named: Self.decomposed + "/y") == second)
    var options = Program.Options()
    options.checkpointedScopes = [Self.decomposed]
    _ = try Program(first * second, gradientsFor: [x], options: options)
    options.checkpointedScopes = ["cafe\u{341}"]
    #expect(throws: GraphError.self) { try Program(first * second, gradientsFor: [x], options: options) }
    let picture = graph.svg(of: [first * second])
    #expect(picture.unicodeScalars.contains("\u{E9}") && picture.unicodeScalars.contains("\u{301}"))
  }

  @Test func `a name that begins with a mark is a name of its scope`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let y = graph.scope("block") { graph.scope("\u{301}part") { exp(x).named("y") } }
    #expect(y.name.unicodeScalars.elementsEqual("block/\u{301}part/y".unicodeScalars))
    var options = Program.Options()
    options.checkpointedScopes = ["block"]
    _ = try Program(sin(y), gradientsFor: [x], options: options)
    #expect(graph.svg(of: [y], options: PictureOptions(closed: ["block"])).contains("block"))
  }

  @Test func `one name twice is an error, byte for byte`() {
    let graph = Graph()
    let a = graph.input(Self.decomposed), b = graph.input(Self.decomposed)
    let error = #expect(throws: GraphError.self) { try Program(a + b) }
    #expect(error?.kind == .duplicateName)
  }

  // MARK: the name that files use

  @Test func `a parameter named as files name their metadata is an error with the line that made it`() throws {
    func expectRefusal(_ parameter: Node, _ line: UInt) {
      let error = #expect(throws: GraphError.self) { try Program(parameter * 2) }
      #expect(error?.kind == .reservedName)
      #expect(error?.description.contains("a parameter cannot be named __metadata__") == true)
      #expect(error?.location.description.hasSuffix("NameTests.swift:\(line)") == true)
      #expect(throws: GraphError.self) { try ParameterStore().makeParameters(of: parameter.graph) }
    }
    expectRefusal(Graph().parameter("__metadata__", [2]), #line)
    expectRefusal(Graph().parameter("w").named("__metadata__"), #line)
  }

  @Test func `within a scope, or for what is no parameter, that name is like any other`() throws {
    let graph = Graph()
    let w = graph.scope("block") { graph.parameter("__metadata__", [], .ones) }
    let x = graph.input("__metadata__")
    let session = try Program(w * x).makeSession()
    try session.write(3, to: x)
    try session.forward()
    #expect(session.parameters.names == ["block/__metadata__"])
  }
}
